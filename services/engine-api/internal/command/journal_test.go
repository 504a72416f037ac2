package command

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/engine-api/internal/journal"
)

// TestJournal: what was taken without a database is listed, shown and stored by
// commands.
func TestJournal(t *testing.T) {
	t.Parallel()
	environ := database(t)
	ctx := t.Context()
	if code, _, errOut := run(t, environ, "journal", "list"); code != cli.ExitFailed || !strings.Contains(errOut, "no database yet") {
		t.Errorf("without a journal: %d %s", code, errOut)
	}
	if code, _, errOut := run(t, environ, "migrate", "up"); code != cli.ExitOK {
		t.Fatal(errOut)
	}
	db, err := repo.OpenNode(repo.Config{URL: environ["AURA_DATABASE_URL"]}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	file := repo.NewJournal(strings.TrimSuffix(strings.TrimPrefix(environ["AURA_DATABASE_URL"], "sqlite://"), ".db")+".journal", 1<<20, zerolog.Nop())
	// A title may contain anything, also sequences that a terminal executes.
	start := time.Date(2026, 11, 27, 18, 14, 0, 0, time.UTC)
	keep(t, file, model.Entry{LogSource: 7, TrackStart: start, Title: "Fade \x1b[2J\u009b2JInto You"}, start.Add(time.Second))
	items, err := file.List(ctx, 10)
	if err != nil || len(items) != 1 {
		t.Fatalf("%v, %v", items, err)
	}
	if err := file.PutAside(ctx, items[0].ID, "wrong\x1b[2J"); err != nil {
		t.Fatal(err)
	}

	code, out, errOut := run(t, environ, "journal", "list")
	if code != cli.ExitOK || strings.ContainsAny(out, "\x1b\u009b") || !strings.Contains(out, "Fade  [2J 2JInto You") || !strings.Contains(out, "2026-11-27T19:14:01+01:00") ||
		!strings.Contains(out, "refused by the database: 1") {
		t.Errorf("list: %d %s %q", code, errOut, out)
	}
	code, out, _ = run(t, environ, "journal", "list", "--json")
	var listed journalList
	if err := json.Unmarshal([]byte(out), &listed); err != nil || code != cli.ExitOK || listed.Aside != 1 || listed.Items[0].Source != 7 {
		t.Errorf("list --json: %d %v %s", code, err, out)
	}
	code, out, _ = run(t, environ, "journal", "show", "1")
	var shown shownItem
	if err := json.Unmarshal([]byte(out), &shown); err != nil || code != cli.ExitOK || strings.ContainsAny(out, "\x1b\u009b") || !strings.Contains(string(shown.Body), `2JInto You`) {
		t.Errorf("show: %d %v %q", code, err, out)
	}
	for _, args := range [][]string{{"show"}, {"show", "x"}, {"list", "1"}, {"drain", "1"}, {}} {
		if code, _, _ := run(t, environ, append([]string{"journal"}, args...)...); code != cli.ExitUsage {
			t.Errorf("%v: %d", args, code)
		}
	}
	if code, _, errOut := run(t, environ, "journal", "show", "2"); code != cli.ExitFailed || !strings.Contains(errOut, "no item 2") {
		t.Errorf("show 2: %d %s", code, errOut)
	}

	// While somebody else has the journal, they do it.
	if code, out, errOut := run(t, environ, "journal", "drain"); code != cli.ExitOK || !strings.Contains(out, "within 30 seconds: 1") {
		t.Errorf("drain while the service runs: %d %s %s", code, out, errOut)
	}
	if err := file.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := run(t, environ, "journal", "drain"); code != cli.ExitOK || !strings.Contains(out, "items that were stored: 0") {
		t.Errorf("drain of another database's: %d %s %s", code, out, errOut)
	}
	if code, out, errOut := run(t, environ, "journal", "drain", "--all"); code != cli.ExitOK || !strings.Contains(out, "items that were stored: 1") {
		t.Errorf("drain --all: %d %s %s", code, out, errOut)
	}
	if e, err := db.LatestEntry(ctx, start); err != nil || !e.TrackStart.Equal(start) || e.LogSource != 7 {
		t.Errorf("stored is %+v, %v", e, err)
	}
	if code, out, _ := run(t, environ, "journal", "list"); code != cli.ExitOK || !strings.HasPrefix(out, "waiting: 0\n") {
		t.Errorf("list of nothing: %d %s", code, out)
	}
}

// keep keeps an entry for another database.
func keep(t *testing.T, file *repo.Journal, e model.Entry, arrival time.Time) {
	t.Helper()
	away, err := repo.OpenNode(repo.Config{URL: "sqlite://" + filepath.Join(t.TempDir(), "away.db"), QueryTimeout: 100 * time.Millisecond}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer away.Close()
	j := journal.New(journal.Options{
		File: file, Plays: playlog.NewAtOnce(away), Database: away, Now: func() time.Time { return arrival }, Log: zerolog.Nop(),
		Identity: func() *model.Identity { return &model.Identity{Database: model.Fingerprint{9}} },
		Kept:     func() {}, Stored: func() {},
	})
	e.Normalize()
	if taken, err := j.Take(t.Context(), &playlog.Play{Entry: e}); err != nil || taken != model.TakenKept {
		t.Fatalf("%v, %v", taken, err)
	}
}
