package command

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// parked returns a database in which one entry waits, and one entry and one
// health status are parked. It stays open, like the database of a running
// service.
func parked(t *testing.T) (environ map[string]string, entry, health model.Fingerprint) {
	t.Helper()
	environ = database(t)
	db, err := repo.OpenNode(repo.Config{URL: environ["AURA_DATABASE_URL"]}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx := t.Context()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2020, 6, 27, 17, 14, 0, 0, time.UTC)
	for i, title := range []string{"Fade Into You", "Two\x1b[2J\nlines\tand a tab"} {
		e := model.Entry{LogSource: 1, TrackStart: start.Add(time.Duration(i) * time.Hour), Title: title}
		e.Normalize()
		if err := db.StoreEntry(ctx, e); err != nil {
			t.Fatal(err)
		}
		entry = e.Fingerprint()
	}
	h := model.Health{Source: 2, LogTime: start}
	if err := db.AbsorbHealths(ctx, []model.Health{h}, false); err != nil {
		t.Fatal(err)
	}
	health = h.UID()
	if err := db.Park(ctx, model.KindEntry, entry, "not this one"); err != nil {
		t.Fatal(err)
	}
	if err := db.Park(ctx, model.KindHealth, health, "nor this"); err != nil {
		t.Fatal(err)
	}
	return environ, entry, health
}

func TestOutbox(t *testing.T) {
	t.Parallel()

	t.Run("List", func(t *testing.T) {
		t.Parallel()
		environ, entry, health := parked(t)
		code, out, errOut := run(t, environ, "outbox", "list")
		if code != cli.ExitOK {
			t.Fatalf("%d %s", code, errOut)
		}
		for _, want := range []string{
			entry.String(), health.String(), "entries", "healths", "2020-06-27T20:14:00+02:00", "not this one", "nor this",
			"refused: 2", "waiting: 1 entries, 0 health statuses", "played at 2020-06-27T19:14:00+02:00",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("lacks %q:\n%s", want, out)
			}
		}
		if strings.ContainsRune(out, '\x1b') || strings.Count(out, "\n") != 7 {
			t.Errorf("a title breaks the table:\n%q", out)
		}
	})

	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		environ, entry, health := parked(t)
		code, out, errOut := run(t, environ, "outbox", "list", "--json")
		var got outboxList
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != cli.ExitOK {
			t.Fatalf("%v, %d %s", err, code, errOut)
		}
		if got.ParkedTotal != 2 || len(got.Parked) != 2 || got.Waiting.Entries != 1 || got.Waiting.Oldest == nil {
			t.Errorf("%+v", got)
		}
		for _, p := range got.Parked {
			isEntry := p.UID == entry.String() && p.Kind == model.KindEntry && p.Source == 1 && p.Reason == "not this one"
			isHealth := p.UID == health.String() && p.Kind == model.KindHealth && p.Source == 2 && p.Title == ""
			if !isEntry && !isHealth || p.ParkedAt.IsZero() {
				t.Errorf("%+v", p)
			}
		}
	})

	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		environ := database(t)
		for _, args := range [][]string{{"outbox", "list"}, {"outbox", "retry", "--all"}} {
			if code, _, errOut := run(t, environ, args...); code != cli.ExitFailed || !strings.Contains(errOut, "no database") {
				t.Errorf("%v without a database: %d %s", args, code, errOut)
			}
		}
		if _, err := os.Stat(strings.TrimPrefix(environ["AURA_DATABASE_URL"], "sqlite://")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the database was made by who only asked: %v", err)
		}
		run(t, environ, "migrate", "up")
		run(t, environ, "migrate", "down")
		if code, _, errOut := run(t, environ, "outbox", "list"); code != cli.ExitConfig || !strings.Contains(errOut, "migrate") {
			t.Errorf("with an older schema: %d %s", code, errOut)
		}
		run(t, environ, "migrate", "up")
		if code, out, errOut := run(t, environ, "outbox", "list"); code != cli.ExitOK || out != "refused: 0\nwaiting: 0 entries, 0 health statuses\n" {
			t.Errorf("%d %q %s", code, out, errOut)
		}
		if code, out, _ := run(t, environ, "outbox", "list", "--json"); code != cli.ExitOK || !strings.Contains(out, `"parked": []`) {
			t.Errorf("%d %s", code, out)
		}
	})

	left := func(t *testing.T, environ map[string]string) string {
		t.Helper()
		_, out, _ := run(t, environ, "outbox", "list")
		return out
	}

	t.Run("RetryOne", func(t *testing.T) {
		t.Parallel()
		environ, entry, health := parked(t)
		if code, out, errOut := run(t, environ, "outbox", "retry", health.String()); code != cli.ExitOK || !strings.Contains(out, ": 1") {
			t.Errorf("%d %s %s", code, out, errOut)
		}
		if out := left(t, environ); strings.Contains(out, health.String()) || !strings.Contains(out, entry.String()) || !strings.Contains(out, "1 health") {
			t.Errorf("left:\n%s", out)
		}
		if code, _, errOut := run(t, environ, "outbox", "retry", health.String(), entry.String()); code != cli.ExitFailed || !strings.Contains(errOut, "1 of 2") {
			t.Errorf("one that is not parked: %d %s", code, errOut)
		}
	})

	t.Run("RetryAll", func(t *testing.T) {
		t.Parallel()
		environ, _, _ := parked(t)
		if code, out, errOut := run(t, environ, "outbox", "retry", "--all"); code != cli.ExitOK || !strings.Contains(out, ": 2") {
			t.Errorf("%d %s %s", code, out, errOut)
		}
		if out := left(t, environ); !strings.Contains(out, "refused: 0") || !strings.Contains(out, "2 entries, 1 health") {
			t.Errorf("left:\n%s", out)
		}
	})

	t.Run("Usage", func(t *testing.T) {
		t.Parallel()
		environ, entry, _ := parked(t)
		for _, args := range [][]string{
			{"outbox"}, {"outbox", "retry"}, {"outbox", "retry", "--all", entry.String()}, {"outbox", "retry", "17"},
			{"outbox", "list", "all"}, {"outbox", "drop"},
		} {
			if code, _, errOut := run(t, environ, args...); code != cli.ExitUsage || errOut == "" {
				t.Errorf("%v: %d %q", args, code, errOut)
			}
		}
		if out := left(t, environ); !strings.Contains(out, "refused: 2") {
			t.Errorf("a wrong call changed something:\n%s", out)
		}
	})
}
