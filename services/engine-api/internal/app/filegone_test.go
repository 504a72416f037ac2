package app_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/logging/loggingtest"
)

func postTitle(t *testing.T, s *lifecycletest.Service, title string) {
	t.Helper()
	body := fmt.Sprintf(`{"track_start": "2020-06-27 19:14:00", "track_title": %q}`, title)
	if res, answer := s.Call(http.MethodPost, "/api/v1/playlog", body); res.StatusCode != http.StatusNoContent {
		t.Errorf("%s: %s %s", title, res.Status, answer)
	}
}

func wantTitles(t *testing.T, s *lifecycletest.Service, titles ...string) {
	t.Helper()
	_, answer := s.Await(http.StatusOK, http.MethodGet, "/api/v1/playlog", "")
	for _, title := range titles {
		if n := strings.Count(answer, `"track_title":"`+title+`"`); n != 1 {
			t.Errorf("%s is stored %d times", title, n)
		}
	}
}

// awaitDrained waits until nothing waits in the journal and nothing is foreign.
func awaitDrained(s *lifecycletest.Service) {
	s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, answer string) bool {
		return strings.Contains(answer, `aura_journal_items{state="waiting"} 0`) && strings.Contains(answer, `aura_journal_items{state="foreign"} 0`)
	})
}

// TestApp_FileGone: while the database's file is not at its place, nothing is
// acknowledged into it. The journal takes it, and it is stored when the file is
// back. That the file is gone is told without a write.
func TestApp_FileGone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "engine-api.db")
	var log loggingtest.Lines
	s := startLogged(t, zerolog.New(&log), "sqlite://"+path, nil)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	postTitle(t, s, "before")
	if err := os.Rename(path, path+".aside"); err != nil {
		t.Fatal(err)
	}
	told := func(path string) string {
		t.Helper()
		_, answer := s.Await(http.StatusOK, http.MethodGet, path, "")
		return answer
	}
	const words = "deleted or replaced"
	if answer := told("/readyz"); !strings.Contains(answer, words) {
		t.Errorf("/readyz says %s", answer)
	}
	if answer := told("/api/v1/sync/state"); !strings.Contains(answer, words) {
		t.Errorf("/sync/state says %s", answer)
	}
	s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, answer string) bool {
		return strings.Contains(answer, "\naura_database_file_gone 1\n") && log.Count("the database's file is gone") > 0
	})
	postTitle(t, s, "first")
	postTitle(t, s, "second")
	if answer := told("/metrics"); !strings.Contains(answer, `aura_journal_items{state="waiting"} 2`) {
		t.Error("what is written into a file that is gone was acknowledged")
	}
	backup := filepath.Join(t.TempDir(), "engine-api.db")
	if err := os.WriteFile(backup, readFile(t, s), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".aside", path); err != nil {
		t.Fatal(err)
	}
	awaitDrained(s)
	wantTitles(t, s, "before", "first", "second")
	s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, answer string) bool {
		return strings.Contains(answer, "\naura_database_file_gone 0\n") && log.Count("recovered") > 0
	})
	wantTitles(t, start(t, "sqlite://"+backup), "before")
}

// TestApp_FileDeleted: the database is deleted for good. What was acknowledged since
// is in the new database that the next start makes. A database that somebody put there gets none of it.
func TestApp_FileDeleted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "engine-api.db")
	remove := func() {
		t.Helper()
		for _, part := range []string{path, path + "-wal", path + "-shm"} {
			if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
	var log loggingtest.Lines
	run := func() *lifecycletest.Service {
		t.Helper()
		s := startLogged(t, zerolog.New(&log), "sqlite://"+path, nil)
		s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
		return s
	}
	stop := func(s *lifecycletest.Service) {
		t.Helper()
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	s := run()
	postTitle(t, s, "lost")
	other := readFile(t, s)
	remove()
	postTitle(t, s, "first")
	postTitle(t, s, "second")
	stop(s)

	s = run()
	awaitDrained(s)
	wantTitles(t, s, "first", "second")
	if log.Count("what the journal took for the old one") != 1 {
		t.Errorf("the log says %s", log.String())
	}
	remove()
	postTitle(t, s, "third")
	stop(s)

	if err := os.WriteFile(path, other, 0o600); err != nil {
		t.Fatal(err)
	}
	s = run()
	s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, answer string) bool {
		return strings.Contains(answer, `aura_journal_items{state="foreign"} 1`)
	})
	wantTitles(t, s, "lost")
}

// readFile is a backup of the service's database.
func readFile(t *testing.T, s *lifecycletest.Service) []byte {
	t.Helper()
	_, answer := s.Await(http.StatusOK, http.MethodGet, "/backup", "")
	return []byte(answer)
}
