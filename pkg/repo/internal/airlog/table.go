package airlog

import (
	"strconv"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Table is where a log is kept: its segments, how many of them begin on each day,
// the titles of its plays, and which of these were played on each day.
type Table struct {
	Segments, Days, Titles, Played string
	// Order is the order in which the database finds the segments without sorting:
	// columns, after the name of the table.
	Order []string
}

// The tables. A station has one log, in which no two segments start together. A
// node has the logs of its sources beside one another.
var (
	OnAir = Table{Segments: "onair", Days: "onair_day", Titles: "onair_title", Played: "onair_played", Order: []string{"from_at"}}
	Heard = Table{Segments: "heard", Days: "heard_day", Titles: "heard_title", Played: "heard_played", Order: []string{"from_at", "entry_id"}}
)

// Index is the list of the segments, by when they begin.
func (t Table) Index() sqldb.DayIndex {
	return sqldb.DayIndex{Rows: t.Segments, At: "from_at", Where: "TRUE", Days: t.Days, Number: "segments"}
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
