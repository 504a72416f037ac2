package airlog

import (
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// Difference is an entry of which more or less is heard than the log says.
type Difference struct {
	Entry int64
	// At is when it is heard first, by either.
	At time.Time
	// Before and After are how long it is heard: by the log, and by the rule.
	Before, After time.Duration
	// Reason says why, in words.
	Reason string
}

// compare tells the differences of two logs of one time.
func (l *Log) compare(old, fresh []onair.Segment) {
	differences := make(map[model.Fingerprint]*Difference)
	var order []model.Fingerprint
	note := func(s onair.Segment, add func(*Difference, time.Duration)) {
		d, known := differences[s.Fingerprint]
		if !known {
			d = &Difference{Entry: s.Entry, At: s.From}
			differences[s.Fingerprint] = d
			order = append(order, s.Fingerprint)
		}
		if s.Until.IsZero() { // nobody knows how long
			s.Until = s.From
		}
		add(d, s.Until.Sub(s.From))
	}
	for _, s := range old {
		note(s, func(d *Difference, length time.Duration) { d.Before += length })
	}
	for _, s := range fresh {
		note(s, func(d *Difference, length time.Duration) { d.After += length })
	}
	slices.SortFunc(order, func(a, b model.Fingerprint) int { return differences[a].At.Compare(differences[b].At) })
	for _, id := range order {
		if d := differences[id]; d.Before != d.After {
			d.Reason = l.reason(id, *d)
			l.Compare(*d)
		}
	}
}

func (l *Log) reason(id model.Fingerprint, d Difference) string {
	told := l.told[id]
	switch {
	case len(told.Why) > 0:
		return string(told.Why[0].Reason)
	case told.Estimated:
		return "unknown duration"
	case d.After > d.Before:
		return "heard for longer"
	}
	return "ends earlier"
}
