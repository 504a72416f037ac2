package report

import (
	"cmp"
	"context"
	"time"
)

// inTimeslot is the longest gap between two plays of one timeslot that is no
// hole. Planned lengths and starts are that exact.
const inTimeslot = 5 * time.Second

// hole is time in which nothing was heard although something should have been.
type hole struct {
	// from and until are within the period.
	from, until time.Time
	// before sounded until the hole began. after is nil if nothing followed yet.
	before, after *Play
	// within is true if before and after belong to one timeslot.
	within bool
}

func (h *hole) length() time.Duration { return h.until.Sub(h.from).Round(time.Millisecond) }

// holes calls fn for every hole, in order.
func (r *Report) holes(ctx context.Context, fn func(*hole) error) error {
	s := r.search(fn)
	if err := r.Plays(ctx, func(p Play) error { return s.play(&p) }); err != nil {
		return err
	}
	return s.end()
}

// search finds the holes between plays that come in order. It keeps one play.
type search struct {
	report *Report
	found  func(*hole) error
	// last is the play that sounded longest so far.
	last *Play
}

func (r *Report) search(found func(*hole) error) *search { return &search{report: r, found: found} }

// play looks at the next play.
func (s *search) play(p *Play) error {
	if err := s.gap(p); err != nil {
		return err
	}
	if s.last == nil || !p.Until.Before(s.last.Until) {
		s.last = p
	}
	return nil
}

// end looks at what comes after the last play.
func (s *search) end() error { return s.gap(nil) }

// gap looks at the time between the last play and the next one, which is nil if
// none followed yet. A log begins with its first play, so there is no hole before
// that.
func (s *search) gap(next *Play) error {
	if s.last == nil {
		return nil
	}
	h := hole{from: s.last.Until, until: s.report.Made, before: s.last, after: next}
	longest := s.report.HoleAfter
	if next != nil {
		h.until = earlier(next.From, h.until)
		h.within = next.Entry.TimeslotID != 0 && next.Entry.TimeslotID == s.last.Entry.TimeslotID
	}
	if h.within {
		longest = min(longest, inTimeslot)
	}
	if h.until.Sub(h.from) <= longest {
		return nil
	}
	h.from, h.until = later(h.from, s.report.Period.From), earlier(h.until, s.report.Period.To)
	if !h.from.Before(h.until) {
		return nil
	}
	return s.found(&h)
}

func (h *hole) write(to cells) {
	to.moment("from", h.from)
	to.moment("until", h.until)
	to.seconds("seconds", h.length())
	var timeslot, show int64
	var name string
	if h.within {
		before, after := h.before.Entry, h.after.Entry
		timeslot, show, name = before.TimeslotID, cmp.Or(before.ShowID, after.ShowID), cmp.Or(before.ShowName, after.ShowName)
	}
	writeKnown(to, "timeslot_id", timeslot)
	writeKnown(to, "show_id", show)
	to.text("show_name", name)
	writeNeighbour(to, "before_", h.before)
	writeNeighbour(to, "after_", h.after)
}

// writeNeighbour writes a play next to a hole; nil is unknown.
func writeNeighbour(to cells, side string, p *Play) {
	if p == nil {
		p = &Play{}
	}
	writeKnown(to, side+"id", p.Entry.ID)
	to.moment(side+"track_start", p.From)
	to.moment(side+"track_end", p.Until)
	to.text(side+"track_artist", p.Entry.Artist)
	to.text(side+"track_title", p.Entry.Title)
	writeKnown(to, side+"log_source", int64(p.Entry.LogSource))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
