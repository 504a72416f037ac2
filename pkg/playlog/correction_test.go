package playlog

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

// keeping is a store that holds e, under its number, and its corrections.
func keeping(e model.Entry, earlier ...model.Correction) *fakeStore {
	e.Overlay = model.Fold(earlier)
	return &fakeStore{CorrectFunc: func(id int64, build func(model.Entry, []model.Correction) (model.Correction, error)) (model.Correction, error) {
		if id != e.ID {
			return model.Correction{}, model.ErrNotFound
		}
		c, err := build(e, earlier)
		return c, err
	}}
}

func TestRecorder_Correct(t *testing.T) {
	t.Parallel()
	entry := play()
	entry.ID = 7
	entry.Normalize()
	artist, other := "Mazzy Star", "Somebody"
	moved := entry.TrackStart.Add(-90*time.Second + 5) // not whole microseconds
	correction := func(kind string, changes model.Changes) model.Correction {
		return model.Correction{Kind: kind, By: "M. Tester", Reason: "tag was misspelled", Changes: changes}
	}
	amended := model.Correction{Kind: model.CorrectionAmend, At: now.Add(-time.Hour), Changes: model.Changes{Artist: &other}}
	void := model.Correction{Kind: model.CorrectionVoid, At: now.Add(-time.Minute)}

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		r, changes := start(keeping(entry, amended), &bytes.Buffer{})
		got, err := r.Correct(t.Context(), 7, correction(model.CorrectionAmend, model.Changes{Artist: &artist, TrackStart: &moved}))
		if err != nil {
			t.Fatal(err)
		}
		if got.Entry != entry.Fingerprint() {
			t.Error("is not about the entry")
		}
		if !got.At.Equal(now.Truncate(time.Microsecond)) {
			t.Errorf("was made at %v", got.At)
		}
		if *got.Before.Artist != other || !got.Before.TrackStart.Equal(entry.TrackStart) || got.Before.Title != nil {
			t.Errorf("before is %+v, want the effective values of the changed fields", got.Before)
		}
		if *got.Changes.Artist != artist || !got.Changes.TrackStart.Equal(moved.Truncate(time.Microsecond)) {
			t.Errorf("changes are %+v", got.Changes)
		}
		if *changes != 1 {
			t.Errorf("changed was called %d times, want 1", *changes)
		}
	})

	t.Run("VoidAndRestore", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			kind    string
			earlier []model.Correction
		}{{model.CorrectionVoid, nil}, {model.CorrectionRestore, []model.Correction{void}}} {
			r, _ := start(keeping(entry, c.earlier...), &bytes.Buffer{})
			if got, err := r.Correct(t.Context(), 7, correction(c.kind, model.Changes{})); err != nil || !got.Before.IsEmpty() {
				t.Errorf("%s: %+v, %v", c.kind, got, err)
			}
		}
	})

	t.Run("ClockSetBack", func(t *testing.T) {
		t.Parallel()
		later := void
		later.At = now.Add(time.Hour)
		r, _ := start(keeping(entry, amended, later), &bytes.Buffer{})
		got, err := r.Correct(t.Context(), 7, correction(model.CorrectionRestore, model.Changes{}))
		if err != nil {
			t.Fatal(err)
		}
		if model.Fold([]model.Correction{later, got}).Void {
			t.Errorf("made at %v: counts before the void that it takes back", got.At)
		}
	})

	t.Run("ErrInvalid", func(t *testing.T) {
		t.Parallel()
		sameStart := entry.TrackStart.In(time.FixedZone("", 7200))
		negative := -time.Second
		for name, c := range map[string]struct {
			correction model.Correction
			earlier    []model.Correction
			want       string
		}{
			"VoidTwice":      {correction(model.CorrectionVoid, model.Changes{}), []model.Correction{void}, "kind"},
			"RestoreNotVoid": {correction(model.CorrectionRestore, model.Changes{}), nil, "kind"},
			"Log":            {correction(model.CorrectionLog, model.Changes{}), nil, "kind"},
			"Nothing":        {correction(model.CorrectionAmend, model.Changes{}), nil, "changes"},
			"SameValues":     {correction(model.CorrectionAmend, model.Changes{Artist: &entry.Artist, TrackStart: &sameStart}), nil, "changes"},
			"SameAsAmended":  {correction(model.CorrectionAmend, model.Changes{Artist: &other}), []model.Correction{amended}, "changes"},
			"Impossible":     {correction(model.CorrectionAmend, model.Changes{Duration: &negative}), nil, "track_duration"},
			"Anonymous":      {model.Correction{Kind: model.CorrectionVoid}, nil, "by reason"},
		} {
			r, changes := start(keeping(entry, c.earlier...), &bytes.Buffer{})
			_, err := r.Correct(t.Context(), 7, c.correction)
			if got := wrongFields(t, err); got != c.want {
				t.Errorf("%s: names %q, want %q", name, got, c.want)
			}
			if *changes != 0 {
				t.Errorf("%s: told of a change that did not happen", name)
			}
		}
	})

	// An entry with the maximum of other corrections can still be voided, and
	// nothing more.
	t.Run("TooMany", func(t *testing.T) {
		t.Parallel()
		amends := func(n int) []model.Correction {
			list := make([]model.Correction, n)
			for i := range list {
				list[i] = amended
				list[i].At = amended.At.Add(time.Duration(i) * time.Second)
			}
			return list
		}
		for name, c := range map[string]struct {
			kind    string
			earlier []model.Correction
			want    string
		}{
			"Amend":        {model.CorrectionAmend, amends(model.MaxCorrectionsByHand - 2), ""},
			"OneTooMany":   {model.CorrectionAmend, amends(model.MaxCorrectionsByHand - 1), "kind"},
			"Void":         {model.CorrectionVoid, amends(model.MaxCorrectionsByHand - 1), ""},
			"Restore":      {model.CorrectionRestore, append(amends(model.MaxCorrectionsByHand-1), void), "kind"},
			"VoidOfMerged": {model.CorrectionVoid, amends(model.MaxCorrectionsByHand), "kind"},
		} {
			changes := model.Changes{}
			if c.kind == model.CorrectionAmend {
				changes.Artist = &artist
			}
			r, _ := start(keeping(entry, c.earlier...), &bytes.Buffer{})
			_, err := r.Correct(t.Context(), 7, correction(c.kind, changes))
			if c.want == "" && err != nil {
				t.Errorf("%s: %v", name, err)
			} else if c.want != "" && wrongFields(t, err) != c.want {
				t.Errorf("%s: %v, want one that names %q", name, err, c.want)
			}
		}
		last := correction(model.CorrectionAmend, model.Changes{Artist: &other})
		last.Entry, last.At = entry.Fingerprint(), now.Add(-time.Second)
		r, _ := start(keeping(entry, append(amends(model.MaxCorrectionsByHand), last)...), &bytes.Buffer{})
		if _, err := r.Correct(t.Context(), 7, correction(model.CorrectionAmend, model.Changes{Artist: &other})); err != nil {
			t.Errorf("the last one again: %v", err)
		}
	})

	t.Run("ErrNotFound", func(t *testing.T) {
		t.Parallel()
		r, _ := start(keeping(entry), &bytes.Buffer{})
		if _, err := r.Correct(t.Context(), 8, correction(model.CorrectionVoid, model.Changes{})); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestRecorder_LogMissed(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		r, changes := start(&fakeStore{LogMissedFunc: func(e model.Entry, c model.Correction) (int64, model.Correction, error) {
			if !e.Manual || c.Kind != model.CorrectionLog || c.Entry != e.Fingerprint() || c.At.IsZero() {
				t.Errorf("stores %+v with %+v", e, c)
			}
			return 12, c, nil
		}}, &bytes.Buffer{})
		id, c, err := r.LogMissed(t.Context(), Play{Entry: play()}, model.Correction{By: "M. Tester", Reason: "engine was offline"})
		if id != 12 || c.By != "M. Tester" || err != nil {
			t.Errorf("got %d, %+v, %v", id, c, err)
		}
		if *changes != 1 {
			t.Errorf("changed was called %d times, want 1", *changes)
		}
	})

	t.Run("RepeatedHour", func(t *testing.T) {
		t.Parallel()
		twin := play()
		twin.TrackStart = twin.TrackStart.Add(time.Hour)
		twin.Normalize()
		r, _ := start(&fakeStore{
			EntryWithFunc: holding(twin),
			LogMissedFunc: func(e model.Entry, c model.Correction) (int64, model.Correction, error) {
				if e.Fingerprint() != twin.Fingerprint() || c.Entry != twin.Fingerprint() {
					t.Errorf("stored at %v, want %v", e.TrackStart, twin.TrackStart)
				}
				return 1, c, nil
			},
		}, &bytes.Buffer{})
		if _, _, err := r.LogMissed(t.Context(), Play{Entry: play(), Other: twin.TrackStart}, model.Correction{By: "a", Reason: "b"}); err != nil {
			t.Error(err)
		}
	})

	t.Run("ErrInvalid", func(t *testing.T) {
		t.Parallel()
		r, changes := start(&fakeStore{}, &bytes.Buffer{})
		_, _, err := r.LogMissed(t.Context(), Play{Entry: model.Entry{LogSource: 1}}, model.Correction{By: " "})
		if got := wrongFields(t, err); got != "track_start by reason" {
			t.Errorf("names %q, want every mistake", got)
		}
		if *changes != 0 {
			t.Error("told of a change that did not happen")
		}
	})
}
