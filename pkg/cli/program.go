package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/checkup"
	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/setup"
)

// Exit codes.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
	ExitConfig = 78 // EX_CONFIG of sysexits(3): a crash never exits with this code
)

// gcPercent lets the small heap of a service grow further between two
// collections. Answers from memory make little garbage, and each collection
// would take a core away from them.
const gcPercent = 400

// startPercent is for the start of a service. Reading the contract and the pages makes
// several times more garbage than what stays. With few collections, what stays would lie
// scattered over all of that memory, and would keep more pages for ever.
const startPercent = 100

// letGrow sets how far the heap may grow, unless the operator did.
func letGrow(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// Config is a service's configuration: it embeds lifecycle.Config.
type Config interface {
	Base() lifecycle.Config
	// Owner is whose the database is.
	Owner() model.Owner
}

// Program is a service as its command line sees it; C is its configuration.
type Program[C Config] struct {
	Name    string // of the binary
	Version string
	Short   string // what it does, in one line: a verb first

	// Default is the configuration if no variable of ours is set.
	Default func(environ map[string]string) C
	// Load reads and validates the configuration, naming every mistake.
	Load func(environ map[string]string) (C, error)
	// Notes say what follows from a valid configuration, for check-config; nil if
	// there is nothing to say.
	Notes func(cfg C) []string
	// Wire makes the service; the function Wire makes it fit.
	Wire func(cfg C, version string, log zerolog.Logger) (App[C], error)
	// Setup is how the service is set up on a host; nil if it can't be.
	Setup *setup.Plan
	// Checkup asks what works on this host, beyond the configuration; nil if there
	// is nothing to ask. own is the running service, and is what it should be.
	Checkup func(ctx context.Context, r *checkup.Report, cfg C, own *peer.Client, is checkup.Program)
	// Commands are the service's own; nil if there are none.
	Commands func(Env[C]) []*cobra.Command
}

// App is a service that can be run, once.
type App[C Config] interface {
	Run(ctx context.Context) error
	// Reload takes the secrets of a configuration, and reads certificates again,
	// before, while or after the service runs. It says what changed, without
	// any secret. What is wrong is refused, and what was there before stays.
	Reload(cfg C) (changed []string, err error)
}

// Wire returns a function that makes a service with wire.
func Wire[C Config, A App[C]](wire func(cfg C, version string, log zerolog.Logger) (A, error)) func(C, string, zerolog.Logger) (App[C], error) {
	return func(cfg C, version string, log zerolog.Logger) (App[C], error) {
		app, err := wire(cfg, version, log)
		if err != nil {
			return nil, err
		}
		return app, nil
	}
}

// Main runs the program with the arguments and the environment of the process,
// until it is done or a signal stops it, and exits.
func (p Program[C]) Main() {
	letGrow(gcPercent)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := p.Run(ctx, os.Args[1:], config.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run executes the command line args and returns the exit code.
func (p Program[C]) Run(ctx context.Context, args []string, environ map[string]string, stdout, stderr io.Writer) int {
	env := Env[C]{program: p, environ: environ, stderr: stderr}
	root := p.root(env) //nolint:contextcheck // the database's goroutine ends with Close
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitOK
	}
	own, hasOwn := errors.AsType[exit](err)
	_, isLogged := errors.AsType[logged](err)
	if !isLogged && (!hasOwn || own.error != nil) {
		p.complain(stderr, err)
		if advice := env.missed(cmd, err); advice != "" {
			fmt.Fprintln(stderr, advice)
		}
	}
	if hasOwn {
		return own.code
	}
	if _, ok := errors.AsType[usage](err); ok {
		fmt.Fprintln(stderr, hint(cmd))
		return usageCode(cmd)
	}
	if _, ok := errors.AsType[mistake](err); ok ||
		slices.ContainsFunc([]error{repo.ErrSchemaNewer, repo.ErrSchemaOlder, repo.ErrForeign}, func(wrong error) bool { return errors.Is(err, wrong) }) {
		return ExitConfig
	}
	return ExitFailed
}

// complain says why the program ends.
func (p Program[C]) complain(to io.Writer, err error) { fmt.Fprintf(to, "%s: %v\n", p.Name, err) }

// notes say what follows from a configuration.
func (p Program[C]) notes(cfg C) []string {
	if p.Notes == nil {
		return nil
	}
	return p.Notes(cfg)
}

func (p Program[C]) root(env Env[C]) *cobra.Command {
	var checkOnly bool
	serve := func(cmd *cobra.Command, _ []string) error { return p.serve(cmd.Context(), env) }
	check := func(cmd *cobra.Command, _ []string) error {
		cfg, _, err := env.Load()
		if err != nil {
			return err
		}
		lines := append([]string{"configuration is valid"}, p.notes(cfg)...)
		if runs := env.asService("", "check-config"); runs != "" && !env.isConfigured() {
			lines = append(lines, "no AURA_ variable is set here; what the service has is validated by: "+runs)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), strings.Join(lines, "\n"))
		return err
	}
	root := New(p.Name, p.Short, cobra.NoArgs, func(cmd *cobra.Command, args []string) error {
		if checkOnly {
			return check(cmd, args)
		}
		return serve(cmd, args)
	})
	root.Long = p.Name + " " + strings.ToLower(p.Short[:1]) + p.Short[1:] + ".\nEnvironment variables configure it (AURA_…); config lists them."
	root.SilenceUsage, root.SilenceErrors = true, true
	root.Flags().BoolVar(&checkOnly, "check-config", false, "validate the configuration and exit")
	root.SetFlagErrorFunc(env.wrongFlag)
	root.Version = p.Version // cobra then has --version and -v
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.AddCommand(
		New("serve", "Run the service (the default)", cobra.NoArgs, serve),
		New("check-config", "Validate the configuration and name every mistake", cobra.NoArgs, check),
		New("config", "List every variable with its default and its meaning", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
			cfg := p.Default(env.environ)
			return printVariables(cmd.OutOrStdout(), config.Variables(&cfg))
		}),
		New("version", "Print the version", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", p.Name, p.Version)
			return err
		}),
		healthcheck(env),
		migrate(env),
		p.manual(env),
	)
	if p.Setup != nil {
		root.AddCommand(setupCommand(env, *p.Setup))
	}
	if p.Checkup != nil {
		root.AddCommand(checkCommand(env))
	}
	if p.Commands != nil {
		root.AddCommand(p.Commands(env)...)
	}
	return root
}
