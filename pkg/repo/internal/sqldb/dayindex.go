package sqldb

import (
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"
)

// DayIndex is a long list that is ordered by time, together with a table that has
// how many of its rows are on each day. With it, neither the length of the list nor
// a place deep in it needs a walk over more than two days of rows.
type DayIndex struct {
	// Rows is the table with the list's rows, and At the time by which they are
	// ordered. Where says which rows belong to the list.
	Rows, At, Where string
	// Days is the table of days, and Number its column.
	Days, Number string
}

// Span is the times in [From, To]. The table of days counts those in [First, Last).
type Span struct{ From, First, Last, To time.Time }

// SpanOf is the span of a query; a zero bound is open. The table of days counts no
// day from counted on.
func SpanOf(from, to, counted time.Time) Span {
	s := Span{From: RoundUp(from), To: UntilTime(to).Time}
	last := s.To
	if counted.Before(last) {
		last = counted
	}
	s.First, s.Last = WholeDays(s.From, last)
	return s
}

// Count is how many rows are in the span.
func (x DayIndex) Count(read *gorm.DB, s Span) (n int64, err error) {
	rows := "(SELECT COUNT(*) FROM " + x.Rows + " WHERE " + x.Where + " AND " + x.At + " >= ? AND " + x.At
	return n, read.Raw("SELECT (SELECT COALESCE(SUM("+x.Number+"), 0) FROM "+x.Days+" WHERE day >= ? AND day < ?) + "+rows+" < ?) + "+rows+" <= ?)",
		Date(s.First), Date(s.Last), At(s.From), At(s.First), At(s.Last), At(s.To)).Scan(&n).Error
}

// Seek finds the row before which offset rows are, newest first unless oldest. The
// list then begins at start, and at most one day of its rows is left out before that
// row. found is false if there are not so many rows.
func (x DayIndex) Seek(read *gorm.DB, s Span, offset int64, oldest bool) (start time.Time, left int64, found bool, err error) {
	newer, older := interval{s.Last, s.To}, interval{s.From, s.First.Add(-time.Microsecond)}
	head, tail := newer, older
	if oldest {
		head, tail = older, newer
	}
	n, err := x.countRows(read, head)
	if err != nil || offset < n {
		return head.start(oldest), offset, err == nil, err
	}
	offset -= n
	day, before, found, err := x.dayAt(read, s, offset, oldest)
	if err != nil || found {
		return interval{day, NextDay(day).Add(-time.Microsecond)}.start(oldest), offset - before, found, err
	}
	offset -= before
	n, err = x.countRows(read, tail)
	return tail.start(oldest), offset, err == nil && offset < n, err
}

// interval is the times in [from, to]. It is empty if to is before from.
type interval struct{ from, to time.Time }

// start is where a list of the interval begins.
func (i interval) start(oldest bool) time.Time {
	if oldest {
		return i.from
	}
	return i.to
}

func (x DayIndex) countRows(read *gorm.DB, i interval) (n int64, err error) {
	if i.to.Before(i.from) {
		return 0, nil
	}
	return n, read.Raw("SELECT COUNT(*) FROM "+x.Rows+" WHERE "+x.Where+" AND "+x.At+" >= ? AND "+x.At+" <= ?", At(i.from), At(i.to)).Scan(&n).Error
}

// dayAt finds the day of the row before which offset rows of the whole days are, and
// how many of them are before that day. If there is no such day, before is how many
// rows all whole days have.
func (x DayIndex) dayAt(read *gorm.DB, s Span, offset int64, oldest bool) (day time.Time, before int64, found bool, err error) {
	order := "day DESC"
	if oldest {
		order = "day"
	}
	days := " FROM " + x.Days + " WHERE day >= ? AND day < ?"
	first, last := Date(s.First), Date(s.Last)
	var date string
	err = read.Raw("SELECT day, ahead FROM (SELECT day, "+x.Number+" AS own, SUM("+x.Number+") OVER (ORDER BY "+order+") - "+x.Number+" AS ahead"+days+
		") summed WHERE ahead <= ? AND ahead + own > ? LIMIT 1", first, last, offset, offset).Row().Scan(&date, &before)
	if errors.Is(err, sql.ErrNoRows) {
		err = read.Raw("SELECT COALESCE(SUM("+x.Number+"), 0)"+days, first, last).Scan(&before).Error
		return day, before, false, err
	}
	if err != nil {
		return day, 0, false, err
	}
	day, err = time.Parse(time.DateOnly, date)
	return day, before, err == nil, err
}
