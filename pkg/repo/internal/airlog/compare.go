package airlog

import (
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// compare tells the differences of two logs of one time.
func (l *Log) compare(old, fresh []onair.Segment) {
	differences := make(map[model.Fingerprint]*onair.Difference)
	var order []model.Fingerprint
	note := func(s onair.Segment, add func(*onair.Difference, time.Duration)) {
		d, known := differences[s.Fingerprint]
		if !known {
			d = &onair.Difference{Entry: s.Entry, At: s.From}
			differences[s.Fingerprint] = d
			order = append(order, s.Fingerprint)
		}
		if s.Until.IsZero() { // nobody knows how long
			s.Until = s.From
		}
		add(d, s.Until.Sub(s.From))
	}
	for _, s := range old {
		note(s, func(d *onair.Difference, length time.Duration) { d.Before += length })
	}
	for _, s := range fresh {
		note(s, func(d *onair.Difference, length time.Duration) { d.After += length })
	}
	slices.SortFunc(order, func(a, b model.Fingerprint) int { return differences[a].At.Compare(differences[b].At) })
	for _, id := range order {
		if d := differences[id]; d.Before != d.After {
			d.Reason = l.reason(id, *d)
			l.Compare(*d)
		}
	}
}

func (l *Log) reason(id model.Fingerprint, d onair.Difference) string {
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
