package repo

import (
	"context"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// seekFrom is the offset from which a place in a list is found by its day. To walk
// over fewer rows costs no more than to find the day.
const seekFrom = 500

// isDeep reports whether the place in the list is to be found by its day.
func (q entryQuery) isDeep() bool { return q.After == nil && q.Offset >= seekFrom }

// isByDay reports whether the tables of days count what q selects. Unsynced entries
// are few, and of entries with a name no numbers are kept.
func (q entryQuery) isByDay() bool { return !q.UnsyncedOnly && !q.Named }

// byDay is the list of entries that q selects from.
func (q entryQuery) byDay() sqldb.DayIndex {
	x := sqldb.DayIndex{Rows: "playlog", At: "played_at", Where: q.kind(), Days: "playlog_day", Number: "visible"}
	if q.Raw {
		x.Number = "sent"
	}
	return x
}

// from is q with the place of its Offset found by the index. found is false if the
// list ends before that.
func (q entryQuery) from(x sqldb.DayIndex, read *gorm.DB, s sqldb.Span) (_ entryQuery, found bool, err error) {
	start, left, found, err := x.Seek(read, s, int64(q.Offset), q.Oldest)
	if q.Oldest {
		q.From = start
	} else {
		q.To = start
	}
	q.Offset = int(left)
	return q, found, err
}

// entries reads the page of the playlog that q selects.
func (r reader) entries(ctx context.Context, q entryQuery) ([]model.Entry, error) {
	if q.isDeep() {
		return r.deepEntries(ctx, q)
	}
	return findEntries[entryRow](q.paged(r.db.Read.WithContext(ctx)))
}

// deepEntries is entries for a place that is found by its day, if that is possible.
func (r reader) deepEntries(ctx context.Context, q entryQuery) ([]model.Entry, error) {
	read := r.db.Read.WithContext(ctx)
	if span, known := r.days.span(ctx, q); known {
		var found bool
		var err error
		if q, found, err = q.from(q.byDay(), read, span); err != nil || !found {
			return []model.Entry{}, err
		}
	}
	return findEntries[entryRow](q.paged(read))
}

// airedByDay is isByDay for the on-air log.
func airedByDay(q entryQuery) bool { return q.isByDay() && !q.Raw }

// airedSpan is the span of q in the on-air log, whose table of days counts all days.
func airedSpan(q entryQuery) sqldb.Span {
	return sqldb.SpanOf(q.From, q.To, sqldb.UntilTime(q.To).Time)
}

// entries reads the page of the on-air log that q selects.
func (l *OnAirLog) entries(ctx context.Context, q entryQuery) ([]model.Entry, error) {
	if q.isDeep() && airedByDay(q) {
		return l.deepEntries(ctx, q)
	}
	return findEntries[airedRow](l.paged(ctx, q))
}

// deepEntries is entries for a place that is found by its day.
func (l *OnAirLog) deepEntries(ctx context.Context, q entryQuery) ([]model.Entry, error) {
	q, found, err := q.from(l.table.Index(), l.db.Read.WithContext(ctx), airedSpan(q))
	if err != nil || !found {
		return []model.Entry{}, err
	}
	return findEntries[airedRow](l.paged(ctx, q))
}
