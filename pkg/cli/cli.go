package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

// mistake is an error that only an operator can fix.
type mistake struct{ error }

func (m mistake) Unwrap() error { return m.error }

// Mistake marks an error as one of configuration: the program exits with
// ExitConfig.
func Mistake(err error) error { return mistake{err} }

// New makes a command. Arguments that check refuses are an error of usage.
func New(use, short string, check cobra.PositionalArgs, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, RunE: run,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return Usage(unknownCommand(cmd, args, err))
			}
			return nil
		},
	}
}

// Group makes a command that does nothing without one of its subcommands.
func Group(use, short string, commands ...*cobra.Command) *cobra.Command {
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	group := New(use, short, cobra.NoArgs, func(*cobra.Command, []string) error {
		return incomplete(use, names)
	})
	group.AddCommand(commands...)
	return group
}

// Env holds what the commands of a program share.
type Env[C Config] struct {
	program Program[C]
	environ map[string]string
	stderr  io.Writer
}

// Load reads the configuration and makes the logger, which writes to the
// standard error. A configuration error is a Mistake.
func (env Env[C]) Load() (C, zerolog.Logger, error) {
	cfg, err := env.program.Load(env.environ)
	if err != nil {
		return cfg, zerolog.Nop(), Mistake(fmt.Errorf("configuration:\n%w", err))
	}
	return cfg, logging.New(cfg.Base().Log, env.stderr), nil
}

// Instance is the one whose unit, whose container, or whose command of the package runs
// the program.
func (env Env[C]) Instance() instance.Instance {
	return instance.Of(env.program.Name, env.environ)
}

// Stop is the command line that stops the instance.
func (env Env[C]) Stop() string {
	if env.inContainer() {
		return "docker compose … stop " + env.program.Name
	}
	return "systemctl stop " + env.Instance().Unit()
}

// inContainer reports whether the program runs in a container of Docker or Podman, as
// its image says. A container that is a whole host, such as one of LXC, has systemd and
// is none.
func (env Env[C]) inContainer() bool {
	return slices.Contains([]string{"oci", "docker", "podman"}, env.environ["container"])
}

// Database is what WithDatabase needs of a database of package repo.
type Database interface {
	io.Closer
	Belongs(ctx context.Context, o model.Owner) error
	Ready(ctx context.Context) error
}

// WithDatabase loads the configuration, opens the database with open, calls do
// with it if it is the service's and ready, and closes it. open is a function of
// package repo that does not create a missing database.
func WithDatabase[C Config, DB Database](ctx context.Context, env Env[C], open func(cfg C, log zerolog.Logger) (DB, error), do func(ctx context.Context, cfg C, db DB, log zerolog.Logger) error) error {
	cfg, log, err := env.Load()
	if err != nil {
		return err
	}
	db, err := open(cfg, log)
	if err != nil {
		return err
	}
	if err = db.Belongs(ctx, cfg.Owner()); err == nil {
		err = db.Ready(ctx)
	}
	if err == nil {
		err = do(ctx, cfg, db, log)
	}
	return errors.Join(err, db.Close())
}
