package onair

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

// Record is what one source played, as far as the derivation needs to know. No
// two records have the same fingerprint.
type Record struct {
	Entry       int64 // the number under which the database keeps it; carried along, never compared
	Fingerprint model.Fingerprint
	Source      int
	Start       time.Time
	Duration    time.Duration // 0: unknown
}

// NewRecord is the record of a stored entry that is not void, with its
// corrections applied.
func NewRecord(e model.Entry) Record {
	return Record{
		Entry:       e.ID,
		Fingerprint: e.Fingerprint(),
		Source:      e.LogSource,
		Start:       e.PlayedAt(),
		Duration:    e.Effective().Duration,
	}
}

// Segment says that a record was on air during [From, Until).
type Segment struct {
	Entry       int64
	Fingerprint model.Fingerprint
	Source      int
	From        time.Time
	Until       time.Time // zero: no end is known
	// Estimated: it ends because what has no known duration is not taken for
	// longer.
	Estimated bool
}

// Derive returns the part of the on-air log within w, oldest first. Segments
// that reach beyond w are cut at its bounds. records and activations are, in
// any order, all that start in w, and the last before it (of the records, for
// each source). More than that does no harm. If all records are of one source,
// it derives the segments of that source.
func Derive(w Window, records []Record, activations []model.Activation, defaultSource int) []Segment {
	records = slices.SortedFunc(slices.Values(records), func(a, b Record) int {
		return cmp.Or(a.Start.Compare(b.Start), bytes.Compare(a.Fingerprint[:], b.Fingerprint[:]))
	})
	activations = slices.SortedFunc(slices.Values(activations), func(a, b model.Activation) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Epoch, b.Epoch))
	})

	var log []Segment
	open := false                                       // the last segment of log is still on air
	active, last := defaultSource, make(map[int]Record) // the last record of each source
	for _, now := range instants(w, records, activations) {
		for ; len(activations) > 0 && !activations[0].From.After(now); activations = activations[1:] {
			active = activations[0].Source
		}
		for ; len(records) > 0 && !records[0].Start.After(now); records = records[1:] {
			last[records[0].Source] = records[0]
		}
		r, played := last[active]
		audible := played && (r.Duration == 0 || now.Before(r.end()))
		if open && audible && log[len(log)-1].Fingerprint == r.Fingerprint {
			continue
		}
		if open {
			log[len(log)-1].Until = now
		}
		if open = audible; open {
			log = append(log, Segment{Entry: r.Entry, Fingerprint: r.Fingerprint, Source: r.Source, From: now})
		}
	}
	if open {
		log[len(log)-1].Until = w.To
	}
	return log
}

// end is when a record of known duration is over if nothing cuts it.
func (r Record) end() time.Time { return r.Start.Add(r.Duration) }

// instants returns, in order, the moments of w at which the record on air may
// change; the first is the start of w.
func instants(w Window, records []Record, activations []model.Activation) []time.Time {
	var all []time.Time
	add := func(t time.Time) {
		if !t.Before(w.From) && (w.To.IsZero() || t.Before(w.To)) {
			all = append(all, t)
		}
	}
	add(w.From)
	for _, r := range records {
		add(r.Start)
		add(r.end())
	}
	for _, a := range activations {
		add(a.From)
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}
