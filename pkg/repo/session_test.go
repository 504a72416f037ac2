package repo_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

func signIn(t *testing.T, db *repo.Node, name string, at time.Time) (s model.Session, shown string) {
	t.Helper()
	s, shown = model.NewSession(name, []byte(name), at)
	if err := db.StartSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s, shown
}

func wantSession(t *testing.T, db *repo.Node, want model.Session) {
	t.Helper()
	if got, err := db.Session(t.Context(), want.ID); err != nil || got != want {
		t.Errorf("the session is %+v, %v, want %+v", got, err, want)
	}
}

func wantNoSession(t *testing.T, db *repo.Node, s model.Session) {
	t.Helper()
	if got, err := db.Session(t.Context(), s.ID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("the session is %+v, %v, want %v", got, err, model.ErrNotFound)
	}
}

// TestDB_Session: a session is found as it was stored, is only prolonged, and once
// it has ended it does not come back.
func TestDB_Session(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		ctx := t.Context()
		ann, _ := signIn(t, db, "ann", noon)
		bob, _ := signIn(t, db, strings.Repeat("Bob 🎵", 200), noon)
		wantSession(t, db, ann)
		wantSession(t, db, bob)
		if err := db.StartSession(ctx, ann); err != nil { // the answer to the first time was lost
			t.Error(err)
		}
		later := ann
		later.Expires = ann.Expires.Add(time.Hour)
		for _, s := range []model.Session{later, ann, later} {
			if err := db.ProlongSession(ctx, s); err != nil {
				t.Error(err)
			}
			wantSession(t, db, later)
		}
		wantSession(t, db, bob)
		for range 2 {
			if err := db.EndSession(ctx, ann.ID); err != nil {
				t.Error(err)
			}
		}
		if err := db.ProlongSession(ctx, later); err != nil {
			t.Error(err)
		}
		wantNoSession(t, db, ann)
		wantSession(t, db, bob)
	})
}

// TestDB_StartSession_purges: who signs in has the sessions deleted that have ended
// by themselves.
func TestDB_StartSession_purges(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		old, _ := signIn(t, db, "old", noon)
		young, _ := signIn(t, db, "young", noon.Add(time.Microsecond))
		wantSession(t, db, old)
		signIn(t, db, "new", old.Expires)
		wantNoSession(t, db, old)
		wantSession(t, db, young)
	})
}

// TestDB_Session_secret: a copy of the database lets nobody sign in. No column has
// what the browser shows.
func TestDB_Session_secret(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		_, shown := signIn(t, db, "ann", noon)
		rows := query(t, rawSQL(t, kind, url), "SELECT * FROM session")
		if len(rows) != 1 || rows[0]["name"] != "ann" {
			t.Fatalf("stored are %v", rows)
		}
		for column, value := range rows[0] {
			if strings.Contains(value, shown) {
				t.Errorf("column %s has it", column)
			}
		}
	})
}
