package airlog

import (
	"context"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// dayRow is how many segments begin on a day, in UTC, as table onair_day keeps
// it. The number is stored because a list shows its length after every change:
// counting years of segments would take longer than the change.
type dayRow struct {
	Day      string `gorm:"primaryKey"`
	Segments int64
}

// TableName implements gorm's schema.Tabler.
func (dayRow) TableName() string { return "onair_day" }

// touchDays remembers the days on which more or fewer segments begin than
// before. If the segments are not written, it also remembers by how many.
func (l *Log) touchDays(remove, add []onair.Segment) {
	net := make(map[time.Time]int64)
	for _, s := range remove {
		net[sqldb.StartOfDay(s.From)]--
	}
	for _, s := range add {
		net[sqldb.StartOfDay(s.From)]++
	}
	for day, n := range net {
		switch {
		case l.DryRun:
			l.days[day] += n
		case n != 0:
			l.days[day] = 0
		}
	}
}

// touchDaysOf remembers all days of segments.
func (l *Log) touchDaysOf(segments []onair.Segment) {
	for _, s := range segments {
		l.days[sqldb.StartOfDay(s.From)] += 0
	}
}

// touchCounted remembers the days within w for which the table has a number.
func (l *Log) touchCounted(ctx context.Context, w onair.Window) error {
	var counted []dayRow
	err := l.tx.Gorm(ctx).Where("day >= ? AND day <= ? AND segments > 0",
		sqldb.Date(sqldb.StartOfDay(w.From)), sqldb.Date(sqldb.StartOfDay(sqldb.UntilTime(w.To).Time))).Find(&counted).Error
	if err != nil {
		return err
	}
	for _, c := range counted {
		day, err := time.Parse(time.DateOnly, c.Day)
		if err != nil {
			return err
		}
		l.days[day] += 0
	}
	return nil
}

// countDays writes how many segments begin on the touched days, if the table
// says something different. It counts them instead of adding the difference, so
// that a wrong number does not stay wrong.
func (l *Log) countDays(ctx context.Context) error {
	for part := range slices.Chunk(slices.SortedFunc(maps.Keys(l.days), time.Time.Compare), l.rows.Dialect.RowsPerStatement()) {
		wrong, err := l.wrongDays(ctx, part)
		if err != nil {
			return err
		}
		l.Differing += len(wrong)
		if len(wrong) > 0 && !l.DryRun {
			// Not by REPLACE, which needs the privilege to delete.
			if err := l.tx.Gorm(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&wrong).Error; err != nil {
				return err
			}
		}
		l.tx.GoesOn()
	}
	clear(l.days)
	return nil
}

// wrongDays are the days for which the table has a wrong number, with the right
// number.
func (l *Log) wrongDays(ctx context.Context, days []time.Time) (wrong []dayRow, err error) {
	dates := make([]string, len(days))
	for i, day := range days {
		dates[i] = sqldb.Date(day)
	}
	var counted []dayRow
	if err := l.tx.Gorm(ctx).Where("day IN ?", dates).Find(&counted).Error; err != nil {
		return nil, err
	}
	known := make(map[string]int64, len(counted))
	for _, c := range counted {
		known[c.Day] = c.Segments
	}
	for i, day := range days {
		var n int64
		err := l.tx.Gorm(ctx).Raw("SELECT COUNT(*) FROM onair WHERE from_at >= ? AND from_at < ?", sqldb.At(day), sqldb.At(sqldb.NextDay(day))).Scan(&n).Error
		if err != nil {
			return nil, err
		}
		if n += l.days[day]; n != known[dates[i]] {
			wrong = append(wrong, dayRow{dates[i], n})
		}
	}
	return wrong, nil
}

// Recount counts again the first days, from a given time on, on which segments
// begin or that have a number. It returns where to continue, or nil after the
// last day.
func (l *Log) Recount(ctx context.Context, from time.Time) (next *time.Time, err error) {
	if next, err = l.touchFrom(ctx, from); err != nil {
		return nil, err
	}
	return next, l.countDays(ctx)
}

// recountedDays is how many days are counted again in one transaction.
const recountedDays = 60

// touchFrom remembers the days that Recount counts.
func (l *Log) touchFrom(ctx context.Context, from time.Time) (next *time.Time, err error) {
	for range recountedDays {
		day, found, err := l.dayFrom(ctx, from)
		if err != nil || !found {
			return nil, err
		}
		l.days[day] += 0
		from = sqldb.NextDay(day)
	}
	return &from, nil
}

// dayFrom is the first day, from a given time on, on which segments begin or
// that has a number.
func (l *Log) dayFrom(ctx context.Context, from time.Time) (day time.Time, found bool, err error) {
	segments, err := sqldb.Select(ctx, l.rows.Conn, scanTime, "SELECT from_at FROM onair WHERE from_at >= ? ORDER BY from_at LIMIT 1", sqldb.At(from))
	if err != nil {
		return day, false, err
	}
	var counted []dayRow
	if err := l.tx.Gorm(ctx).Where("day >= ? AND segments > 0", sqldb.Date(from)).Order("day").Limit(1).Find(&counted).Error; err != nil {
		return day, false, err
	}
	for _, s := range segments {
		day, found = sqldb.StartOfDay(s), true
	}
	for _, c := range counted {
		at, err := time.Parse(time.DateOnly, c.Day)
		if err != nil {
			return day, false, err
		}
		if !found || at.Before(day) {
			day, found = at, true
		}
	}
	return day, found, nil
}

// Aired is the list of a station's segments, by when they begin.
var Aired = sqldb.DayIndex{Rows: "onair", At: "from_at", Where: "TRUE", Days: "onair_day", Number: "segments"}
