package report

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// total counts plays and how long they were audible.
type total struct {
	plays   int64
	audible time.Duration
}

func (t *total) add(p Play) {
	t.plays++
	t.audible += p.Audible()
}

type titleTotal struct {
	artist, title string
	total
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

// totals are the sums over all plays. A report keeps them in memory.
type totals struct {
	all    total
	titles map[[2]string]*titleTotal // by artist and title
	shows  map[showKey]*showTotal
	types  map[int]*typeTotal
}

// showKey is the show's number, or its name if it has no number. So a show that
// was renamed during the month remains one show.
type showKey struct {
	id   int64
	name string
}

// tally adds up all plays and passes each of them on to row.
func tally(ctx context.Context, plays Plays, row func(Play) error) (*totals, error) {
	t := &totals{
		titles: map[[2]string]*titleTotal{},
		shows:  map[showKey]*showTotal{},
		types:  map[int]*typeTotal{},
	}
	err := plays(ctx, func(p Play) error {
		t.add(p)
		return row(p)
	})
	return t, err
}

func (t *totals) add(p Play) {
	t.all.add(p)

	e := p.Entry
	title, ok := t.titles[[2]string{e.Artist, e.Title}]
	if !ok {
		title = &titleTotal{artist: e.Artist, title: e.Title}
		t.titles[[2]string{e.Artist, e.Title}] = title
	}
	title.add(p)

	key := showKey{id: e.ShowID}
	if e.ShowID == 0 {
		key.name = e.ShowName
	}
	show, ok := t.shows[key]
	if !ok {
		show = &showTotal{id: e.ShowID}
		t.shows[key] = show
	}
	if e.ShowName != "" {
		show.name = e.ShowName // the latest name counts
	}
	show.add(p)

	kind, ok := t.types[e.TrackType]
	if !ok {
		kind = &typeTotal{number: e.TrackType}
		t.types[e.TrackType] = kind
	}
	kind.add(p)
}

// records are the rows of any part except the plays: titles by artist and
// title, shows by name and number, types by number.
func (t *totals) records(part Part) []record {
	switch part {
	case PartTitles:
		return sorted(maps.Values(t.titles), func(a, b *titleTotal) int {
			return cmp.Or(cmp.Compare(a.artist, b.artist), cmp.Compare(a.title, b.title))
		})
	case PartShows:
		return sorted(maps.Values(t.shows), func(a, b *showTotal) int {
			return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id))
		})
	default:
		return sorted(maps.Values(t.types), func(a, b *typeTotal) int { return cmp.Compare(a.number, b.number) })
	}
}

func sorted[T record](rows func(func(T) bool), compare func(a, b T) int) []record {
	var records []record
	for _, row := range slices.SortedFunc(rows, compare) {
		records = append(records, row)
	}
	return records
}
