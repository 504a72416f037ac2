package airlog

import (
	"context"
	"math"
	"time"

	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Log is the on-air log within a transaction.
type Log struct {
	// DryRun: differences are counted, but not corrected.
	DryRun bool
	// Differing counts the segments that were missing, wrong or superfluous,
	// and the days with a wrong number.
	Differing int

	tx            *sqldb.Tx
	rows          rows
	defaultSource int
	whole         bool                // compare everything that is there, not only what changes
	read          int                 // how many rows were needed
	days          map[time.Time]int64 // days to be counted again, and how many segments more a dry run found
}

// New is the log within a transaction. defaultSource is active until the first
// activation. page is how many rows are read at once, at least 2.
func New(tx *sqldb.Tx, defaultSource, page int) *Log {
	return &Log{
		tx:            tx,
		rows:          rows{Conn: tx.Conn, page: page},
		defaultSource: defaultSource,
		days:          make(map[time.Time]int64),
	}
}

// Follow brings the log up to date with what was touched: first which source
// was active, then, source by source, what was played.
func (l *Log) Follow(ctx context.Context, t *onair.Touches) error {
	for _, at := range t.Activations() {
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
	for _, source := range t.Sources() {
		if err := l.followSource(ctx, source, t.Records(source)); err != nil {
			return err
		}
	}
	return l.countDays(ctx)
}

// followSource looks only at the times at which the source was active. At other
// times the source has nothing in the log, before the change and after it.
func (l *Log) followSource(ctx context.Context, source int, touched []time.Time) error {
	windows, err := onair.Windows(touched, func(at time.Time, limit int) ([]time.Time, error) {
		return l.rows.startsAfter(ctx, source, at, limit)
	})
	if err != nil {
		return err
	}
	reigns, _, err := l.reigns(ctx, onair.Window{From: windows[0].From, To: windows[len(windows)-1].To}, math.MaxInt32)
	if err != nil {
		return err
	}
	for _, w := range windows {
		for _, r := range reigns {
			if part, ok := w.Intersect(r.Window); ok && r.Source == source {
				if err := l.mend(ctx, onair.Reign{Window: part, Source: source}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// reigns divides w by which source was active. If there are more activations
// than limit, the returned window is only the beginning of w.
func (l *Log) reigns(ctx context.Context, w onair.Window, limit int) ([]onair.Reign, onair.Window, error) {
	activations, w, err := l.rows.activations(ctx, w, limit)
	if err != nil {
		return nil, w, err
	}
	return onair.Reigns(w, activations, l.defaultSource), w, nil
}

// MendSome mends the beginning of w, as much as keeps the transaction short. It
// returns the rest of w, or nil if nothing remains.
func (l *Log) MendSome(ctx context.Context, w onair.Window) (rest *onair.Window, err error) {
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

func (l *Log) mendParts(ctx context.Context, w onair.Window) (rest *onair.Window, err error) {
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

// mend corrects the log within a reign, part by part, however long the reign
// is.
func (l *Log) mend(ctx context.Context, r onair.Reign) error {
	for {
		rest, err := l.mendPart(ctx, r)
		if err != nil || rest == nil {
			return err
		}
		r = *rest
	}
}

// mendPart mends as much of a reign as easily fits into memory. It returns the
// rest, or nil if nothing remains.
func (l *Log) mendPart(ctx context.Context, r onair.Reign) (rest *onair.Reign, err error) {
	part := r.Window
	old, part, err := l.rows.segments(ctx, part)
	if err != nil {
		return nil, err
	}
	records, part, err := l.rows.records(ctx, r.Source, part)
	if err != nil {
		return nil, err
	}
	// Within a reign no other source is active.
	remove, add := onair.Splice(old, part, onair.Derive(part, records, nil, r.Source))
	l.Differing += onair.Differing(remove, add)
	l.touchDays(remove, add)
	if l.whole {
		l.touchDaysOf(old)
	}
	if !l.DryRun {
		if err := l.rows.replace(ctx, remove, add); err != nil {
			return nil, err
		}
	}
	l.read += len(old) + len(records)
	l.tx.GoesOn()
	if part.To.Equal(r.To) {
		return nil, nil
	}
	return &onair.Reign{Window: onair.Window{From: part.To, To: r.To}, Source: r.Source}, nil
}
