package report

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

// total counts plays and how long they were audible.
type total struct {
	plays   int64
	audible time.Duration
}

func (t *total) add(p *Play, plays int64) {
	t.plays += plays
	t.audible += p.Audible()
}

type showTotal struct {
	id   int64
	name string
	total
}

type typeTotal struct {
	number int
	total
}

// totals are the sums over all plays that have begun. A report keeps them in
// memory.
type totals struct {
	summary    summary
	recordings map[recordingKey]*recording
	shows      map[showKey]*showTotal
	types      map[int]*typeTotal
	last       *Play
}

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

// tally adds up all plays of the period, and passes each of them on to row.
func (r *Report) tally(ctx context.Context, row func(*Play) error) (*totals, error) {
	t := &totals{
		summary:    summary{rules: r.rules()},
		recordings: map[recordingKey]*recording{},
		shows:      map[showKey]*showTotal{},
		types:      map[int]*typeTotal{},
	}
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
			t.add(&p, isOwn)
		}
		if !isOwn {
			return nil
		}
		return row(&p)
	})
	if err != nil {
		return nil, err
	}
	return t, holes.end()
}

// add counts a play if it is one of the period's own. What goes on
// after a switch of the source is no further play.
func (t *totals) add(p *Play, isOwn bool) {
	before := t.last
	t.last = p
	if !isOwn {
		return
	}
	plays := int64(1)
	if goesOn(before, p) {
		plays = 0
	}
	t.summary.play(p, plays)

	e := &p.Entry
	key := recordingOf(e)
	entryIn(t.recordings, key, func() *recording { return &recording{} }).add(p, key, plays)

	show := entryIn(t.shows, showOf(e), func() *showTotal { return &showTotal{id: e.ShowID} })
	if e.ShowName != "" {
		show.name = e.ShowName // the latest name counts
	}
	show.add(p, plays)

	entryIn(t.types, e.TrackType, func() *typeTotal { return &typeTotal{number: e.TrackType} }).add(p, plays)
}

// entryIn is the entry of a map with that key, made if there is none yet.
func entryIn[K comparable, V any](m map[K]*V, key K, newEntry func() *V) *V {
	v, ok := m[key]
	if !ok {
		v = newEntry()
		m[key] = v
	}
	return v
}

// records are the rows of a part that is known last: titles by artist, title and
// album, shows by name and number, types by number.
func (t *totals) records(part Part) []record {
	switch part {
	case PartTitles:
		return sorted(maps.Values(t.recordings), func(a, b *recording) int {
			return cmp.Or(cmp.Compare(a.artist, b.artist), cmp.Compare(a.title, b.title), cmp.Compare(a.album, b.album), cmp.Compare(a.isrc, b.isrc))
		})
	case PartShows:
		return sorted(maps.Values(t.shows), func(a, b *showTotal) int {
			return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id))
		})
	case PartTypes:
		return sorted(maps.Values(t.types), func(a, b *typeTotal) int { return cmp.Compare(a.number, b.number) })
	default:
		return []record{&t.summary}
	}
}

func sorted[T record](rows func(func(T) bool), compare func(a, b T) int) []record {
	var records []record
	for _, row := range slices.SortedFunc(rows, compare) {
		records = append(records, row)
	}
	return records
}
