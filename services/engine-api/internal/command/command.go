// Package command is engine-api's command line. It promises distinct exit
// codes: 0 done, 1 failed, 78 wrong configuration or usage, so that systemd and
// scripts can tell a mistake, which a restart cannot mend, from a failure.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/engine-api/internal/app"
	"aura.radio/engine/services/engine-api/internal/config"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitConfig = 78 // EX_CONFIG of sysexits(3): a crash never has it
)

// configError marks what only its operator can mend.
type configError struct{ error }

func (e configError) Unwrap() error { return e.error }

// Run executes the command line args and returns the exit code.
func Run(ctx context.Context, args []string, environ map[string]string, version string, stdout, stderr io.Writer) int {
	c := commands{environ: environ, version: version, stderr: stderr}
	root := c.root() //nolint:contextcheck // the database's goroutine ends with Close
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return exitOK
	case errors.As(err, &configError{}):
		fmt.Fprintf(stderr, "engine-api: %v\n", err)
		return exitConfig
	default:
		fmt.Fprintf(stderr, "engine-api: %v\n", err)
		return exitFailed
	}
}

type commands struct {
	environ map[string]string
	version string
	stderr  io.Writer
}

func (c commands) load() (config.Config, zerolog.Logger, error) {
	cfg, err := config.Load(c.environ)
	if err != nil {
		return config.Config{}, zerolog.Nop(), configError{fmt.Errorf("configuration:\n%w", err)}
	}
	return cfg, logging.New(cfg.Log, c.stderr), nil
}

func (c commands) root() *cobra.Command {
	var checkOnly bool
	root := &cobra.Command{
		Use:           "engine-api",
		Short:         "Stores what a playout engine plays, and serves it",
		Long:          "engine-api stores what a playout engine plays, and serves it.\nIt is configured by environment variables, AURA_…; the README lists them.",
		Args:          usageArgs(cobra.NoArgs),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if checkOnly {
				return c.checkConfig(cmd)
			}
			return c.serve(cmd)
		},
	}
	root.Flags().BoolVar(&checkOnly, "check-config", false, "validate the configuration and exit")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return configError{err} })
	root.AddCommand(
		&cobra.Command{
			Use: "serve", Short: "Run the service (the default)", Args: usageArgs(cobra.NoArgs),
			RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd) },
		},
		&cobra.Command{
			Use: "check-config", Short: "Validate the configuration, naming every mistake", Args: usageArgs(cobra.NoArgs),
			RunE: func(cmd *cobra.Command, _ []string) error { return c.checkConfig(cmd) },
		},
		&cobra.Command{
			Use: "version", Short: "Print the version", Args: usageArgs(cobra.NoArgs),
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "engine-api %s\n", c.version)
				return err
			},
		},
		c.migrate(),
	)
	return root
}

// usageArgs makes a wrong argument a configuration mistake.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return configError{err}
		}
		return nil
	}
}

func (c commands) checkConfig(cmd *cobra.Command) error {
	if _, _, err := c.load(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), "configuration is valid")
	return err
}

func (c commands) serve(cmd *cobra.Command) error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	a, err := app.New(cfg, c.version, log)
	if err != nil {
		return err
	}
	err = a.Run(cmd.Context())
	if errors.Is(err, repo.ErrSchemaNewer) || errors.Is(err, repo.ErrSchemaOlder) {
		return configError{err}
	}
	return err
}
