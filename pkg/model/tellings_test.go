package model

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// toldAt is the play as its engine told it some seconds after noon.
func toldAt(seconds int, change func(*Entry)) Entry {
	e := play()
	e.ReceivedAt = noon.Add(time.Duration(seconds) * time.Second)
	if change != nil {
		change(&e)
	}
	e.Normalize()
	return e
}

func lasts(seconds int) func(*Entry) {
	return func(e *Entry) { e.Duration = time.Duration(seconds) * time.Second }
}

func TestTell(t *testing.T) {
	t.Parallel()
	again := func(seconds ...int) (at []time.Time) {
		for _, s := range seconds {
			at = append(at, noon.Add(time.Duration(s)*time.Second))
		}
		return at
	}
	imported := func(e *Entry) { e.ReceivedAt = time.Time{} }
	for name, c := range map[string]struct {
		told     []Entry
		duration time.Duration
		show     string
		received time.Time
		again    []time.Time
	}{
		"Once":        {[]Entry{toldAt(0, lasts(40))}, 40 * time.Second, "", noon, nil},
		"Longer":      {[]Entry{toldAt(0, lasts(40)), toldAt(10, lasts(60))}, 60 * time.Second, "", noon, nil},
		"Shorter":     {[]Entry{toldAt(0, lasts(40)), toldAt(10, lasts(60)), toldAt(20, lasts(50))}, 50 * time.Second, "", noon, nil},
		"Unchanged":   {[]Entry{toldAt(0, lasts(40)), toldAt(10, lasts(40))}, 40 * time.Second, "", noon, again(10)},
		"Retried":     {[]Entry{toldAt(0, lasts(40)), toldAt(0, lasts(40))}, 40 * time.Second, "", noon, nil},
		"RetriedLate": {[]Entry{toldAt(0, lasts(40)), toldAt(10, lasts(60)), toldAt(10, lasts(60))}, 60 * time.Second, "", noon, nil},
		"AgainTwice":  {[]Entry{toldAt(0, nil), toldAt(10, nil), toldAt(20, nil), toldAt(10, nil)}, 0, "", noon, again(10, 20)},
		"Back":        {[]Entry{toldAt(0, lasts(40)), toldAt(10, lasts(60)), toldAt(20, lasts(40))}, 40 * time.Second, "", noon, nil},
		// What is told later without a value takes nothing away.
		"Unknown": {[]Entry{toldAt(0, lasts(40)), toldAt(10, func(e *Entry) { e.ShowName = "Nightline" })}, 40 * time.Second, "Nightline", noon, nil},
		// Told beats not told, and then it is the engine's.
		"Imported":      {[]Entry{toldAt(0, func(e *Entry) { imported(e); lasts(90)(e) }), toldAt(10, lasts(40))}, 40 * time.Second, "", noon.Add(10 * time.Second), nil},
		"ImportedAfter": {[]Entry{toldAt(10, lasts(40)), toldAt(0, func(e *Entry) { imported(e); lasts(90)(e) })}, 40 * time.Second, "", noon.Add(10 * time.Second), nil},
		"LateCopy":      {[]Entry{toldAt(10, nil), toldAt(0, nil)}, 0, "", noon, again(10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.told[0]
			got.Synced = true
			for _, e := range c.told[1:] {
				got = Tell(got, e)
			}
			if got.Duration != c.duration || got.ShowName != c.show || !got.ReceivedAt.Equal(c.received) || !slices.EqualFunc(got.Told.Again(), c.again, time.Time.Equal) {
				t.Errorf("got %+v", got)
			}
			if isNew := got.Content() != c.told[0].Content(); got.Synced == isNew {
				t.Errorf("says something new: %t, but is synced: %t", isNew, got.Synced)
			}
		})
	}
}

// Content is the content of an entry without corrections.
func (e *Entry) Content() Content {
	r := Record{Entry: *e}
	return r.Content()
}

// TestTell_laws: what a node makes of all tellings is the same if it hears some
// of them again. Another node that gets its states in any order ends up with the
// last one.
func TestTell_laws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		state := toldAt(0, lasts(rapid.IntRange(0, 2).Draw(t, "first")))
		states := []Entry{state}
		var told []Entry
		for i := range rapid.IntRange(1, 6).Draw(t, "tellings") {
			e := toldAt(i+1, lasts(rapid.IntRange(0, 2).Draw(t, "seconds")))
			e.ShowName = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "show")
			state = Tell(state, e)
			states, told = append(states, state), append(told, e)
		}
		if e := rapid.SampledFrom(told).Draw(t, "again"); e.ReceivedAt.Equal(told[len(told)-1].ReceivedAt) && Tell(state, e) != state {
			t.Fatalf("hears the last telling again, and makes %+v of %+v", Tell(state, e), state)
		}
		elsewhere := states[0]
		for _, s := range rapid.Permutation(states).Draw(t, "order") {
			elsewhere = Merge(elsewhere, s)
		}
		if elsewhere != state {
			t.Fatalf("elsewhere it is\n%+v, here\n%+v", elsewhere, state)
		}
	})
}

func TestDoubts(t *testing.T) {
	t.Parallel()
	a, b := NewDoubt("track_num", "three", "is no number"), NewDoubt("body", "\xff<é>", "is not UTF-8")
	both := NewDoubts(a, b, a)
	if got := both.List(); !slices.Equal(got, []Doubt{b, a}) {
		t.Errorf("got %v", got)
	}
	if NewDoubts(b).With(NewDoubts(a)) != both || both.With(both) != both || both.With("") != both || Doubts("").With(both) != both {
		t.Error("the union depends on the order")
	}
	var many []Doubt
	for i := range 2 * MaxDoubts {
		many = append(many, NewDoubt("track_title", string(rune('a'+i)), ""))
	}
	if left := NewDoubts(many[:20]...).With(NewDoubts(many[10:]...)); left != NewDoubts(many...) || len(left.List()) != MaxDoubts {
		t.Errorf("of many are left %v", left)
	}
	long := make([]byte, 0, 2*MaxDoubtText)
	for range MaxDoubtText {
		long = append(long, "ö"...)
	}
	if got := NewDoubt("f", "x"+string(long), "").Sent; len(got) != MaxDoubtText-1 {
		t.Errorf("cut to %d bytes: %q", len(got), got)
	}
}
