package playlog

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestRecorder_Database applies the rules to a real database.
func TestRecorder_Database(t *testing.T) {
	t.Parallel()
	db := repotest.Open(t, repotest.KindSQLite)
	r, changes := start(db, &bytes.Buffer{})
	ctx := t.Context()
	all := func() []model.Entry {
		t.Helper()
		entries, err := db.Entries(ctx, model.EntryQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}

	first := play()
	second := play()
	second.TrackStart = first.TrackStart.Add(time.Hour)
	for _, e := range []struct {
		entry model.Entry
		other time.Time
	}{
		{first, second.TrackStart}, // in the first occurrence of the hour
		{second, first.TrackStart}, // repeated in the second
		{first, second.TrackStart},
	} {
		if err := r.Record(ctx, Play{Entry: e.entry, Other: e.other}); err != nil {
			t.Fatal(err)
		}
	}
	entries := all()
	if len(entries) != 1 || !entries[0].TrackStart.Equal(first.TrackStart.Truncate(time.Microsecond)) {
		t.Fatalf("stored %+v, want one entry", entries)
	}
	id := entries[0].ID

	artist := "Mazzy Star"
	amend := model.Correction{Kind: model.CorrectionAmend, By: "M. Tester", Reason: "misspelled tag", Changes: model.Changes{Artist: &artist}}
	void := model.Correction{Kind: model.CorrectionVoid, By: "M. Tester", Reason: "was a test"}
	restore := model.Correction{Kind: model.CorrectionRestore, By: "M. Tester", Reason: "was none"}
	// The clock does not advance here, and still the last correction counts.
	for _, c := range []model.Correction{amend, void, restore, void, restore} {
		if _, err := r.Correct(ctx, id, c); err != nil {
			t.Fatalf("%s: %v", c.Kind, err)
		}
	}
	if _, err := r.Correct(ctx, id, restore); err != nil {
		t.Errorf("the last correction, sent again: %v", err)
	}
	restore.Reason = "another"
	for _, c := range []model.Correction{amend, restore} {
		if _, err := r.Correct(ctx, id, c); wrongFields(t, err) == "" {
			t.Errorf("%s that changes nothing: %v", c.Kind, err)
		}
	}
	if _, err := r.Correct(ctx, id+1, void); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("correcting what is not there: %v", err)
	}
	if entries = all(); len(entries) != 1 || entries[0].Effective().Artist != artist {
		t.Errorf("log is %+v", entries)
	}

	missed := play()
	missed.Title = "Halah"
	id, c, err := r.LogMissed(ctx, Play{Entry: missed}, model.Correction{By: "M. Tester", Reason: "engine was offline"})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := db.Entry(ctx, id); err != nil || !e.Manual || c.ID == 0 {
		t.Errorf("logged %+v with %+v, %v", e, c, err)
	}
	if err := r.Record(ctx, Play{Entry: missed}); err != nil {
		t.Fatal(err)
	}
	if e, err := db.Entry(ctx, id); err != nil || e.Manual {
		t.Errorf("when the engine sends it after all it is %+v, %v", e, err)
	}
	if *changes != 3+6+2 {
		t.Errorf("told of %d changes, want 11", *changes)
	}
}
