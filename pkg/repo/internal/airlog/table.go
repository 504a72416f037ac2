package airlog

import (
	"strconv"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Table is where a log is kept: its segments, and how many of them begin on each
// day.
type Table struct {
	Segments, Days string
	// Order is the order in which the database finds the segments without sorting:
	// columns, after the name of the table.
	Order []string
}

// The tables. A station has one log, in which no two segments start together. A
// node has the logs of its sources beside one another.
var (
	OnAir = Table{Segments: "onair", Days: "onair_day", Order: []string{"from_at"}}
	Heard = Table{Segments: "heard", Days: "heard_day", Order: []string{"from_at", "entry_id"}}
)

// Count counts the segments that begin in [from, to]; a zero bound is open. Whole
// days are taken from the table of days; only the rest at both ends is counted one
// by one.
func (t Table) Count(read *gorm.DB, from, to time.Time) (n int64, err error) {
	from, to = sqldb.RoundUp(from), sqldb.UntilTime(to).Time
	first, last := sqldb.WholeDays(from, to)
	return n, read.Raw("SELECT (SELECT COALESCE(SUM(segments), 0) FROM "+t.Days+" WHERE day >= ? AND day < ?)"+
		" + (SELECT COUNT(*) FROM "+t.Segments+" WHERE from_at >= ? AND from_at < ?)"+
		" + (SELECT COUNT(*) FROM "+t.Segments+" WHERE from_at >= ? AND from_at <= ?)",
		sqldb.Date(first), sqldb.Date(last), sqldb.At(from), sqldb.At(first), sqldb.At(last), sqldb.At(to)).Scan(&n).Error
}

// from is the beginning of a query or statement for segments of the log, up to
// its conditions. hint is for queries: they use the index of the source.
func (r rows) from(verb string, hint bool) string {
	if r.source == 0 {
		return verb + " FROM " + r.table.Segments + " WHERE "
	}
	index := ""
	if hint {
		index = " " + r.Dialect.UseIndex(r.table.Segments+"_source")
	}
	return verb + " FROM " + r.table.Segments + index + " WHERE source = " + strconv.Itoa(r.source) + " AND "
}
