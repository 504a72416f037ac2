package repo_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

func noted(name, text string, at time.Time) model.Note {
	body, _ := json.Marshal(map[string]string{"text": text})
	return model.Note{Name: name, Body: body, WrittenAt: at}
}

func keep(t *testing.T, db *repo.Node, n model.Note) {
	t.Helper()
	if err := db.StoreNote(t.Context(), n); err != nil {
		t.Fatal(err)
	}
}

func wantNote(t *testing.T, db *repo.Node, want model.Note) {
	t.Helper()
	if got, err := db.Note(t.Context(), want.Name); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the note is %s of %s, %v, want %s of %s", got.Body, got.WrittenAt, err, want.Body, want.WrittenAt)
	}
}

func TestDB_Note(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		if _, err := db.Note(t.Context(), "a"); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("error %v, want %v", err, model.ErrNotFound)
		}
		first := noted("a", "first 🎵", noon.Add(time.Hour+1999).In(time.FixedZone("", 3600)))
		keep(t, db, first)
		first.WrittenAt = noon.Add(time.Hour + time.Microsecond)
		wantNote(t, db, first)
		other := noted("A", strings.Repeat("x", model.MaxDelivery), noon)
		keep(t, db, other)
		wantNote(t, db, first)
		wantNote(t, db, other)
		second := noted("a", "second", noon) // the clock was set back
		keep(t, db, second)
		wantNote(t, db, second)
		keep(t, db, second)
		wantNote(t, db, second)
	})
}

// TestDB_Note_older: a monitor from before table note existed keeps its note as
// a delivery.
func TestDB_Note_older(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		asDelivery := func(text string, at time.Time) model.Note {
			d := owed("authority", text)
			d.CreatedAt, d.EndedAt = at, at
			deliver(t, db, owed("authority", "before that"), d)
			return model.Note{Name: "authority", Body: d.Body, WrittenAt: at}
		}
		wantNote(t, db, asDelivery("before the update", noon))
		after := noted("authority", "after the update", noon.Add(time.Minute))
		keep(t, db, after)
		wantNote(t, db, after)
		wantNote(t, db, asDelivery("of an older monitor", noon.Add(time.Hour)))
		again := noted("authority", "after another update", noon.Add(2*time.Hour))
		keep(t, db, again)
		wantNote(t, db, again)
	})
}

// TestDB_StoreNote_poisoned: if a note cannot be stored, the earlier one
// remains.
func TestDB_StoreNote_poisoned(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		first := noted("a", "first", noon)
		keep(t, db, first)
		poisonous(t, kind, url, "UPDATE", "note", "body")
		bad := noted("a", "", noon)
		bad.Body = json.RawMessage(poison)
		wantRefused(t, db.StoreNote(t.Context(), bad))
		wantNote(t, db, first)
	})
}

// TestDB_StoreNote_slow: it returns when its caller's context ends, even if the
// database ignores the context.
func TestDB_StoreNote_slow(t *testing.T) {
	t.Parallel()
	url := repotest.MigratedURL(t, repotest.KindSQLite)
	db := repotest.OpenURL(t, url)
	tx, err := rawSQL(t, repotest.KindSQLite, url).BeginTx(t.Context(), nil) // immediate: like a stalled disk
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	store := func() error { return db.StoreNote(ctx, noted("a", "b", noon)) }
	if err := promptly(t, store); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	keep(t, db, noted("a", "c", noon))
}
