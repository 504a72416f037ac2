package repo

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/onair"
)

// Table onair_day says how many segments begin on each day, in UTC: a list says
// how long it is after every change, and counting years of segments takes longer
// than the change.

// startOfDay is the begin of a day of that table.
func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

func nextDay(day time.Time) time.Time { return day.AddDate(0, 0, 1) }

// dayDate is a day as the databases keep it.
func dayDate(day time.Time) string { return day.Format(time.DateOnly) }

// touchDays remembers the days on which more or fewer segments begin than before.
func (l *airLog) touchDays(remove, add []onair.Segment) {
	net := make(map[time.Time]int)
	for _, s := range remove {
		net[startOfDay(s.From)]--
	}
	for _, s := range add {
		net[startOfDay(s.From)]++
	}
	for day, n := range net {
		if n != 0 {
			l.days[day] = struct{}{}
		}
	}
}

// touchCounted remembers the days within w for which the table has a number.
func (l *airLog) touchCounted(ctx context.Context, w onair.Window) error {
	counted, err := l.rows.countedDays(ctx, w)
	for _, day := range counted {
		l.days[day] = struct{}{}
	}
	return err
}

// countDays writes how many segments begin on the touched days, where that is
// not what the table says. They are counted, not added up, so that a wrong
// number does not stay wrong.
func (l *airLog) countDays(ctx context.Context) error {
	days := slices.SortedFunc(maps.Keys(l.days), time.Time.Compare)
	clear(l.days)
	for part := range slices.Chunk(days, l.rows.dialect.rowsPerStatement()) {
		known, err := l.rows.daysAmong(ctx, part)
		if err != nil {
			return err
		}
		var wrong []dayCount
		for _, day := range part {
			n, err := l.rows.countDay(ctx, day)
			if err != nil {
				return err
			}
			if known[dayDate(day)] != n {
				wrong = append(wrong, dayCount{dayDate(day), n})
			}
		}
		l.differing += len(wrong)
		if len(wrong) > 0 && !l.dryRun {
			if err := l.rows.writeDays(ctx, wrong); err != nil {
				return err
			}
		}
		l.goesOn()
	}
	return nil
}

// dayCount is a row of table onair_day.
type dayCount struct {
	day      string
	segments int64
}

func scanDay(rows *sql.Rows) (d dayCount, err error) {
	return d, rows.Scan(&d.day, &d.segments)
}

// daysAmong are the numbers that the table has for some days.
func (r airRows) daysAmong(ctx context.Context, days []time.Time) (map[string]int64, error) {
	args := make([]any, len(days))
	for i, day := range days {
		args[i] = dayDate(day)
	}
	found, err := selectRows(ctx, r, scanDay, "SELECT day, segments FROM onair_day WHERE day IN (?"+strings.Repeat(", ?", len(days)-1)+")", args...)
	known := make(map[string]int64, len(found))
	for _, d := range found {
		known[d.day] = d.segments
	}
	return known, err
}

// countedDays are the days within w for which the table has a number.
func (r airRows) countedDays(ctx context.Context, w onair.Window) ([]time.Time, error) {
	return selectRows(ctx, r, func(rows *sql.Rows) (time.Time, error) {
		var day string
		if err := rows.Scan(&day); err != nil {
			return time.Time{}, err
		}
		return time.Parse(time.DateOnly, day)
	}, "SELECT day FROM onair_day WHERE day >= ? AND day <= ? AND segments > 0", dayDate(startOfDay(w.From)), dayDate(startOfDay(untilTime(w.To).Time)))
}

func (r airRows) countDay(ctx context.Context, day time.Time) (int64, error) {
	n, err := selectRows(ctx, r, func(rows *sql.Rows) (n int64, err error) { return n, rows.Scan(&n) },
		"SELECT COUNT(*) FROM onair WHERE from_at >= ? AND from_at < ?", dbTime{day}, dbTime{nextDay(day)})
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

func (r airRows) writeDays(ctx context.Context, days []dayCount) error {
	args := make([]any, 0, 2*len(days))
	for _, d := range days {
		args = append(args, d.day, d.segments)
	}
	return r.exec(ctx, "REPLACE INTO onair_day (day, segments) VALUES (?, ?)"+strings.Repeat(", (?, ?)", len(days)-1), args...)
}

// countAired counts the segments that begin in [from, to], where zero is open:
// whole days by the table, and one by one only what is left at both ends.
func countAired(read *gorm.DB, from, to time.Time) (n int64, err error) {
	from, to = roundUp(from), untilTime(to).Time
	first, last := startOfDay(from), startOfDay(to)
	if first.Before(from) {
		first = nextDay(first)
	}
	if !first.Before(last) { // no whole day lies between
		first, last = from, from
	}
	return n, read.Raw(`SELECT (SELECT COALESCE(SUM(segments), 0) FROM onair_day WHERE day >= ? AND day < ?)
		+ (SELECT COUNT(*) FROM onair WHERE from_at >= ? AND from_at < ?)
		+ (SELECT COUNT(*) FROM onair WHERE from_at >= ? AND from_at <= ?)`,
		dayDate(first), dayDate(last), dbTime{from}, dbTime{first}, dbTime{last}, dbTime{to}).Scan(&n).Error
}
