package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

type settings struct{ lifecycle.Config }

func (settings) Owner() model.Owner { return model.Owner{Service: "service"} }

func open(cfg settings, log zerolog.Logger) (*repo.DB, error) {
	return repo.OpenExisting(cfg.Database, log)
}

var errServe = errors.New("can't serve")

// app is a service that can't serve.
type app struct{ version string }

func newApp(_ settings, version string, _ zerolog.Logger) (app, error) {
	if version == "" {
		return app{}, errors.New("can't be wired")
	}
	return app{version}, nil
}

func (app) Reload(settings) ([]string, error) { return nil, nil }

func (a app) Run(context.Context) error { return fmt.Errorf("%w as %s", errServe, a.version) }

// wide gives a command a flag.
func wide(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Bool("wide", false, "open it wide")
	return cmd
}

// check gives a command another exit code for a wrong command line.
func check(cmd *cobra.Command) *cobra.Command {
	cli.UsageExit(cmd, 3)
	return cmd
}

func program() cli.Program[settings] {
	return cli.Program[settings]{
		Name: "service", Version: "1.2.3", Short: "Serves",
		Default: func(map[string]string) settings { return settings{} },
		Load: func(environ map[string]string) (cfg settings, _ error) {
			return cfg, config.Load(&cfg, environ)
		},
		Wire: cli.Wire(newApp),
		Commands: func(env cli.Env[settings]) []*cobra.Command {
			return []*cobra.Command{cli.Group("box", "A group",
				wide(cli.New("open", "Open it", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
					return cli.WithDatabase(cmd.Context(), env, open, func(context.Context, settings, *repo.DB, zerolog.Logger) error {
						cmd.Println(args[0])
						return nil
					})
				})),
				check(cli.New("seal", "Seal it", cobra.ExactArgs(1), func(*cobra.Command, []string) error { return cli.Usage(errors.New("it can't be sealed")) })),
				cli.New("close", "Close it", cobra.NoArgs, func(*cobra.Command, []string) error { return nil }),
				cli.New("weigh", "Weigh it", cobra.NoArgs, func(*cobra.Command, []string) error { return cli.Exit(2, nil) }),
				cli.New("burn", "Burn it", cobra.NoArgs, func(*cobra.Command, []string) error { return cli.Exit(3, errors.New("no fire")) }),
			)}
		},
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	environ := map[string]string{"AURA_DATABASE_URL": "sqlite://" + filepath.Join(dir, "test.db")}
	run := func(environ map[string]string, args ...string) (code int, out string) {
		var all bytes.Buffer
		code = program().Run(t.Context(), args, environ, &all, &all)
		return code, all.String()
	}
	for _, test := range []struct {
		args string
		code int
		out  string
	}{
		{"version", cli.ExitOK, "service 1.2.3\n"},
		{"--help", cli.ExitOK, "AURA_"},
		{"--help", cli.ExitOK, "service serves.\n"},
		{"check-config", cli.ExitOK, "valid"},
		{"--check-config", cli.ExitOK, "valid"},
		{"", cli.ExitFailed, "can't serve as 1.2.3"},
		{"serve", cli.ExitFailed, "can't serve"},
		{"serve now", cli.ExitUsage, "now"},
		{"--nonsense", cli.ExitUsage, "nonsense"},
		{"nonsense", cli.ExitUsage, "nonsense"},
		{"--version", cli.ExitOK, "service 1.2.3\n"},
		{"-v", cli.ExitOK, "service 1.2.3\n"},
		{"config", cli.ExitOK, "AURA_LISTEN (default: 127.0.0.1:8008)\n    Address and port of the HTTP server."},
		{"config", cli.ExitOK, "AURA_API_TOKENS\n    Tokens of callers from other hosts"},
		{"mirgate up", cli.ExitUsage, `unknown command "mirgate" for "service"; did you mean migrate?` + "\nsee service --help\n"},
		{"migrate upp", cli.ExitUsage, "did you mean up?"},
		{"migrate statsu", cli.ExitUsage, "did you mean status?\nsee service migrate --help\n"},
		{"box open --wdie", cli.ExitUsage, "unknown flag: --wdie; did you mean --wide?\nsee service box open --help\n"},
		{"--chekc-config", cli.ExitUsage, "did you mean --check-config?\nsee service --help\n"},
		{"box seal", 3, "1 arg"},
		{"box seal it --wide", 3, "see service box seal --help"},
		{"box seal it", 3, "can't be sealed"},
		{"box weigh", 2, ""},
		{"box burn", 3, "service: no fire"},
		{"box", cli.ExitUsage, "open, seal, close"},
		{"box shake", cli.ExitUsage, "shake"},
		{"box open", cli.ExitUsage, "1 arg"},
		{"box open --high", cli.ExitUsage, "unknown flag: --high\nsee"},
		{"box close", cli.ExitOK, ""},
		{"migrate", cli.ExitUsage, "up, adopt, check, status"},
		// Only migrate up makes a database.
		{"box open now", cli.ExitFailed, "there is no database yet: " + dir + "/test.db"},
		{"migrate status", cli.ExitFailed, "there is no database yet"},
		{"migrate down", cli.ExitFailed, "there is no database yet"},
		{"migrate adopt", cli.ExitFailed, "there is no database yet"},
		{"box open now", cli.ExitFailed, "migrate up"},
		{"migrate check", cli.ExitFailed, "there is no database yet"},
		{"migrate up", cli.ExitOK, "APPLIED"},
		{"migrate check", cli.ExitOK, "would start"},
		{"box open now", cli.ExitOK, "now"},
		{"migrate adopt", cli.ExitOK, "the database is that of service now"},
		{"migrate down", cli.ExitOK, "no"},
		{"box open now", cli.ExitConfig, "run migrate up"}, // an older schema
		{"migrate check", cli.ExitOK, "would start"},       // it updates the schema itself
		{"migrate status", cli.ExitOK, "no"},
		{"manual", cli.ExitOK, ".TH SERVICE 8 \"\" \"service 1.2.3\""},
		{"completion bash", cli.ExitOK, "__start_service"},
	} {
		code, out := run(environ, strings.Fields(test.args)...)
		if code != test.code || !strings.Contains(out, test.out) {
			t.Errorf("%q: %d %q, want %d %q", test.args, code, out, test.code, test.out)
		}
		if files, err := os.ReadDir(dir); err != nil || code == cli.ExitFailed && len(files) > 0 {
			t.Errorf("%q: left %v, %v", test.args, files, err)
		}
	}
	if code, out := run(map[string]string{"AURA_LOG_LEVEL": "loud"}, "box", "open", "now"); code != cli.ExitConfig || !strings.Contains(out, "AURA_LOG_LEVEL") {
		t.Errorf("a wrong configuration: %d %q", code, out)
	}
	byHand := maps.Clone(environ)
	byHand["AURA_DB_AUTO_MIGRATE"] = "false"
	if code, out := run(byHand, "migrate", "check"); code != cli.ExitConfig || !strings.Contains(out, "run migrate up") {
		t.Errorf("check of an older schema that the service does not update: %d %q", code, out)
	}
	// Changing the schema does not need the rest of the configuration.
	other := maps.Clone(environ)
	other["AURA_HOST_ID"] = "1"
	if code, out := run(other, "migrate", "status"); code != cli.ExitOK {
		t.Errorf("migrate among other variables: %d %q", code, out)
	}
	other["AURA_LOG_LEVEL"] = "loud"
	if code, out := run(other, "migrate", "status"); code != cli.ExitConfig || !strings.Contains(out, "AURA_LOG_LEVEL") || strings.Contains(out, "AURA_HOST_ID") {
		t.Errorf("migrate with a mistake: %d %q", code, out)
	}

	other = map[string]string{"AURA_DATABASE_URL": "mysql://aura:hush@localhost/aura?timout=1s"}
	for _, command := range [][]string{{"check-config"}, {"migrate", "up"}} {
		if code, out := run(other, command...); code != cli.ExitConfig || !strings.Contains(out, "did you mean timeout?") || strings.Contains(out, "hush") {
			t.Errorf("%v with an unknown parameter: %d %q", command, code, out)
		}
	}

	bare := program()
	bare.Version, bare.Commands = "", nil
	var all bytes.Buffer
	if code := bare.Run(t.Context(), nil, environ, &all, &all); code != cli.ExitFailed || !strings.Contains(all.String(), "can't be wired") {
		t.Errorf("a service that can't be wired: %d %q", code, all.String())
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	if got := cli.Line("a\x1b[31m\nb\u202e ü🎵"); got != "a [31m b  ü🎵" {
		t.Errorf("%q", got)
	}
	if got := cli.Line(strings.Repeat("ü", 101)); got != strings.Repeat("ü", 100)+"…" {
		t.Errorf("%q", got)
	}
}
