package original

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

var epoch = time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)

// list is a playlog, the latest first.
type list struct {
	playlog                            []Played
	ignorePage, ignoreDates, ascending bool
	most                               int // it returns no more at once, whatever limit is requested
	asked                              []pageQuery
}

// newList plays a title at every interval, up to epoch.
func newList(titles int, every time.Duration) *list {
	l := &list{most: 7}
	for i := range titles {
		l.playlog = append(l.playlog, Played{Entry: model.Entry{TrackStart: epoch.Add(-time.Duration(i) * every), Title: strconv.Itoa(i)}})
	}
	return l
}

func (l *list) page(_ context.Context, q pageQuery) ([]Played, error) {
	l.asked = append(l.asked, q)
	var found []Played
	for _, e := range l.playlog {
		isLater := !q.to.IsZero() && e.TrackStart.After(q.to)
		if l.ignoreDates || !isLater && !e.TrackStart.Before(q.from) {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b Played) int {
		if l.ascending {
			a, b = b, a
		}
		return b.TrackStart.Compare(a.TrackStart)
	})
	if l.ignorePage {
		q.number = 0
	}
	limit := min(q.limit, l.most)
	from := min(q.number*limit, len(found))
	return found[from:min(from+limit, len(found))], nil
}

// TestWalk: the walk reaches everything that an original node has, whether the
// node supports pages or dates. Otherwise the walk reports that it did not.
func TestWalk(t *testing.T) {
	t.Parallel()
	many := 7*windowPages*2 + 50
	for _, test := range []struct {
		name   string
		list   *list
		change func(*list)
		want   int
		err    error
	}{
		{"Few", newList(30, time.Minute), func(*list) {}, 30, nil},
		{"None", newList(0, time.Minute), func(*list) {}, 0, nil},
		{"Many", newList(many, time.Minute), func(*list) {}, many, nil},
		{"ManyAtOnce", newList(many, time.Millisecond), func(*list) {}, many, nil},
		{"AllAtOnce", newList(many, 0), func(*list) {}, many, nil},
		{"NoDates", newList(many, time.Minute), func(l *list) { l.ignoreDates = true }, many, nil},
		{"NoPages", newList(30, time.Minute), func(l *list) { l.ignorePage = true }, 30, nil},
		{"NeitherPagesNorDates", newList(30, time.Minute), func(l *list) { l.ignorePage, l.ignoreDates = true, true }, 7, errPagesRepeat},
		{"OldestFirst", newList(many, time.Minute), func(l *list) { l.ascending = true }, many, nil},
		{"OldestFirstNoPages", newList(30, time.Minute), func(l *list) { l.ascending, l.ignorePage = true, true }, 7, errPagesRepeat},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.change(test.list)
			w := walk{page: test.list.page, limit: 10}
			titles := map[string]bool{}
			page, err := w.next(t.Context())
			for ; err == nil && len(page) > 0; page, err = w.next(t.Context()) {
				for _, e := range page {
					titles[e.Title] = true
				}
			}
			if !errors.Is(err, test.err) {
				t.Errorf("error is %v, want %v", err, test.err)
			}
			if len(titles) != test.want {
				t.Errorf("%d entries, want %d", len(titles), test.want)
			}
			if err != nil {
				return
			}
			asked := len(test.list.asked)
			if page, err := w.next(t.Context()); err != nil || len(page) != 0 || len(test.list.asked) != asked {
				t.Errorf("behind the end: %v, %v", page, err)
			}
			for _, q := range test.list.asked {
				if test.name == "Many" && q.number >= windowPages {
					t.Errorf("asked for page %d", q.number)
				}
			}
		})
	}
}

// TestWalk_Fails: the error names a page that does not arrive, and the page is
// requested again.
func TestWalk_Fails(t *testing.T) {
	t.Parallel()
	l, away := newList(30, time.Minute), errors.New("away")
	w := walk{page: l.page, limit: 10}
	if _, err := w.next(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.page = func(context.Context, pageQuery) ([]Played, error) { return nil, away }
	if _, err := w.next(t.Context()); !errors.Is(err, away) || err.Error() != "fetch page 1 of an original node's playlog: away" {
		t.Errorf("error is %v", err)
	}
	w.page = l.page
	if page, err := w.next(t.Context()); err != nil || len(page) != 7 || page[0].Title != "7" {
		t.Errorf("after that %v, %v", page, err)
	}
}
