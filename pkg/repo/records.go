package repo

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

// RecordQuery selects records of one source, oldest first.
type RecordQuery struct {
	Source   int
	From, To time.Time // half open; zero is open
	After    *Position
	Limit    int // 0 is no bound
}

// Records returns the records that q selects, raw, in the order of Position, and
// where to continue: nil where these are the last ones. What is stored or moved
// while somebody reads page by page may or may not be among them, everything
// else comes exactly once. Error: model.ErrUnavailable.
func (db *DB) Records(ctx context.Context, q RecordQuery) ([]model.Record, *Position, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	found, next, err := db.bulk(db.read.WithContext(ctx)).recordPage(q)
	if err == nil {
		err = db.learnContents(ctx, unknown(found))
	}
	if err != nil {
		return nil, nil, db.fail(ctx, "read records", err)
	}
	return plain(found), next, nil
}

// recordPage first looks up in the index alone which records they are. Asked for
// the records themselves, MariaDB would read the index from the beginning of the
// source instead of from the position, so each page would take longer than the
// one before.
func (b bulk) recordPage(q RecordQuery) (found []*storedRecord, next *Position, err error) {
	where, args := q.where("log_source", "played_at")
	rows, err := b.pool.QueryContext(b.ctx, "SELECT played_at, id FROM playlog "+where, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var ids []int64
	var at dbTime
	var id int64
	for rows.Next() {
		if err := rows.Scan(&at, &id); err != nil {
			return nil, nil, err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	if len(ids) == q.limit() {
		next = &Position{PlayedAt: at.Time, ID: id}
	}
	for part := range slices.Chunk(ids, maxList) {
		some, err := b.records(recordColumns+"WHERE "+inNumbers("id", part), "")
		if err != nil {
			return nil, nil, err
		}
		found = append(found, some...)
	}
	slices.SortFunc(found, func(a, b *storedRecord) int {
		return cmp.Or(a.playedAt.Compare(b.playedAt), cmp.Compare(a.Entry.ID, b.Entry.ID))
	})
	return found, next, nil
}

// HealthRecords is Records for health statuses; PlayedAt of a position is then
// the log time.
func (db *DB) HealthRecords(ctx context.Context, q RecordQuery) ([]model.Health, *Position, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	where, args := q.where("source", "log_time")
	found, err := db.bulk(db.read.WithContext(ctx)).healths(where, args...)
	if err != nil {
		return nil, nil, db.fail(ctx, "read health records", err)
	}
	var next *Position
	if n := len(found); n == q.limit() {
		next = &Position{PlayedAt: found[n-1].LogTime, ID: found[n-1].ID}
	}
	return found, next, nil
}

func (q RecordQuery) limit() int {
	if q.Limit == 0 {
		return math.MaxInt32
	}
	return q.Limit
}

// where is the query from its WHERE to its end.
func (q RecordQuery) where(source, at string) (where string, args []any) {
	from := q.From
	if q.After != nil && from.Before(q.After.PlayedAt) {
		from = q.After.PlayedAt // the bound of the range, as in EntryQuery
	}
	where, args = between(source, at, q.Source, from, q.To)
	if q.After != nil {
		where += " AND (" + at + " > ? OR id > ?)"
		args = append(args, dbTime{q.After.PlayedAt}, q.After.ID)
	}
	return where + " ORDER BY " + at + ", id LIMIT ?", append(args, q.limit())
}

// between selects what a source did in [from, to); zero is open.
func between(sourceColumn, atColumn string, source int, from, to time.Time) (where string, args []any) {
	where, args = "WHERE "+sourceColumn+" = ?", []any{source}
	if !from.IsZero() {
		where += " AND " + atColumn + " >= ?"
		args = append(args, dbTime{roundUp(from)})
	}
	if !to.IsZero() {
		where += " AND " + atColumn + " < ?"
		args = append(args, dbTime{roundUp(to)})
	}
	return where, args
}
