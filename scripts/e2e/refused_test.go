package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestRefused: what engine-api answers with 400 is kept when it is answered, also
// if the service is killed then. Commands read it again, and log missed plays.
func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database := "sqlite://" + filepath.Join(dir, "engine-api.db")
	first := startService(t, database)
	var mu sync.Mutex
	refused := map[string]bool{}
	var senders sync.WaitGroup
	for n := range 8 {
		senders.Go(func() {
			for i := range 1000 {
				body := fmt.Sprintf(`{"track_title": "%d-%d`, n, i)
				if status, _, err := call(t.Context(), http.MethodPost, first.url+"/api/v1/playlog", body); err != nil || status != http.StatusBadRequest {
					return
				}
				mu.Lock()
				refused[body] = true
				enough := len(refused) == 30
				mu.Unlock()
				if enough {
					first.signal(t, syscall.SIGKILL)
				}
			}
		})
	}
	senders.Wait()
	<-first.exited

	s := startService(t, database)
	run := func(want int, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "engine-api"), args...)
		cmd.Env = environment("AURA_DATABASE_URL="+database, "AURA_LISTEN="+strings.TrimPrefix(s.url, "http://"), "AURA_STATION_TIMEZONE=Europe/Vienna")
		out, err := cmd.Output()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("%v: exit code %d, want %d: %v", args, code, want, err)
		}
		return string(out)
	}
	var list struct{ Items []struct{ Number int64 } }
	if err := json.Unmarshal([]byte(run(0, "refused", "list", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	kept := map[string]int{}
	for _, item := range list.Items {
		var shown struct{ Body string }
		if err := json.Unmarshal([]byte(run(0, "refused", "show", fmt.Sprint(item.Number))), &shown); err != nil {
			t.Fatal(err)
		}
		kept[shown.Body]++
	}
	for body := range refused {
		if kept[body] != 1 {
			t.Errorf("%s is kept %d times", body, kept[body])
		}
	}
	if len(refused) < 30 || len(kept) > len(refused)+8 {
		t.Errorf("%d bodies were refused, and %d are kept", len(refused), len(kept))
	}
	if out := run(1, "refused", "retry", "1"); !strings.Contains(out, "1: refused again") {
		t.Errorf("retry: %s", out)
	}
	run(0, "refused", "drop", "--all")
	if out := run(0, "refused", "list"); out != "refused: 0\n" {
		t.Errorf("left is %s", out)
	}

	plays := filepath.Join(dir, "plays.csv")
	if err := os.WriteFile(plays, []byte("track_start,track_title\n2026-11-27 19:14:00,Halah\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if out := run(0, "log", plays, "--by", "M. Tester", "--reason", "engine was offline"); !strings.HasPrefix(out, "row 2: stored\n") {
			t.Errorf("log: %s", out)
		}
	}
	answer := mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", `[{"track_title": "a", "track_start": "2026-11-27 19:20:00"}, {}]`, http.StatusOK)
	if !strings.HasPrefix(answer, `[{"status":204},{`) || !strings.Contains(answer, `"status":400`) {
		t.Errorf("list: %s", answer)
	}
	if got := titles(t, s.url); len(got) != 2 || got["Halah"] != 1 || got["a"] != 1 {
		t.Errorf("stored %v", got)
	}
}
