package report

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// MostListed is how many shows, recordings and holes an overview lists at most.
const MostListed = 100

// Overview is what a person looks at before sending a report. Its sums are those of
// the report.
type Overview struct {
	Period Period
	All    Sum
	// Days are all days of the period that have begun.
	Days []Sum
	// Shows are the longest first, and Recordings those that were played most first;
	// at most MostListed.
	Shows, Types, Recordings []Sum
	// ShowCount and RecordingCount are how many there are.
	ShowCount, RecordingCount int64
	// Holes are the first ones, at most MostListed. HoleCount and HoleLength are
	// about all of them.
	Holes      []Hole
	HoleCount  int64
	HoleLength time.Duration
	// WithoutArtist counts plays that name no artist, Estimated those whose length is
	// an estimate, and Doubtful those of which something was not understood.
	WithoutArtist, Estimated, Doubtful int64
	// Purged says which plays are gone; "" if none are.
	Purged string
}

// Sum is how often something was played, and for how long.
type Sum struct {
	// Day begins a day, in sums of days.
	Day time.Time
	// Name is that of a show or a recording.
	Name, Artist string
	// Type is a track type.
	Type   int64
	Plays  int64
	Length time.Duration
}

// Hole is a time in which nothing was heard although something should have been.
type Hole struct {
	From, Until time.Time
	// Before and After are the plays next to it. After is nil if nothing followed yet.
	Before, After *Play
}

// Overview adds up the report in one pass. Memory is bounded as that of a report.
func (r *Report) Overview(ctx context.Context) (_ *Overview, err error) {
	o := &Overview{Period: r.Period}
	if err := o.begin(r.Made); err != nil {
		return nil, err
	}
	t := newTotals(cmp.Or(r.inMemory, mostInMemory))
	t.counted, t.found = o.count, o.hole
	defer func() { err = errors.Join(err, t.close()) }()
	if err := r.addUp(ctx, t, func(*Play) error { return nil }); err != nil {
		return nil, err
	}
	return o, o.conclude(t)
}

// begin makes the days of the period that have begun.
func (o *Overview) begin(made time.Time) error {
	for at := o.Period.From; at.Before(o.Period.To) && at.Before(made); {
		from, to, err := o.Period.Zone.Day(o.Period.Zone.In(at).Format(time.DateOnly))
		if err != nil {
			return err
		}
		o.Days, at = append(o.Days, Sum{Day: from}), to
	}
	return nil
}

// count counts a play on its day.
func (o *Overview) count(p *Play, plays int64) {
	after, _ := slices.BinarySearchFunc(o.Days, p.From, func(day Sum, at time.Time) int {
		if day.Day.After(at) {
			return 1
		}
		return -1
	})
	day := &o.Days[max(after-1, 0)]
	day.Plays += plays
	day.Length += p.Audible()
	if p.Entry.Doubts != "" {
		o.Doubtful += plays
	}
}

func (o *Overview) hole(h *hole) {
	if len(o.Holes) < MostListed {
		o.Holes = append(o.Holes, Hole{From: h.from, Until: h.until, Before: h.before, After: h.after})
	}
}

// conclude adds what is known last.
func (o *Overview) conclude(t *totals) error {
	s := &t.summary
	o.All, o.Purged = s.all.sum(Sum{}), s.purged
	o.HoleCount, o.HoleLength, o.WithoutArtist, o.Estimated = s.holes, s.holesLast, s.withoutArtist, s.estimated
	shows := ranking{by: func(a, b Sum) int { return cmp.Or(cmp.Compare(b.Length, a.Length), cmp.Compare(b.Plays, a.Plays)) }}
	recordings := ranking{by: func(a, b Sum) int { return cmp.Or(cmp.Compare(b.Plays, a.Plays), cmp.Compare(b.Length, a.Length)) }}
	err := errors.Join(
		t.shows.each(func(r record) error {
			show := r.(*showTotal)
			shows.add(show.sum(Sum{Name: show.name}))
			return nil
		}),
		t.recordings.each(func(r record) error {
			one := r.(*recording)
			recordings.add(one.sum(Sum{Name: one.title, Artist: one.artist}))
			return nil
		}),
		t.types.each(func(r record) error {
			one := r.(*typeTotal)
			o.Types = append(o.Types, one.sum(Sum{Type: one.number}))
			return nil
		}),
	)
	o.Shows, o.ShowCount = shows.first, shows.count
	o.Recordings, o.RecordingCount = recordings.first, recordings.count
	return err
}

func (t *total) sum(s Sum) Sum {
	s.Plays, s.Length = t.plays, t.audible
	return s
}

// ranking keeps the first MostListed of many.
type ranking struct {
	by    func(a, b Sum) int
	first []Sum
	count int64
}

func (r *ranking) add(s Sum) {
	r.count++
	at, _ := slices.BinarySearchFunc(r.first, s, func(kept, s Sum) int { return cmp.Or(r.by(kept, s), -1) })
	if at < MostListed {
		r.first = slices.Insert(r.first, at, s)
		r.first = r.first[:min(len(r.first), MostListed)]
	}
}
