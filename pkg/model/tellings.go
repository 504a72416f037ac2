package model

import (
	"maps"
	"slices"
	"time"
)

// MaxAgain is how many repeated tellings of one play are kept; the latest are.
const MaxAgain = 32

// Tellings says when an engine told a play again, as canonical JSON; "" if
// everything that is known of the play was told when it arrived.
type Tellings string

// tellings is the decoded form.
type tellings struct {
	// At has the time at which a field's value was last told, if that is not the
	// play's arrival. A time of zero: the value was never told by an engine.
	At map[string]time.Time `json:"at,omitempty"`
	// Again has the times, ascending, at which the play was told without a
	// change.
	Again []time.Time `json:"again,omitempty"`
}

func (t Tellings) decode() tellings { return decoded[tellings](string(t)) }

func (d tellings) encode() Tellings {
	for name, at := range d.At {
		d.At[name] = micro(at)
	}
	for i, at := range d.Again {
		d.Again[i] = micro(at)
	}
	slices.SortFunc(d.Again, time.Time.Compare)
	d.Again = slices.CompactFunc(d.Again, time.Time.Equal)
	d.Again = d.Again[max(0, len(d.Again)-MaxAgain):]
	if len(d.At) == 0 && len(d.Again) == 0 {
		return ""
	}
	return Tellings(canonical(d))
}

func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Again returns the times at which the engine told the play again without a
// change, ascending, UTC.
func (t Tellings) Again() []time.Time { return t.decode().Again }

// clean returns the tellings in their canonical form.
func (t Tellings) clean() (_ Tellings, cut bool) { return t.decode().encode(), false }

// testimony is an entry together with the times of its values, for merging.
type testimony struct {
	entry *Entry
	tellings
}

func testimonyOf(e *Entry) testimony { return testimony{e, e.Told.decode()} }

// at is when a field's value was last told; zero if no engine told it, or if it
// is unknown.
func (t testimony) at(f *Field) time.Time {
	if !f.isKnown(t.entry) {
		return time.Time{}
	}
	if at, ok := t.At[f.Name()]; ok {
		return at
	}
	return t.entry.ReceivedAt
}

// mergeTold merges the fields of two copies that differ. Of each field the last
// told value counts: a later telling wins, told beats not told, and equal times
// are decided by the field's rule. Known beats unknown.
func mergeTold(m *Entry, a, b *Entry) {
	own, other := testimonyOf(a), testimonyOf(b)
	at := make(map[string]time.Time)
	for _, f := range merged {
		if f.Merge != Greater {
			f.merge(f.Merge, m, b)
			continue
		}
		ours, theirs := own.at(f), other.at(f)
		switch isLater := theirs.Compare(ours); {
		case !f.isKnown(b): // ours stays
		case !f.isKnown(a), isLater > 0:
			f.copy(m, b)
			ours = theirs
		case isLater == 0:
			f.merge(f.Merge, m, b)
		}
		if f.isKnown(m) {
			at[f.Name()] = ours
		}
	}
	m.ReceivedAt = earliest(a.ReceivedAt, b.ReceivedAt)
	maps.DeleteFunc(at, func(_ string, t time.Time) bool { return t.Equal(m.ReceivedAt) })
	m.Told = tellings{At: at, Again: append(own.Again, other.Again...)}.encode()
	m.Doubts = a.Doubts.With(b.Doubts)
}

// earliest of two times; zero is unknown.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Tell is what becomes of a stored entry when its engine tells it again: the
// values merge as in Merge. If nothing changes by that, the time is kept,
// because from then on the play sounds again. To tell it twice with one arrival
// is the same as once.
func Tell(stored, told Entry) Entry {
	m := Merge(stored, told)
	if told.ReceivedAt.IsZero() || stored.ReceivedAt.IsZero() {
		return m
	}
	before := testimonyOf(&stored)
	if stored.ReceivedAt.Equal(told.ReceivedAt) || slices.ContainsFunc(before.Again, told.ReceivedAt.Equal) {
		return m
	}
	for _, f := range merged {
		if before.at(f).Equal(told.ReceivedAt) || f.differs(&stored, &m) {
			return m
		}
	}
	d := m.Told.decode()
	d.Again = append(d.Again, later(stored.ReceivedAt, told.ReceivedAt))
	m.Told = d.encode()
	m.Synced = false
	return m
}
