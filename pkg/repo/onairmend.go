package repo

import (
	"context"
	"maps"
	"math"
	"slices"
	"sort"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// touches are the moments from which the changes of one transaction count.
type touches struct {
	// told: the write has said what it touches, be it nothing.
	told        bool
	activations []time.Time
	records     map[int][]time.Time // by source
}

func (t *touches) activation(a model.Activation) {
	t.told = true
	t.activations = append(t.activations, a.From)
}

// inaudible says that nothing changed that matters on air.
func (t *touches) inaudible() { t.told = true }

// entry notes what became of an entry; before is nil if it is new. Most of what
// can change about an entry does not matter on air.
func (t *touches) entry(before, after *model.Entry) {
	t.told = true
	was, is := heard(before), heard(after)
	if was == is {
		return
	}
	for _, play := range []hearing{was, is} {
		if play.source != 0 {
			t.record(play.source, play.start)
		}
	}
}

func (t *touches) any() bool { return len(t.activations) > 0 || len(t.records) > 0 }

// hearing is what matters on air about an entry, zero for one that is not heard.
// The entry's identity is known.
type hearing struct {
	source   int
	start    time.Time
	duration time.Duration
}

func heard(e *model.Entry) hearing {
	if e == nil || e.Overlay.Void {
		return hearing{}
	}
	return hearing{e.LogSource, e.PlayedAt(), e.Effective().Duration}
}

func (t *touches) record(source int, at time.Time) {
	if t.records == nil {
		t.records = make(map[int][]time.Time)
	}
	t.records[source] = append(t.records[source], at)
}

// airLog is the on-air log within a transaction.
type airLog struct {
	tx            *writing
	rows          airRows
	defaultSource int
	dryRun        bool                // counts only
	whole         bool                // looks at all that is there, not only at what changes
	read          int                 // how many rows were needed
	differing     int                 // segments that were missing, wrong or too many, and days
	days          map[time.Time]int64 // whose segments are to be counted, and how many more a dry run found
}

func (s *sequencer) airLog(tx *writing) *airLog {
	return &airLog{
		tx:            tx,
		rows:          airRows{bulk: tx.bulk, page: s.page},
		defaultSource: s.defaultSource,
		days:          make(map[time.Time]int64),
	}
}

// follow brings the log up to date with what was touched: first who was active,
// then, source by source, what was played.
func (l *airLog) follow(ctx context.Context, t touches) error {
	for _, at := range sorted(t.activations) {
		next, err := l.rows.nextActivation(ctx, at)
		if err != nil {
			return err
		}
		reigns, _, err := l.reigns(ctx, onair.Touched(at, next), math.MaxInt32)
		if err != nil {
			return err
		}
		for _, r := range reigns {
			if err := l.mend(ctx, r); err != nil {
				return err
			}
		}
	}
	for _, source := range slices.Sorted(maps.Keys(t.records)) {
		if err := l.followSource(ctx, source, sorted(t.records[source])); err != nil {
			return err
		}
	}
	return l.countDays(ctx)
}

// followSource looks only at when the source was active: at other times it has
// nothing in the log, before the change and after it.
func (l *airLog) followSource(ctx context.Context, source int, touched []time.Time) error {
	windows, err := l.windows(ctx, source, touched)
	if err != nil {
		return err
	}
	reigns, _, err := l.reigns(ctx, onair.Window{From: windows[0].From, To: windows[len(windows)-1].To}, math.MaxInt32)
	if err != nil {
		return err
	}
	for _, w := range windows {
		for _, r := range reigns {
			if part, ok := intersect(w, r.Window); ok && r.source == source {
				if err := l.mend(ctx, reign{part, source}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func sorted(times []time.Time) []time.Time {
	times = slices.SortedFunc(slices.Values(times), time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal)
}

// near is how far apart two moments may be for their windows to be taken for
// one: few records start in between.
const near = 10 * time.Minute

// windows are those that the records of a source touched at these moments, in
// order. Records mostly follow one another, which makes one window; where they
// are far apart, the first look asks for the starts after all of them, and later
// looks, where that was too little, for as many as turned out to be useful.
func (l *airLog) windows(ctx context.Context, source int, touched []time.Time) ([]onair.Window, error) {
	var windows, open []onair.Window // open ones still end at the last moment in them
	for _, at := range touched {
		if n := len(open); n > 0 && at.Sub(open[n-1].To) <= near {
			open[n-1].To = at
		} else {
			open = append(open, onair.Window{From: at, To: at})
		}
	}
	limit := len(open)
	for len(open) > 0 {
		starts, err := l.rows.startsAfter(ctx, source, open[0].To, limit)
		if err != nil {
			return nil, err
		}
		seen := 0
		for _, w := range open {
			next := time.Time{}
			i := sort.Search(len(starts), func(i int) bool { return starts[i].After(w.To) })
			if i < len(starts) {
				next = starts[i]
			} else if len(starts) == limit {
				break // there may be more
			}
			windows = join(windows, onair.Touched(w.From, next))
			seen++
		}
		open = open[seen:]
		limit = min(2*seen, len(open))
	}
	return windows, nil
}

// join appends w, which neither begins nor ends before those that are there.
func join(windows []onair.Window, w onair.Window) []onair.Window {
	if n := len(windows); n > 0 && (windows[n-1].To.IsZero() || !w.From.After(windows[n-1].To)) {
		windows[n-1].To = w.To
		return windows
	}
	return append(windows, w)
}

func intersect(a, b onair.Window) (both onair.Window, ok bool) {
	both = a
	if b.From.After(both.From) {
		both.From = b.From
	}
	if both.To.IsZero() || !b.To.IsZero() && b.To.Before(both.To) {
		both.To = b.To
	}
	return both, both.To.IsZero() || both.From.Before(both.To)
}

// reign is a time during which one source is active.
type reign struct {
	onair.Window
	source int
}

// reigns divides w by who was active. Where there are more activations than
// limit, the window that they divide is only the begin of w.
func (l *airLog) reigns(ctx context.Context, w onair.Window, limit int) ([]reign, onair.Window, error) {
	activations, w, err := l.rows.activations(ctx, w, limit)
	if err != nil {
		return nil, w, err
	}
	current := reign{w, l.defaultSource}
	var reigns []reign
	for _, a := range activations { // the first may be from before w
		if a.Source == current.source {
			continue
		}
		if a.From.After(current.From) {
			ended := current
			ended.To = a.From
			reigns = append(reigns, ended)
			current.From = a.From
		}
		current.source = a.Source
	}
	return append(reigns, current), w, nil
}

// mendSome mends the begin of w, so much that a transaction remains short, and
// returns what remains, nil for nothing.
func (l *airLog) mendSome(ctx context.Context, w onair.Window) (rest *onair.Window, err error) {
	l.whole = true
	if rest, err = l.mendParts(ctx, w); err != nil {
		return nil, err
	}
	if rest != nil {
		w.To = rest.From
	}
	if err := l.touchCounted(ctx, w); err != nil {
		return nil, err
	}
	return rest, l.countDays(ctx)
}

func (l *airLog) mendParts(ctx context.Context, w onair.Window) (rest *onair.Window, err error) {
	reigns, part, err := l.reigns(ctx, w, l.rows.page)
	if err != nil {
		return nil, err
	}
	for _, r := range reigns {
		for rest := &r; rest != nil; {
			if l.read >= 2*l.rows.page {
				return &onair.Window{From: rest.From, To: w.To}, nil
			}
			if rest, err = l.mendPart(ctx, *rest); err != nil {
				return nil, err
			}
		}
	}
	if part.To.Equal(w.To) {
		return nil, nil
	}
	return &onair.Window{From: part.To, To: w.To}, nil
}

// mend makes the log within a reign what it must be, part by part, however long
// the reign is.
func (l *airLog) mend(ctx context.Context, r reign) error {
	for {
		rest, err := l.mendPart(ctx, r)
		if err != nil || rest == nil {
			return err
		}
		r = *rest
	}
}

// mendPart mends so much of a reign as fits into memory easily, and returns what
// remains, nil for nothing.
func (l *airLog) mendPart(ctx context.Context, r reign) (rest *reign, err error) {
	part := r.Window
	old, part, err := l.rows.segments(ctx, part)
	if err != nil {
		return nil, err
	}
	records, part, err := l.rows.records(ctx, r.source, part)
	if err != nil {
		return nil, err
	}
	// Within a reign nobody else is active.
	remove, add := onair.Splice(old, part, onair.Derive(part, records, nil, r.source))
	l.differing += countDifferent(remove, add)
	l.touchDays(remove, add)
	if l.whole {
		l.touchDaysOf(old)
	}
	if !l.dryRun {
		if err := l.rows.replace(ctx, remove, add); err != nil {
			return nil, err
		}
	}
	l.read += len(old) + len(records)
	l.tx.goesOn()
	if part.To.Equal(r.To) {
		return nil, nil
	}
	return &reign{onair.Window{From: part.To, To: r.To}, r.source}, nil
}

// countDifferent counts the places at which there is a segment too many, too
// few, or another one.
func countDifferent(remove, add []onair.Segment) int {
	starts := make([]time.Time, 0, len(remove)+len(add))
	for _, s := range slices.Concat(remove, add) {
		starts = append(starts, s.From)
	}
	return len(sorted(starts))
}
