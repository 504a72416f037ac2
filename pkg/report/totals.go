package report

import (
	"cmp"
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/model"
)

// total counts plays and how long they were audible.
type total struct {
	plays   int64
	audible time.Duration
}

func (t *total) add(p *Play, plays int64) { t.merge(total{plays, p.Audible()}) }

func (t *total) merge(other total) {
	t.plays += other.plays
	t.audible += other.audible
}

func (t *total) numbers() []*int64 { return []*int64{&t.plays, (*int64)(&t.audible)} }

type showTotal struct {
	key  showKey
	id   int64
	name string
	total
}

func (t *showTotal) fields() (texts []*string, numbers []*int64) {
	return []*string{&t.key.name, &t.name}, append(t.numbers(), &t.key.id, &t.id)
}

type typeTotal struct {
	number int64
	total
}

func (t *typeTotal) fields() (texts []*string, numbers []*int64) {
	return nil, append(t.numbers(), &t.number)
}

// mostInMemory is how many bytes of totals of one kind a report keeps in memory.
// The heap of the process is several times as large, because it is seldom cleaned.
const mostInMemory = 4 << 20

// totals are the sums over all plays that have begun. What outgrows memory is on
// the disk until close.
type totals struct {
	scratch    scratch
	summary    summary
	recordings *sums[recordingKey, recording, *recording]
	shows      *sums[showKey, showTotal, *showTotal]
	types      *sums[int, typeTotal, *typeTotal]
	last       *Play
}

func newTotals(most int) *totals {
	t := &totals{}
	t.recordings = newSums[recordingKey](&t.scratch, most, kind[*recording]{
		byKey: func(a, b *recording) int { return a.key.compare(b.key) },
		merge: (*recording).merge,
		shown: func(a, b *recording) int {
			return cmp.Or(cmp.Compare(a.artist, b.artist), cmp.Compare(a.title, b.title), cmp.Compare(a.album, b.album), cmp.Compare(a.isrc, b.isrc))
		},
	})
	t.shows = newSums[showKey](&t.scratch, most, kind[*showTotal]{
		byKey: func(a, b *showTotal) int {
			return cmp.Or(cmp.Compare(a.key.id, b.key.id), cmp.Compare(a.key.name, b.key.name))
		},
		merge: func(to, later *showTotal) {
			to.name = cmp.Or(later.name, to.name)
			to.merge(later.total)
		},
		shown: func(a, b *showTotal) int {
			return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id))
		},
	})
	byNumber := func(a, b *typeTotal) int { return cmp.Compare(a.number, b.number) }
	t.types = newSums[int](&t.scratch, most, kind[*typeTotal]{
		byKey: byNumber, shown: byNumber, merge: func(to, later *typeTotal) { to.merge(later.total) },
	})
	return t
}

// close removes what is on the disk.
func (t *totals) close() error { return t.scratch.close() }

// showKey is the show's number, or its name if it has no number. So a show that
// was renamed during the period remains one show.
type showKey struct {
	id   int64
	name string
}

func showOf(e *model.Entry) showKey {
	if e.ShowID != 0 {
		return showKey{id: e.ShowID}
	}
	return showKey{name: e.ShowName}
}

// tally adds up all plays of the period, and passes each of them on to row. The
// caller closes the totals.
func (r *Report) tally(ctx context.Context, row func(*Play) error) (*totals, error) {
	t := newTotals(cmp.Or(r.inMemory, mostInMemory))
	t.summary.rules, t.summary.purged = r.rules(), r.purged()
	if err := r.addUp(ctx, t, row); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

func (r *Report) addUp(ctx context.Context, t *totals, row func(*Play) error) error {
	holes := r.search(func(h *hole) error {
		t.summary.hole(h)
		return nil
	})
	err := r.Plays(ctx, func(p Play) error {
		if err := holes.play(&p); err != nil {
			return err
		}
		isOwn := r.Period.has(p.From)
		if p.From.Before(r.Made) {
			if err := t.add(&p, isOwn); err != nil {
				return err
			}
		}
		if !isOwn {
			return nil
		}
		return row(&p)
	})
	if err != nil {
		return err
	}
	return holes.end()
}

// add counts a play if it is one of the period's own. What goes on
// after a switch of the source is no further play.
func (t *totals) add(p *Play, isOwn bool) error {
	before := t.last
	t.last = p
	if !isOwn {
		return nil
	}
	plays := int64(1)
	if goesOn(before, p) {
		plays = 0
	}
	t.summary.play(p, plays)

	e := &p.Entry
	recordingKey, showKey := recordingOf(e), showOf(e)
	return errors.Join(
		t.recordings.add(recordingKey, func() *recording { return &recording{key: recordingKey} },
			func(r *recording) { r.add(p, plays) }),
		t.shows.add(showKey, func() *showTotal { return &showTotal{key: showKey, id: e.ShowID} },
			func(s *showTotal) {
				s.name = cmp.Or(e.ShowName, s.name) // the latest name counts
				s.add(p, plays)
			}),
		t.types.add(e.TrackType, func() *typeTotal { return &typeTotal{number: int64(e.TrackType)} },
			func(t *typeTotal) { t.add(p, plays) }),
	)
}

// each calls fn for every row of a part that is known last: titles by artist, title
// and album, shows by name and number, types by number.
func (t *totals) each(part Part, fn func(record) error) error {
	switch part {
	case PartTitles:
		return t.recordings.each(fn)
	case PartShows:
		return t.shows.each(fn)
	case PartTypes:
		return t.types.each(fn)
	default:
		return fn(&t.summary)
	}
}
