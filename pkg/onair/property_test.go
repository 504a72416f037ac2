package onair_test

import (
	"bytes"
	"cmp"
	"flag"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/onairtest"
)

// TestMain sets how many histories each property is tried on. With -short it is
// a fifth of that. The command line may set another number, such as
// -rapid.checks=1000000.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "500"); err != nil {
		panic(err)
	}
	m.Run()
}

// station is a random station: what its sync node holds, and the log that it
// has materialized so far.
type station struct {
	sources       int // that log something; one more source never does
	defaultSource int
	entries       []model.Entry
	activations   []model.Activation
	log           []onair.Segment
}

// Times are minutes, and there are few of them, so that collisions are
// frequent. The longest record that starts last is over before the oracle's
// horizon.
const lastStart, longest = 20, 12

func newStation(t *rapid.T) *station {
	s := &station{sources: rapid.IntRange(1, 4).Draw(t, "sources")}
	s.defaultSource = s.anySource(t)
	return s
}

func (s *station) anySource(t *rapid.T) int { return rapid.IntRange(1, s.sources+1).Draw(t, "source") }

func anyStart(t *rapid.T) time.Time { return at(rapid.IntRange(0, lastStart).Draw(t, "start")) }

func anyDuration(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(0, longest).Draw(t, "duration")) * time.Minute
}

// touch is the moment from which a change counts.
type touch struct {
	source int // the source of the record; 0 for an activation
	at     time.Time
}

// change makes one change and returns what it touches.
func (s *station) change(t *rapid.T) []touch {
	kinds := []string{"record", "record", "record", "activate", "activate"}
	if len(s.entries) > 0 {
		kinds = append(kinds, "again", "amend", "void")
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "change")
	switch kind {
	case "record":
		source := rapid.IntRange(1, s.sources).Draw(t, "source")
		title := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "title")
		return s.store(model.Entry{LogSource: source, TrackStart: anyStart(t), Title: title, Duration: anyDuration(t)})
	case "activate": // with any time, so also late activations
		a := model.Activation{Epoch: int64(len(s.activations) + 1), Source: s.anySource(t), From: anyStart(t)}
		s.activations = append(s.activations, a)
		return []touch{{at: a.From}}
	}
	e := &s.entries[rapid.IntRange(0, len(s.entries)-1).Draw(t, "entry")]
	before := touch{e.LogSource, e.PlayedAt()}
	switch kind {
	case "again": // a copy that may know the duration
		again := *e
		again.Duration = anyDuration(t)
		return s.store(again)
	case "amend":
		changes := &e.Overlay.Changes
		if rapid.Bool().Draw(t, "amends start") {
			start := anyStart(t)
			changes.TrackStart = &start
		}
		if rapid.Bool().Draw(t, "amends duration") {
			duration := anyDuration(t)
			changes.Duration = &duration
		}
	case "void": // or restore
		e.Overlay.Void = !e.Overlay.Void
	}
	return []touch{before, {e.LogSource, e.PlayedAt()}}
}

func (s *station) store(e model.Entry) []touch {
	for i, known := range s.entries {
		if known.Fingerprint() == e.Fingerprint() {
			s.entries[i] = model.Merge(known, e)
			return []touch{{e.LogSource, known.PlayedAt()}}
		}
	}
	e.ID = int64(len(s.entries) + 1)
	s.entries = append(s.entries, e)
	return []touch{{e.LogSource, e.PlayedAt()}}
}

// records are the records of a source, or of all sources if it is 0, in the
// order in which a database returns them.
func (s *station) records(source int) []onair.Record {
	var records []onair.Record
	for _, e := range s.entries {
		if !e.Overlay.Void && (source == 0 || source == e.LogSource) {
			records = append(records, onair.NewRecord(e))
		}
	}
	slices.SortFunc(records, func(a, b onair.Record) int {
		return cmp.Or(a.Start.Compare(b.Start), bytes.Compare(a.Fingerprint[:], b.Fingerprint[:]))
	})
	return records
}

func (s *station) sortedActivations() []model.Activation {
	return slices.SortedFunc(slices.Values(s.activations), func(a, b model.Activation) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Epoch, b.Epoch))
	})
}

func startOf(r onair.Record) time.Time      { return r.Start }
func happened(a model.Activation) time.Time { return a.From }

// next is the start of the first element after at, zero if there is none.
func next[T any](sorted []T, start func(T) time.Time, at time.Time) time.Time {
	for _, one := range sorted {
		if start(one).After(at) {
			return start(one)
		}
	}
	return time.Time{}
}

// needed returns the elements in w and the last one before it: no more than
// Derive asks for.
func needed[T any](sorted []T, start func(T) time.Time, w onair.Window) []T {
	from, to := 0, 0
	for i, one := range sorted {
		if start(one).Before(w.From) {
			from = i
		}
		if w.To.IsZero() || start(one).Before(w.To) {
			to = i + 1
		}
	}
	return sorted[min(from, to):to]
}

// derive derives w from the minimum input, for one source or, if it is 0, for
// all.
func (s *station) derive(w onair.Window, source int) []onair.Segment {
	var records []onair.Record
	for n := 1; n <= s.sources; n++ {
		if source == 0 || source == n {
			records = append(records, needed(s.records(n), startOf, w)...)
		}
	}
	return onair.Derive(w, records, needed(s.sortedActivations(), happened, w), s.defaultSource)
}

// update brings the materialized log up to date in w, for one source or all.
func (s *station) update(t *rapid.T, w onair.Window, source int) {
	var old []onair.Segment
	more := rapid.Bool().Draw(t, "more than needed")
	for _, segment := range s.log {
		touches := (w.To.IsZero() || !segment.From.After(w.To)) &&
			(segment.Until.IsZero() || !segment.Until.Before(w.From))
		if (touches || more) && (source == 0 || source == segment.Source) {
			old = append(old, segment)
		}
	}
	remove, add := onair.Splice(old, w, s.derive(w, source))
	for _, segment := range remove {
		if slices.Contains(add, segment) {
			t.Fatalf("removes and adds %s", onairtest.Text([]onair.Segment{segment}))
		}
	}
	s.log = slices.DeleteFunc(s.log, func(segment onair.Segment) bool { return slices.Contains(remove, segment) })
	s.log = append(s.log, add...)
	slices.SortFunc(s.log, func(a, b onair.Segment) int { return a.From.Compare(b.From) })
}

// touched is the window of one touch, as the station is now.
func (s *station) touched(c touch) onair.Window {
	if c.source == 0 {
		return onair.Touched(c.at, next(s.sortedActivations(), happened, c.at))
	}
	return onair.Touched(c.at, next(s.records(c.source), startOf, c.at))
}

// wider is a window that contains w; in half of the cases it is w itself.
func wider(t *rapid.T, w onair.Window) onair.Window {
	if rapid.Bool().Draw(t, "wider") {
		w.From = w.From.Add(-time.Duration(rapid.IntRange(0, lastStart).Draw(t, "earlier")) * time.Minute)
		if !w.To.IsZero() {
			w.To = w.To.Add(time.Duration(rapid.IntRange(0, lastStart).Draw(t, "later")) * time.Minute)
		}
	}
	return w
}

func (s *station) oracle() []onair.Segment {
	return onairtest.Oracle(s.records(0), s.activations, s.defaultSource)
}

// mustEqual fails if two logs differ in anything, including the entries'
// numbers.
func mustEqual(t *rapid.T, what string, got, want []onair.Segment) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\ngot  %s\nwant %s", what, onairtest.Text(got), onairtest.Text(want))
	}
}

// TestDerive_Oracle: Derive agrees with the oracle in whatever order the input
// comes, for the whole time, for any window, and for any single source.
func TestDerive_Oracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newStation(t)
		for range rapid.IntRange(0, 24).Draw(t, "changes") {
			s.change(t)
		}
		want := s.oracle()
		records := rapid.Permutation(s.records(0)).Draw(t, "records")
		activations := rapid.Permutation(s.activations).Draw(t, "activations")
		mustEqual(t, "all", onair.Derive(always, records, activations, s.defaultSource), want)

		w := wider(t, onair.Window{From: anyStart(t), To: anyStart(t)})
		mustEqual(t, "a window", s.derive(w, 0), within(w, want))
		mustEqual(t, "a window, given more", onair.Derive(w, records, activations, s.defaultSource), within(w, want))

		source := s.anySource(t)
		others := func(segment onair.Segment) bool { return segment.Source != source }
		mustEqual(t, "a source", s.derive(always, source), slices.DeleteFunc(want, others))
	})
}

// within cuts a log at the bounds of w.
func within(w onair.Window, log []onair.Segment) []onair.Segment {
	var part []onair.Segment
	for _, s := range log {
		if s.From.Before(w.From) {
			s.From = w.From
		}
		if s.Until.IsZero() || s.Until.After(w.To) {
			s.Until = w.To
		}
		if s.From.Before(s.Until) {
			part = append(part, s)
		}
	}
	return part
}

// TestSplice_Oracle: a log that is updated only in the touched windows agrees
// with the oracle after every step of a history.
func TestSplice_Oracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newStation(t)
		for range rapid.IntRange(1, 24).Draw(t, "steps") {
			var touches []touch
			for range rapid.SampledFrom([]int{1, 1, 1, 3}).Draw(t, "changes at once") {
				touches = append(touches, s.change(t)...)
			}
			activationsFirst := func(a, b touch) int { return cmp.Compare(min(a.source, 1), min(b.source, 1)) }
			slices.SortStableFunc(touches, activationsFirst)
			for _, c := range touches {
				source := c.source
				if rapid.Bool().Draw(t, "of all sources") {
					source = 0
				}
				s.update(t, wider(t, s.touched(c)), source)
			}
			mustEqual(t, "after a step", s.log, s.oracle())
		}
	})
}
