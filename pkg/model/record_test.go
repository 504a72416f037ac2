package model

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// amended is a record with one correction.
func amended() Record {
	r := Record{Entry: play(), Corrections: []Correction{
		{Kind: CorrectionAmend, At: start.Add(time.Hour), By: "M. Tester", Reason: "typo", Changes: Changes{Title: new("new")}},
	}}
	r.Normalize()
	return r
}

func TestRecordContent(t *testing.T) {
	t.Parallel()

	t.Run("EveryField", func(t *testing.T) {
		t.Parallel()
		r := amended()
		for field, e := range eachFieldChanged(r.Entry) {
			changed := Record{Entry: e, Corrections: r.Corrections}
			own := slices.Contains([]string{"ID", "Synced", "Overlay", "Air"}, field)
			if (changed.Content() == r.Content()) != own {
				t.Errorf("%s: belongs to one database only: %t, but the content says otherwise", field, own)
			}
		}
	})

	t.Run("Corrections", func(t *testing.T) {
		t.Parallel()
		r := amended()
		void := Correction{Kind: CorrectionVoid, At: start, By: "M. Tester", Reason: "test"}
		more := Record{Entry: r.Entry, Corrections: append(slices.Clone(r.Corrections), void)}
		more.Normalize()
		if more.Content() == r.Content() {
			t.Error("a correction more makes no difference")
		}
		turned := Record{Entry: more.Entry, Corrections: []Correction{more.Corrections[1], more.Corrections[0], more.Corrections[1]}}
		if turned.Content() != more.Content() {
			t.Error("order and repetition of corrections make a difference")
		}
	})
}

func TestRecordNormalize(t *testing.T) {
	t.Parallel()
	r := amended()
	if got := r.Corrections[0].Entry; got != r.Entry.Fingerprint() {
		t.Errorf("the correction is about %v", got)
	}
	if got := r.Entry.Effective().Title; got != "new" {
		t.Errorf("the overlay does not follow from the corrections: %q", got)
	}
}

func TestRecordValidate(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		r := amended()
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
	})

	t.Run("Corrections", func(t *testing.T) {
		t.Parallel()
		r := amended()
		for range MaxCorrections - 1 {
			r.Corrections = append(r.Corrections, Correction{Kind: CorrectionRestore, At: start, By: "M. Tester"})
		}
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		r.Corrections = append(r.Corrections, r.Corrections[1])
		if got := wrongFields(t, r.Validate()); got != "corrections" {
			t.Errorf("one too many: names %q", got)
		}
	})

	for name, spoil := range map[string]func(*Record){
		"Entry":           func(r *Record) { r.Entry.LogSource = 0 },
		"Kind":            func(r *Record) { r.Corrections[0].Kind = "undo" },
		"By":              func(r *Record) { r.Corrections[0].By = " " },
		"At":              func(r *Record) { r.Corrections[0].At = time.Time{} },
		"EffectiveAmount": func(r *Record) { r.Corrections[0].Changes.Duration = new(-time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := amended()
			spoil(&r)
			r.Normalize()
			if _, ok := errors.AsType[*InvalidError](r.Validate()); !ok {
				t.Errorf("got %v", r.Validate())
			}
		})
	}
}

func TestMergeRecords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		entries := copies().Draw(t, "copies")
		records := make([]Record, len(entries))
		kinds := rapid.SampledFrom([]string{CorrectionVoid, CorrectionRestore, CorrectionLog})
		for i, e := range entries {
			records[i].Entry = e
			for range rapid.IntRange(0, 3).Draw(t, "corrections") {
				records[i].Corrections = append(records[i].Corrections, Correction{
					Kind: kinds.Draw(t, "kind"), By: "M. Tester",
					At: start.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "at")) * time.Second),
				})
			}
			records[i].Normalize()
		}
		union := func(list []Record) Record {
			m := list[0]
			for _, r := range list[1:] {
				m = MergeRecords(m, r)
			}
			return m
		}
		merged := union(records)
		shuffled := rapid.Permutation(append(slices.Clone(records), records...)).Draw(t, "shuffled")
		again := union(shuffled)
		if merged.Content() != again.Content() {
			t.Fatal("the order of the copies makes a difference")
		}
		if merged.Entry.Overlay != again.Entry.Overlay {
			t.Fatalf("overlays differ: %+v and %+v", merged.Entry.Overlay, again.Entry.Overlay)
		}
		if twice := MergeRecords(merged, merged); twice.Content() != merged.Content() || twice.Entry.Synced != merged.Entry.Synced {
			t.Fatal("merging a copy of itself makes a difference")
		}
	})

	t.Run("CorrectionIsNews", func(t *testing.T) {
		t.Parallel()
		mine := Record{Entry: play()}
		mine.Entry.Synced = true
		if MergeRecords(mine, amended()).Entry.Synced {
			t.Error("a correction that came is not known to the sync node")
		}
		if !MergeRecords(mine, mine).Entry.Synced {
			t.Error("nothing new came, but it is unsynced")
		}
	})
}
