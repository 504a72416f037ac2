package heard_test

import (
	"slices"
	"time"
)

// sameTitle: the same artist and title (a blank album equals any; if artist and
// title are blank, show, timeslot and media must be equal and known).
func sameTitle(p, q *said) bool {
	if p.Artist != q.Artist || p.Title != q.Title {
		return false
	}
	if p.Album != q.Album && p.Album != "" && q.Album != "" {
		return false
	}
	if p.Artist == "" && p.Title == "" {
		return p.ShowName == q.ShowName && p.ShowID == q.ShowID && (p.ShowName != "" || p.ShowID != 0) &&
			p.TimeslotID == q.TimeslotID && p.TimeslotID != 0 &&
			p.MediaID == q.MediaID && p.MediaID != 0
	}
	return true
}

// repeats: the next begins before the planned end of the one before or, where
// that is unknown, within 5 s of its start (and at most 6 hours after it).
// Except: it begins in the last 10 s of it and then sounds, until a moment, for
// at least half of its own planned duration; then it was played twice.
func repeats(p, q *said, sounds moment) bool {
	if !sameTitle(p, q) || q.start > p.start+6*time.Hour {
		return false
	}
	if p.end == never {
		return q.start <= p.start+5*time.Second
	}
	if q.start >= p.end {
		return false
	}
	playedTwice := q.start >= p.end-10*time.Second && q.end != never && 2*(sounds-q.start) >= q.Duration
	return !playedTwice
}

// findRepetitions goes from the last play to the first, because how long a play
// sounds depends on what follows. A fallback does not stand between.
func (o *oracle) findRepetitions() {
	o.groups = nil
	programme := slices.DeleteFunc(slices.Clone(o.plays), func(p *said) bool { return p.fallback })
	next := never // when the play after the group begins
	for _, p := range slices.Backward(programme) {
		if len(o.groups) > 0 {
			g := o.groups[0]
			if repeats(p, g.members[0], min(next, endOf(g.members))) {
				g.members = slices.Insert(g.members, 0, p)
				continue
			}
			next = g.members[0].start
		}
		o.groups = slices.Insert(o.groups, 0, &group{members: []*said{p}})
	}
	for _, g := range o.groups {
		g.end = endOf(g.members)
	}
}

// endOf: one play, until the end of the last. A last one of unknown duration
// ends when the one before would have.
func endOf(members []*said) moment {
	for _, m := range slices.Backward(members) {
		if m.end != never {
			return m.end
		}
	}
	return never
}
