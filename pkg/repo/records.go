package repo

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// recordQuery is a query in SQL.
type recordQuery model.RecordQuery

// Records returns the records that q selects, raw, in the order of
// model.Position. It also returns where to continue, or nil if these are the
// last ones. Records that are stored or moved between the reads of two pages
// may or may not be included; all others come exactly once. Error:
// model.ErrUnavailable.
func (r reader) Records(ctx context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	found, next, err := r.reads().recordPage(ctx, q)
	if err == nil {
		err = r.learnContents(ctx, unknown(found))
	}
	if err != nil {
		return nil, nil, r.db.Fail(ctx, "read records", err)
	}
	return plain(found), next, nil
}

// Sources are the sources that have records, ascending. Error:
// model.ErrUnavailable.
func (r reader) Sources(ctx context.Context) ([]int, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	sources, err := sourcesOf(ctx, r.db.Reads())
	return sources, r.db.Fail(ctx, "read the sources", err)
}

// storedRecord is a record as the database has it, with the hash that is stored
// for it.
type storedRecord struct {
	model.Record
	id       model.Fingerprint
	content  dbContent
	playedAt time.Time
}

var recordColumns = "SELECT " + strings.Join(entryColumns, ", ") + " FROM playlog "

// entries reads the entries that a query returns, without their corrections.
// The query begins with recordColumns.
func (b bulk) entries(ctx context.Context, query string, args ...any) ([]*storedRecord, error) {
	rows, err := b.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*storedRecord
	var r entryRow
	to := r.targets()
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		e, err := r.entry()
		if err != nil {
			return nil, err
		}
		all = append(all, &storedRecord{Record: model.Record{Entry: e}, id: model.Fingerprint(r.Fingerprint), content: r.Content, playedAt: r.PlayedAt.Time})
	}
	return all, rows.Err()
}

// records reads the entries that a query returns, and their corrections.
func (b bulk) records(ctx context.Context, query, locking string, args ...any) ([]*storedRecord, error) {
	all, err := b.entries(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	ids := make([]model.Fingerprint, len(all))
	for i, r := range all {
		ids[i] = r.id
	}
	corrections, err := b.corrections(ctx, ids, locking)
	for _, r := range all {
		r.Corrections = corrections[r.id]
	}
	return all, err
}

// corrections reads the corrections of entries, for each entry the oldest
// first.
func (b bulk) corrections(ctx context.Context, entries []model.Fingerprint, locking string) (map[model.Fingerprint][]model.Correction, error) {
	all := map[model.Fingerprint][]model.Correction{}
	// A locking read sees what others committed meanwhile; HasRows would not.
	if locking == "" && len(entries) > sqldb.FewRows {
		if some, err := b.HasRows(ctx, "correction"); err != nil || !some {
			return all, err
		}
	}
	for part := range slices.Chunk(entries, sqldb.MaxList) {
		if err := b.correctionsOf(ctx, part, locking, all); err != nil {
			return nil, err
		}
	}
	for _, corrections := range all {
		slices.SortFunc(corrections, func(a, b model.Correction) int { return a.At.Compare(b.At) })
	}
	return all, nil
}

func (b bulk) correctionsOf(ctx context.Context, entries []model.Fingerprint, locking string, to map[model.Fingerprint][]model.Correction) error {
	rows, err := b.Query(ctx, "SELECT id, entry, kind, made_at, made_by, reason, changes, replaced, is_synced FROM correction WHERE "+
		sqldb.In("entry", entries)+locking)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r correctionRow
		if err := rows.Scan(&r.ID, &r.Entry, &r.Kind, &r.MadeAt, &r.MadeBy, &r.Reason, &r.Changes, &r.Replaced, &r.IsSynced); err != nil {
			return err
		}
		c, err := r.correction()
		if err != nil {
			return err
		}
		to[c.Entry] = append(to[c.Entry], c)
	}
	return rows.Err()
}

// recordPage reads the records of a page.
func (b bulk) recordPage(ctx context.Context, q model.RecordQuery) ([]*storedRecord, *model.Position, error) {
	ids, next, err := b.page(ctx, "playlog", "log_source", "played_at", q)
	if err != nil {
		return nil, nil, err
	}
	found, err := numberedRows(ids, func(where string) ([]*storedRecord, error) { return b.records(ctx, recordColumns+where, "") })
	slices.SortFunc(found, func(a, b *storedRecord) int {
		return cmp.Or(a.playedAt.Compare(b.playedAt), cmp.Compare(a.Entry.ID, b.Entry.ID))
	})
	return found, next, err
}

// numberedRows reads the rows with those numbers, in any order.
func numberedRows[T any](ids []int64, read func(where string) ([]T, error)) ([]T, error) {
	var found []T
	for part := range slices.Chunk(ids, sqldb.MaxList) {
		some, err := read("WHERE " + sqldb.InNumbers("id", part))
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// page finds, with the index alone, which rows a page has and where the next
// page begins. If the query asked for the rows themselves, MariaDB would read
// the index from the beginning of the source instead of from the position. Then
// each page would take longer than the one before.
func (b bulk) page(ctx context.Context, table, source, at string, q model.RecordQuery) (ids []int64, next *model.Position, err error) {
	where, args := recordQuery(q).where(source, at)
	rows, err := b.Query(ctx, "SELECT "+at+", id FROM "+table+" "+where, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var when sqldb.Time
	var id int64
	for rows.Next() {
		if err := rows.Scan(&when, &id); err != nil {
			return nil, nil, err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	if len(ids) == recordQuery(q).limit() {
		next = &model.Position{PlayedAt: when.Time, ID: id}
	}
	return ids, next, nil
}

// HealthRecords is Records for health statuses. PlayedAt of a position is then
// the log time.
func (r reader) HealthRecords(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	found, next, err := r.reads().healthPage(ctx, q)
	return found, next, r.db.Fail(ctx, "read health records", err)
}

// healthPage reads the statuses of a page.
func (b bulk) healthPage(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error) {
	ids, next, err := b.page(ctx, "health", "source", "log_time", q)
	if err != nil {
		return nil, nil, err
	}
	found, err := numberedRows(ids, func(where string) ([]model.Health, error) { return b.healths(ctx, where) })
	slices.SortFunc(found, func(a, b model.Health) int {
		return cmp.Or(a.LogTime.Compare(b.LogTime), cmp.Compare(a.ID, b.ID))
	})
	return found, next, err
}

func (q recordQuery) limit() int {
	if q.Limit == 0 {
		return math.MaxInt32
	}
	return q.Limit
}

// where is the part of the query from its WHERE to its end.
func (q recordQuery) where(source, at string) (where string, args []any) {
	from := q.From
	if q.After != nil && from.Before(q.After.PlayedAt) {
		from = q.After.PlayedAt // a bound for the range, as in model.EntryQuery
	}
	where, args = between(source, at, q.Source, from, q.To)
	if q.After != nil {
		where += " AND (" + at + " > ? OR id > ?)"
		args = append(args, sqldb.At(q.After.PlayedAt), q.After.ID)
	}
	return where + " ORDER BY " + at + ", id LIMIT ?", append(args, q.limit())
}

// between selects the rows of a source in [from, to); a zero bound is open.
func between(sourceColumn, atColumn string, source int, from, to time.Time) (where string, args []any) {
	where, args = "WHERE "+sourceColumn+" = ?", []any{source}
	if !from.IsZero() {
		where += " AND " + atColumn + " >= ?"
		args = append(args, sqldb.At(sqldb.RoundUp(from)))
	}
	if !to.IsZero() {
		where += " AND " + atColumn + " < ?"
		args = append(args, sqldb.At(sqldb.RoundUp(to)))
	}
	return where, args
}
