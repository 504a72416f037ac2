package airlog

import (
	"context"
	"math"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Log is the on-air log, or what was heard of one source, within a transaction.
type Log struct {
	// DryRun: differences are counted, but not corrected.
	DryRun bool
	// Differing counts the segments that were missing, wrong or superfluous, the
	// plays with a wrong title, and the days with a wrong number.
	Differing int
	// AnyTitle: a dry run does not look at titles.
	AnyTitle bool
	// Rules count instead of those of the record, if there are any.
	Rules []model.HeardRule
	// Compare, which may be nil, is told of each entry of which more or less is
	// heard than the log says.
	Compare func(onair.Difference)

	tx            *sqldb.Tx
	rows          rows
	defaultSource int
	periods       []onair.Period                    // see readRules
	whole         bool                              // compare everything that is there, not only what changes
	read          int                               // how many rows were needed
	days          map[time.Time]int64               // days to be counted again, and how many segments more a dry run found
	titles        *Titles                           // of the plays of the log
	last          *said                             // what was read last; nil: nothing
	names         map[int64]name                    // of the entries of what audible returned last
	told          map[model.Fingerprint]heard.Heard // what was derived last, if somebody compares
}

// New is the on-air log of a station. defaultSource is active until the first
// activation. page is how many rows are read at once, at least 2.
func New(tx *sqldb.Tx, defaultSource, page int) *Log {
	l := newLog(tx, rows{Conn: tx.Conn, table: OnAir, page: page})
	l.defaultSource = defaultSource
	return l
}

// NewHeard is what was heard of a source of a node. Activations don't matter: the
// source is active all the time. Only what was said of that source may be
// followed.
func NewHeard(tx *sqldb.Tx, source, page int) *Log {
	return newLog(tx, rows{Conn: tx.Conn, table: Heard, source: source, page: page})
}

func newLog(tx *sqldb.Tx, r rows) *Log {
	return &Log{tx: tx, rows: r, days: make(map[time.Time]int64), titles: newTitles(tx, r)}
}

// Follow brings the log up to date with what was touched: first which source
// was active, then, source by source, what was said.
func (l *Log) Follow(ctx context.Context, t *onair.Touches) error {
	if !t.Any() {
		return nil
	}
	if err := l.readRules(ctx); err != nil {
		return err
	}
	for _, at := range t.Activations() {
		next, err := l.rows.nextActivation(ctx, at)
		if err != nil {
			return err
		}
		if err := l.mendReigns(ctx, onair.Touched(at, next), nil); err != nil {
			return err
		}
	}
	for _, source := range t.Sources() {
		l.titles.changes = t.Changes(source)
		err := l.changed(ctx, source, l.titles.changes, func(w onair.Window) error { return l.mendReigns(ctx, w, &source) })
		if err != nil {
			return err
		}
		if err := l.titles.rename(ctx); err != nil {
			return err
		}
	}
	return l.count(ctx)
}

// count brings up to date what is counted of the log.
func (l *Log) count(ctx context.Context) error {
	if err := l.countTitles(ctx); err != nil {
		return err
	}
	return l.countDays(ctx)
}

func (l *Log) countTitles(ctx context.Context) error {
	differing, err := l.titles.settle(ctx, l.DryRun)
	l.Differing += differing
	return err
}

// readRules reads by which rules, and when, it is derived what was heard.
func (l *Log) readRules(ctx context.Context) (err error) {
	rules := l.Rules
	if rules == nil {
		rules, err = Rules(ctx, l.rows.Conn)
	}
	l.periods = onair.Periods(rules)
	return err
}

// mendReigns corrects the log within w, where that source was active; nil means
// any. At other times the source has nothing in the log.
func (l *Log) mendReigns(ctx context.Context, w onair.Window, source *int) error {
	reigns, _, err := l.reigns(ctx, w, math.MaxInt32)
	if err != nil {
		return err
	}
	for _, r := range reigns {
		if source != nil && r.Source != *source {
			continue
		}
		if err := l.mend(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// reigns divides w by which source was active. If there are more activations
// than limit, the returned window is only the beginning of w.
func (l *Log) reigns(ctx context.Context, w onair.Window, limit int) ([]onair.Reign, onair.Window, error) {
	if l.rows.source != 0 {
		return []onair.Reign{{Window: w, Source: l.rows.source}}, w, nil
	}
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
	if err := l.readRules(ctx); err != nil {
		return nil, err
	}
	if rest, err = l.mendParts(ctx, w); err != nil {
		return nil, err
	}
	if rest != nil {
		w.To = rest.From
	}
	if err := l.touchCounted(ctx, w); err != nil {
		return nil, err
	}
	return rest, l.count(ctx)
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
	kept, part, err := l.rows.segments(ctx, r.Window)
	if err != nil {
		return nil, err
	}
	old := plain(kept)
	// Within a reign no other source is active.
	fresh, part, err := l.audible(ctx, r.Source, part)
	if err != nil {
		return nil, err
	}
	remove, add := onair.Splice(old, part, fresh)
	l.Differing += onair.Differing(remove, add)
	if l.Compare != nil {
		l.compare(onair.Clip(old, part), fresh)
	}
	l.touchDays(remove, add)
	if l.whole {
		l.touchDaysOf(old)
		if !l.AnyTitle {
			l.titles.touch(old)
		}
	}
	if !l.DryRun {
		if err := l.rows.replace(ctx, remove, l.titles.follow(kept, remove, add, l.names)); err != nil {
			return nil, err
		}
	}
	l.read += len(old)
	l.tx.GoesOn()
	if l.titles.areMany() {
		if err := l.countTitles(ctx); err != nil {
			return nil, err
		}
	}
	if part.To.Equal(r.To) {
		return nil, nil
	}
	return &onair.Reign{Window: onair.Window{From: part.To, To: r.To}, Source: r.Source}, nil
}
