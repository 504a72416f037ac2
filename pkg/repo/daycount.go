package repo

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// dayRow is how many entries were played on a day, in UTC, as table playlog_day
// keeps it. The numbers of a stale day are out of date.
type dayRow struct {
	Day     string `gorm:"primaryKey"`
	Visible int64  // not void
	Sent    int64  // sent by an engine
	IsStale bool
}

// TableName implements gorm's schema.Tabler.
func (dayRow) TableName() string { return "playlog_day" }

// counted is what matters about an entry for the numbers of a day. It is zero
// for no entry.
type counted struct {
	day           time.Time
	visible, sent bool
}

func countedAs(e *model.Entry) counted {
	if e == nil {
		return counted{}
	}
	return counted{sqldb.StartOfDay(e.PlayedAt()), !e.Overlay.Void, !e.Manual}
}

// CountDays counts the entries of each day in a database whose schema is in place,
// also those that a program of an older version stored. Until then, CountEntries
// counts one by one. Call it once at the start. It takes some seconds for ten
// years of entries, so bound ctx. Error: model.ErrUnavailable.
func (r reader) CountDays(ctx context.Context) error {
	return r.db.Fail(ctx, "count the entries of each day", r.days.countAll(ctx))
}

// dayCounts derives how many entries were played on each day. A list shows its
// length after every write, and counting years of entries would take longer
// than the write.
//
// A write names in its own transaction the days that are to be counted again, and
// the next read that needs them does that. An entry that is fresh says so of
// itself, so that storing it stays a single statement; who derives what was heard
// of it names its day. What nobody says, because an older program wrote it, is
// counted at the next start.
type dayCounts struct {
	db *sqldb.DB
	// complete: since this process began, all days have been counted.
	complete atomic.Bool
	// turn is held by the goroutine that counts. Others wait for its result.
	turn chan struct{}
	// name has the days of fresh entries named, as far as possible.
	name func(ctx context.Context)
}

func newDayCounts(db *sqldb.DB) *dayCounts {
	c := &dayCounts{db: db, turn: make(chan struct{}, 1)}
	c.name = c.nameDays
	return c
}

// maxStale is how many days are counted in one transaction, at most.
const maxStale = 100

// span is the span of q in the table of days. It is not known if the table does not
// count what q selects, if too much has changed to be counted at once, or if the
// numbers can't be stored now.
func (c *dayCounts) span(ctx context.Context, q entryQuery) (s sqldb.Span, known bool) {
	if !q.isByDay() || !c.complete.Load() {
		return s, false
	}
	// Today changes with every title, so it is always counted directly.
	s = sqldb.SpanOf(q.From, q.To, sqldb.StartOfDay(time.Now()))
	work, err := c.derive(ctx, s.First, s.Last)
	return s, err == nil && !work.more && !work.unnamed
}

// markStale notes that days are to be counted again.
func (tx *writing) markStale(ctx context.Context, days []time.Time) error {
	for part := range slices.Chunk(days, tx.Dialect.RowsPerStatement()) {
		rows := make([]dayRow, len(part))
		for i, day := range part {
			rows[i] = dayRow{Day: sqldb.Date(day), IsStale: true}
		}
		err := tx.gorm(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "day"}},
			DoUpdates: clause.Assignments(map[string]any{"is_stale": true}),
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "is_stale = 0"}}},
		}).Create(&rows).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// countAll counts all days.
func (c *dayCounts) countAll(ctx context.Context) error {
	if err := c.markAll(ctx); err != nil {
		return err
	}
	for more := true; more; {
		work, err := c.derive(ctx, time.Time{}, sqldb.UntilTime(time.Time{}).Time)
		if err != nil {
			return err
		}
		more = work.more
	}
	c.complete.Store(true)
	return nil
}

// markAll marks every day on which something was played, or that has a number.
func (c *dayCounts) markAll(ctx context.Context) error {
	for from := new(time.Time); from != nil; {
		var days []time.Time
		var err error
		if days, from, err = c.daysFrom(ctx, *from); err != nil {
			return err
		}
		if err := storeDerived(ctx, c.db, func(ctx context.Context, tx *writing) error { return tx.markStale(ctx, days) }); err != nil {
			return err
		}
	}
	return storeDerived(ctx, c.db, func(ctx context.Context, tx *writing) error {
		return tx.gorm(ctx).Model(&dayRow{}).Where("is_stale = 0").Update("is_stale", true).Error
	})
}

// daysFrom are the first days on which something was played, and where to
// continue, nil after the last one.
func (c *dayCounts) daysFrom(ctx context.Context, from time.Time) (days []time.Time, next *time.Time, err error) {
	ctx, cancel := c.db.Deadline(ctx)
	defer cancel()
	for len(days) < maxStale {
		var played []sqldb.Time
		err := c.db.Read.WithContext(ctx).Model(&entryRow{}).Where("played_at >= ?", sqldb.At(from)).
			Order("played_at").Limit(1).Pluck("played_at", &played).Error
		if err != nil || len(played) == 0 {
			return days, nil, c.db.Classify(ctx, err)
		}
		day := sqldb.StartOfDay(played[0].Time)
		days, from = append(days, day), sqldb.NextDay(day)
	}
	return days, &from, nil
}

// derive counts again what has changed since it was counted, of the days from
// first until before last. It returns what that was.
func (c *dayCounts) derive(ctx context.Context, first, last time.Time) (work uncounted, err error) {
	c.name(ctx)
	if work, err = c.changed(ctx, first, last); err != nil || work.none() {
		return work, err
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return work, ctx.Err()
	}
	// Another goroutine may have done it meanwhile.
	if work, err = c.changed(ctx, first, last); err != nil || work.none() {
		return work, err
	}
	return work, storeDerived(ctx, c.db, func(ctx context.Context, tx *writing) error { return tx.countDays(ctx, work.days) })
}

// uncounted is what is to be counted.
type uncounted struct {
	days    []time.Time // in order
	more    bool        // there are more days
	unnamed bool        // there are fresh entries, whose days are not named yet
}

func (u uncounted) none() bool { return len(u.days) == 0 }

// changed finds what is to be counted in the days from first until before last.
func (c *dayCounts) changed(ctx context.Context, first, last time.Time) (u uncounted, err error) {
	read := c.db.Read.WithContext(ctx)
	var unnamed []int64
	err = read.Model(&entryRow{}).Where("is_uncounted = 1 AND played_at >= ? AND played_at < ?", sqldb.At(first), sqldb.At(last)).
		Limit(1).Pluck("id", &unnamed).Error
	if err != nil {
		return u, err
	}
	var stale []dayRow
	err = read.Where("is_stale = 1 AND day >= ? AND day < ?", sqldb.Date(first), sqldb.Date(last)).
		Order("day").Limit(maxStale).Find(&stale).Error
	if err != nil {
		return u, err
	}
	for _, s := range stale {
		day, err := time.Parse(time.DateOnly, s.Day)
		if err != nil {
			return u, err
		}
		u.days = append(u.days, day)
	}
	u.more, u.unnamed = len(stale) == maxStale, len(unnamed) > 0
	return u, nil
}

// nameDays names the days of entries that say so of themselves in a database that
// derives nothing else from them.
func (c *dayCounts) nameDays(ctx context.Context) {
	entries, err := bulk{c.db.Reads()}.fresh(ctx, mostPending)
	if err == nil && len(entries) > 0 {
		err = storeDerived(ctx, c.db, func(ctx context.Context, tx *writing) error { return tx.settle(ctx, entries) })
	}
	if err != nil && ctx.Err() == nil { // they are counted one by one
		c.db.Log.Debug().Err(err).Msg("days of new entries can't be named now")
	}
}

// countDays counts days. It first takes the marks back, and so locks them: who
// names a day from now on waits, and marks it again. Only then does it read, and
// thus sees all that was marked until now. If an entry was moved meanwhile, that
// write named both days.
func (tx *writing) countDays(ctx context.Context, days []time.Time) error {
	rows := make([]dayRow, len(days))
	for i, day := range days {
		rows[i] = dayRow{Day: sqldb.Date(day)}
	}
	if err := storeDays(tx.gorm(ctx), rows, tx.Dialect.RowsPerStatement()); err != nil {
		return err
	}
	for i, day := range days {
		err := tx.gorm(ctx).Raw("SELECT COALESCE(SUM(1 - is_void), 0), COALESCE(SUM(1 - is_manual), 0) FROM playlog WHERE played_at >= ? AND played_at < ?",
			sqldb.At(day), sqldb.At(sqldb.NextDay(day))).Row().Scan(&rows[i].Visible, &rows[i].Sent)
		if err != nil {
			return err
		}
	}
	return storeDays(tx.gorm(ctx), rows, tx.Dialect.RowsPerStatement())
}

// storeDays does not use REPLACE, which needs the privilege to delete.
func storeDays(g *gorm.DB, rows []dayRow, size int) error {
	return g.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(&rows, size).Error
}
