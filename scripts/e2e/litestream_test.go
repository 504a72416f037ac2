package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// TestLitestream: Litestream, with the sample of the handbook, copies the database of
// a service that is killed and checkpoints as it likes. Any moment can be restored.
func TestLitestream(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("litestream"); err != nil {
		t.Skip("there is no litestream: go install github.com/benbjohnson/litestream/cmd/litestream@v0.5.18")
	}
	dir := t.TempDir()
	file, config := filepath.Join(dir, "node.db"), filepath.Join(dir, "litestream.yml")
	sample := string(openDocument(t, filepath.Join(tree, "deploy/litestream.yml")))
	sample = strings.Replace(sample, "/var/lib/aura-engine-api/engine-api.db", file, 1)
	sample = regexp.MustCompile(`url: sftp://\S+`).ReplaceAllString(sample, "path: "+filepath.Join(dir, "replica"))
	sample = regexp.MustCompile(`(?m)^ +(key-path|host-key): .*$`).ReplaceAllString(sample, "")
	if err := os.WriteFile(config, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	database := "sqlite://" + file
	s := startService(t, database)

	replicate := exec.Command("litestream", "replicate", "-config", config)
	var said bytes.Buffer
	replicate.Stdout, replicate.Stderr = &said, &said
	if err := replicate.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = replicate.Process.Kill() // it has ended already, if nothing failed
		if t.Failed() {
			t.Logf("litestream says\n%s", said.String())
		}
	})

	n := 0
	post := func(plays int) {
		t.Helper()
		for range plays {
			mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, fmt.Sprint(n), time.Now()), http.StatusNoContent)
			n++
		}
	}
	// restored is how many plays there were at a moment, or now.
	restored := func(flags ...string) (int, error) {
		to := filepath.Join(t.TempDir(), "at.db")
		args := append(append([]string{"restore", "-config", config, "-o", to}, flags...), file)
		if out, err := exec.CommandContext(t.Context(), "litestream", args...).CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%w: %s", err, out)
		}
		other := "sqlite://" + filepath.Join(t.TempDir(), "other.db")
		for _, args := range [][]string{{"restore", to}, {"export", filepath.Join(filepath.Dir(to), "all.jsonl")}} {
			cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "engine-api"), args...)
			cmd.Env = environment("AURA_DATABASE_URL="+other, "AURA_STATION_TIMEZONE=Europe/Vienna")
			if out, err := cmd.CombinedOutput(); err != nil {
				return 0, fmt.Errorf("%v: %w: %s", args, err, out)
			}
		}
		text, err := os.ReadFile(filepath.Join(filepath.Dir(to), "all.jsonl"))
		return bytes.Count(text, []byte("\n")), err
	}

	post(20)
	patience.Await(t, func() error {
		got, err := restored()
		if err == nil && got != n {
			err = fmt.Errorf("restored are %d plays of %d", got, n)
		}
		return err
	})
	first, moment := n, time.Now().Add(time.Second)
	time.Sleep(time.Until(moment.Add(time.Second))) // a moment has the precision of a second
	for range 3 {
		post(20)
		s.signal(t, syscall.SIGKILL)
		s = startService(t, database)
	}
	s.signal(t, syscall.SIGTERM)
	if err := replicate.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := replicate.Wait(); err != nil {
		t.Errorf("litestream ends with %v", err)
	}
	if got, err := restored(); err != nil || got != n {
		t.Errorf("in the end %d plays are restored of %d: %v", got, n, err)
	}
	if got, err := restored("-timestamp", moment.UTC().Format(time.RFC3339)); err != nil || got != first {
		t.Errorf("of the moment, %d plays are restored of %d: %v", got, first, err)
	}
}
