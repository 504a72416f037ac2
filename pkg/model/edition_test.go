package model

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestEdition_Holds: a node of the first edition keeps the greater of two values,
// and nothing of what it does not know.
func TestEdition_Holds(t *testing.T) {
	t.Parallel()
	base := func(seconds int, show string) Record {
		e := play()
		e.Duration, e.ShowName = time.Duration(seconds)*time.Second, show
		return Record{Entry: e}
	}
	told := func(r Record) Record {
		r.Entry.ReceivedAt, r.Entry.MediaID = start.Add(time.Second), 7
		r.Entry.Doubts = NewDoubts(NewDoubt("track_num", "x", "is no number"))
		return r
	}
	voided := func(r Record) Record {
		r.Corrections = []Correction{{Kind: CorrectionVoid, At: start, By: "M. Tester", Reason: "never heard"}}
		r.Normalize()
		return r
	}
	for name, c := range map[string]struct {
		copied, other Record
		first, this   bool
	}{
		"Same":            {base(60, "a"), base(60, "a"), true, true},
		"Supplement":      {base(60, "a"), told(base(60, "a")), true, false},
		"ToldShorter":     {base(60, "a"), told(base(40, "a")), true, false},
		"Longer":          {base(60, "a"), told(base(70, "a")), false, false},
		"Unknown":         {base(60, ""), base(60, "a"), false, false},
		"Less":            {told(base(60, "a")), base(60, ""), true, true},
		"Correction":      {base(60, "a"), voided(base(60, "a")), false, false},
		"OwnCorrection":   {voided(base(60, "a")), told(base(60, "a")), true, false},
		"ToldLongerAgain": {told(base(60, "a")), base(70, "a"), false, true},
	} {
		if got := Edition(0).Holds(c.copied, c.other); got != c.first {
			t.Errorf("%s: the first edition holds: %t, want %t", name, got, c.first)
		}
		if got := ThisEdition.Holds(c.copied, c.other); got != c.this {
			t.Errorf("%s: this edition holds: %t, want %t", name, got, c.this)
		}
	}
}

// TestEdition_Holds_merged: what two copies became has all of both, whichever
// edition looks. And two contents are the same to every edition that can tell them
// apart less.
func TestEdition_Holds_merged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		entries := copies().Draw(t, "copies")
		a, b := Record{Entry: entries[0]}, Record{Entry: entries[len(entries)-1]}
		older := withoutSupplement(MergeRecords(withoutSupplement(a), withoutSupplement(b)))
		if first := Edition(0); !first.Holds(older, a) || !first.Holds(older, b) || older.Content().Supplement != (Fingerprint{}) {
			t.Fatalf("%+v does not hold %+v and %+v", older, a, b)
		}
		merged := MergeRecords(a, b)
		if !ThisEdition.Holds(merged, a) || !ThisEdition.Holds(merged, b) {
			t.Fatalf("%+v does not hold %+v and %+v", merged, a, b)
		}
		if x, y := a.Content(), b.Content(); ThisEdition.Same(x, y) != (x == y) || Edition(0).Same(x, y) != (x.Base == y.Base) {
			t.Fatal("not the same")
		}
	})
}
