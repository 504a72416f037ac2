package cli_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/patience"
)

// reloaded is a service that tells how often it was given a configuration.
type reloaded struct {
	started chan struct{}
	got     chan settings
	refuse  chan error
}

func (r reloaded) Run(ctx context.Context) error {
	close(r.started)
	<-ctx.Done()
	return nil
}

func (r reloaded) Reload(cfg settings) (changed []string, err error) {
	select {
	case err = <-r.refuse:
	default:
		changed = []string{"the app changed"}
	}
	r.got <- cfg
	return changed, err
}

// TestProgram_Reload: a running service gets its secrets again, at a signal and
// when a file has changed. What is wrong is told, and no secret is.
func TestProgram_Reload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tokens, database := filepath.Join(dir, "tokens"), filepath.Join(dir, "database")
	write := func(path, text string) {
		t.Helper()
		// Renamed, so that nobody reads half of it.
		err := errors.Join(os.WriteFile(path+".new", []byte(text), 0o600), os.Rename(path+".new", path))
		if err != nil {
			t.Fatal(err)
		}
	}
	write(tokens, "ann:admin:0123456789abcdef")
	write(database, "sqlite:"+dir+"/a.db")
	app := reloaded{started: make(chan struct{}), got: make(chan settings, 10), refuse: make(chan error, 1)}
	p := program()
	p.Wire = cli.Wire(func(settings, string, zerolog.Logger) (reloaded, error) { return app, nil })
	var log loggingtest.Lines
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- p.Run(ctx, []string{"serve"}, map[string]string{"AURA_API_TOKENS_FILE": tokens, "AURA_DATABASE_URL_FILE": database}, &log, &log)
	}()
	patience.Receive(t, "start", app.started)
	logged := func(want string, times int) {
		t.Helper()
		patience.Await(t, func() error {
			if log.Count(want) < times {
				return errors.New("not logged: " + want + "\n" + log.String())
			}
			return nil
		})
	}

	write(tokens, "ann:admin:0123456789abcdef,bob:node:hush-hush-hush-hush")
	for len(patience.Receive(t, "changed tokens", app.got).HTTP.Tokens) != 2 { // the files are read once at the start
	}
	logged(`"the app changed"`, 1)

	write(tokens, "ann:admin:hush")
	if cfg := patience.Receive(t, "broken tokens", app.got); len(cfg.HTTP.Tokens) != 2 {
		t.Errorf("tokens %+v", cfg.HTTP.Tokens)
	}
	logged("AURA_API_TOKENS: entry 1 must be", 1)

	app.refuse <- errors.New("not this one")
	write(database, "sqlite:"+dir+"/hush.db")
	if cfg := patience.Receive(t, "changed database", app.got); cfg.Database.URL != "sqlite:"+dir+"/hush.db" {
		t.Errorf("the database is %s", cfg.Database.URL)
	}
	logged("not this one", 1)
	logged("AURA_API_TOKENS: entry 1 must be", 2)

	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	patience.Receive(t, "the signal", app.got)
	if strings.Contains(log.String(), "hush") {
		t.Errorf("a secret was logged:\n%s", &log)
	}
	cancel()
	if code := patience.Receive(t, "end", ended); code != cli.ExitOK {
		t.Errorf("exit code %d", code)
	}
}
