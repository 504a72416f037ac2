package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/patience"
)

// TestDeafLog: a log that nobody reads holds up no service.
func TestDeafLog(t *testing.T) {
	t.Parallel()
	t.Run("engine-api", func(t *testing.T) {
		d := startDeaf(t, "engine-api", "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
		for i := range 300 {
			mustCall(t, http.MethodPost, d.url+"/api/v1/playlog", play(t, fmt.Sprint("Title ", i), time.Now()), http.StatusNoContent)
		}
		d.heard(t)
	})
	t.Run("sync-node", func(t *testing.T) {
		d := startDeaf(t, "sync-node", "sqlite://"+filepath.Join(t.TempDir(), "sync-node.db"), "AURA_DB_AUTO_MIGRATE=true")
		for i := range 300 {
			mustCall(t, http.MethodPut, fmt.Sprintf("%s/api/v1/source/active/%d", d.url, i%2+1), "", http.StatusNoContent)
		}
		d.signal(t, syscall.SIGTERM) // the end does not wait, either
		if code := d.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("it ended with %d", code)
		}
	})
	t.Run("status-monitor", func(t *testing.T) {
		w := startWatch(t, faster(100*time.Millisecond), 1)
		m := w.monitors[0]
		m.kill(t)
		d := startDeaf(t, "status-monitor", m.database, m.env...)
		m.process = d.service
		w.rest(t)
		w.hearts[1].cut()
		w.switched(t, 1, 2)
		w.rest(t) // it went on to the audio, and hears the heartbeats again
		d.heard(t)
	})
	t.Run("Gone", func(t *testing.T) {
		d := startDeaf(t, "engine-api", "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
		if err := d.reader.Close(); err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			mustCall(t, http.MethodPost, d.url+"/api/v1/playlog", play(t, fmt.Sprint("Title ", i), time.Now()), http.StatusNoContent)
		}
	})
}

// deaf is a service whose log is full, because nobody reads it.
type deaf struct {
	*service
	reader *os.File
}

func startDeaf(t *testing.T, program, database string, env ...string) deaf {
	t.Helper()
	reader, log, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	d := deaf{launchTo(t, bin, log, program, database, append(env, "AURA_LOG_LEVEL=debug", "AURA_LOG_FORMAT=json")...), reader}
	log.Close()
	t.Cleanup(func() { d.signal(t, syscall.SIGKILL) })
	awaitReady(t, d.url, d.exited)
	long := d.url + "/" + strings.Repeat("nowhere", 500)
	patience.Await(t, func() error {
		for range 100 {
			if _, _, err := call(t.Context(), http.MethodGet, long, ""); err != nil {
				return err
			}
		}
		if metrics := mustCall(t, http.MethodGet, d.url+"/metrics", "", http.StatusOK); !regexp.MustCompile(`(?m)^aura_log_dropped_total [1-9]`).MatchString(metrics) {
			return errors.New("no line was dropped")
		}
		return nil
	})
	return d
}

// heard reads the log, which tells what was dropped, and has its last line.
func (d deaf) heard(t *testing.T) {
	t.Helper()
	var log loggingtest.Lines
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&log, d.reader) // until the service ends
	}()
	patience.Await(t, func() error {
		mustCall(t, http.MethodGet, d.url+"/healthz", "", http.StatusOK)
		if log.Count(`"dropped":`) == 0 {
			return errors.New("nobody told what was dropped")
		}
		return nil
	})
	d.signal(t, syscall.SIGTERM)
	patience.Receive(t, "the end of the log", read)
	if lines := strings.Split(strings.TrimSpace(log.String()), "\n"); !strings.Contains(lines[len(lines)-1], `"message":"stopped"`) {
		t.Errorf("the last line is %s", lines[len(lines)-1])
	}
}
