package command

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/clitest"
)

func run(t *testing.T, environ map[string]string, args ...string) (code int, out, errOut string) {
	t.Helper()
	return clitest.Run(t, Program("1.2.3"), environ, args...)
}

// expecting returns clitest.Expect for one environment, with the words of a command
// as a text.
func expecting(t *testing.T, environ map[string]string) func(args string, code int, wants ...string) string {
	return func(args string, code int, wants ...string) string {
		t.Helper()
		return clitest.Expect(t, Program("1.2.3"), environ, strings.Fields(args), code, wants...)
	}
}

func database(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"AURA_DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "test.db"), "AURA_STATION_TIMEZONE": "Europe/Vienna",
		"AURA_LISTEN": "127.0.0.1:0",
	}
}

func TestRun(t *testing.T) {
	t.Parallel()

	t.Run("Version", func(t *testing.T) {
		t.Parallel()
		if code, out, _ := run(t, nil, "version"); code != cli.ExitOK || out != "engine-api 1.2.3\n" {
			t.Errorf("got %d %q", code, out)
		}
	})

	t.Run("CheckConfig", func(t *testing.T) {
		t.Parallel()
		for _, way := range []string{"check-config", "--check-config"} {
			if code, _, errOut := run(t, database(t), way); code != cli.ExitOK {
				t.Errorf("%s: %d %s", way, code, errOut)
			}
			code, _, errOut := run(t, map[string]string{"AURA_HOST_ID": "x", "AURA_LISTN": ":1"}, way)
			if code != cli.ExitConfig || !strings.Contains(errOut, "AURA_HOST_ID") || !strings.Contains(errOut, "did you mean AURA_LISTEN") {
				t.Errorf("%s: %d %s", way, code, errOut)
			}
		}
	})

	t.Run("Usage", func(t *testing.T) {
		t.Parallel()
		for _, args := range [][]string{{"nonsense"}, {"--nonsense"}, {"migrate", "up", "twice"}, {"migrate", "upp"}, {"migrate"}} {
			if code, _, errOut := run(t, database(t), args...); code != cli.ExitUsage || errOut == "" {
				t.Errorf("%v: %d %q", args, code, errOut)
			}
		}
	})

	t.Run("Migrate", func(t *testing.T) {
		t.Parallel()
		environ := database(t)
		applied := func(args ...string) int {
			code, out, errOut := run(t, environ, args...)
			if code != cli.ExitOK {
				t.Fatalf("%v: %d %s", args, code, errOut)
			}
			lines := strings.Split(strings.TrimSpace(out), "\n")[1:]
			n := 0
			for _, line := range lines {
				if !strings.HasSuffix(line, " no") {
					n++
				}
			}
			return n
		}
		if code, _, errOut := run(t, environ, "migrate", "status"); code != cli.ExitFailed || !strings.Contains(errOut, "no database") {
			t.Errorf("without a database: %d %q", code, errOut)
		}
		all := applied("migrate", "up")
		if all == 0 {
			t.Error("nothing was applied")
		}
		if n := applied("migrate", "down"); n != all-1 {
			t.Errorf("%d migrations after one of %d was taken back", n, all)
		}
	})

	t.Run("ServeRefusesOldSchema", func(t *testing.T) {
		t.Parallel()
		environ := database(t)
		environ["AURA_DB_AUTO_MIGRATE"] = "false"
		if code, _, errOut := run(t, environ, "serve"); code != cli.ExitConfig || !strings.Contains(errOut, "migrate up") {
			t.Errorf("got %d %q", code, errOut)
		}
	})

	t.Run("ServeStops", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var stderr bytes.Buffer
		if code := Program("1.2.3").Run(ctx, nil, database(t), &stderr, &stderr); code != cli.ExitOK {
			t.Errorf("a stop that was asked for: %d %s", code, &stderr)
		}
	})
}
