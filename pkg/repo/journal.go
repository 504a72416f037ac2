package repo

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// itemOverhead is about what an item takes besides its body, in bytes.
const itemOverhead = 128

// ErrJournalFull says that the journal has as much as it may have.
var ErrJournalFull = fmt.Errorf("%w: the journal is full", model.ErrUnavailable)

// sizeOf is the room that an item takes.
func sizeOf(k model.Kept) int64 { return int64(len(k.Body)) + itemOverhead }

// Waits is how many items wait, as far as is known without looking.
func (j *Journal) Waits() int64 { return j.waiting.Load() }

// Keep keeps an item; its ID is ignored. It is durable when Keep returns nil.
// Errors: ErrJournalFull, model.ErrUnavailable.
func (j *Journal) Keep(ctx context.Context, k model.Kept) error {
	var start, uid any
	if !k.Start.IsZero() {
		start = sqldb.At(k.Start)
	}
	if k.Database != (model.Fingerprint{}) {
		uid = sqldb.UID(k.Database)
	}
	_, err := onFile(ctx, j, "keep", func(ctx context.Context, file *sqldb.File) (done, error) {
		if j.bytes.Load()+sizeOf(k) > j.max {
			return done{}, ErrJournalFull
		}
		_, err := file.ExecContext(ctx, "INSERT INTO item (kind, arrival, start, body, uid) VALUES (?, ?, ?, ?, ?)",
			string(k.Kind), sqldb.At(k.Arrival), start, string(k.Body), uid)
		if err == nil {
			j.waiting.Add(1)
			j.bytes.Add(sizeOf(k))
		}
		return done{}, err
	})
	return err
}

// done is the result of work that has none.
type done struct{}

// Claim makes the items that were kept while no database was reachable those of
// this one. From then on only its items count as waiting. It returns how many
// belong to others. Error: model.ErrUnavailable.
func (j *Journal) Claim(ctx context.Context, database model.Fingerprint) (foreign int64, err error) {
	return onFile(ctx, j, "claim the journal", func(ctx context.Context, file *sqldb.File) (foreign int64, err error) {
		if _, err := file.ExecContext(ctx, "UPDATE item SET uid = ? WHERE uid IS NULL", sqldb.UID(database)); err != nil {
			return 0, err
		}
		var waiting int64
		err = file.QueryRowContext(ctx, "SELECT COUNT(CASE WHEN uid = ?1 AND reason IS NULL THEN 1 END), COUNT(CASE WHEN uid <> ?1 THEN 1 END) FROM item",
			sqldb.UID(database)).Scan(&waiting, &foreign)
		if err == nil {
			j.waiting.Store(waiting)
		}
		return foreign, err
	})
}

// placeTable notes which database was last in the file at a path. It is younger than
// the other tables, and programs that don't know it need not.
const placeTable = "CREATE TABLE IF NOT EXISTS place (path TEXT PRIMARY KEY, uid BLOB NOT NULL)"

// Inherit notes that a database is in the file at that path. If it is a new one, the
// database that was there before is gone, and its items become those of the new one.
// It returns how many these are. Error: model.ErrUnavailable.
func (j *Journal) Inherit(ctx context.Context, database model.Fingerprint, path string, isNew bool) (n int64, err error) {
	return onFile(ctx, j, "note where the database is", func(ctx context.Context, file *sqldb.File) (n int64, err error) {
		if _, err := file.ExecContext(ctx, placeTable); err != nil {
			return 0, err
		}
		err = file.Transaction(ctx, func(tx *sql.Tx) error {
			if isNew {
				result, err := tx.ExecContext(ctx, "UPDATE item SET uid = ?1 WHERE uid <> ?1 AND uid = (SELECT uid FROM place WHERE path = ?2)", sqldb.UID(database), path)
				if err != nil {
					return err
				}
				if n, err = result.RowsAffected(); err != nil {
					return err
				}
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO place (path, uid) VALUES (?2, ?1) ON CONFLICT (path) DO UPDATE SET uid = excluded.uid", sqldb.UID(database), path)
			return err
		})
		return n, err
	})
}

// TakeOver makes the items of other databases this one's. It returns how many
// there were. A running service notices at its next Claim. Error:
// model.ErrUnavailable.
func (j *Journal) TakeOver(ctx context.Context, database model.Fingerprint) (n int64, err error) {
	return j.update(ctx, "take the journal over", "UPDATE item SET uid = ?1 WHERE uid <> ?1", sqldb.UID(database))
}

// Again lets what was put aside wait again. It returns how many items there
// were. A running service notices at its next Claim. Error: model.ErrUnavailable.
func (j *Journal) Again(ctx context.Context) (n int64, err error) {
	return j.update(ctx, "let it wait again", "UPDATE item SET reason = NULL WHERE reason IS NOT NULL")
}

// PutAside keeps an item that the database refused out of the way of the others.
// Error: model.ErrUnavailable.
func (j *Journal) PutAside(ctx context.Context, id int64, reason string) error {
	n, err := j.update(ctx, "put aside", "UPDATE item SET reason = ? WHERE id = ? AND reason IS NULL", reason, id)
	j.waiting.Add(-n)
	return err
}

func (j *Journal) update(ctx context.Context, doing, statement string, args ...any) (n int64, err error) {
	return onFile(ctx, j, doing, func(ctx context.Context, file *sqldb.File) (int64, error) {
		result, err := file.ExecContext(ctx, statement, args...)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	})
}

// Forget deletes items that the database has stored. When the journal is empty,
// its file is made small, and room is kept aside again. Error:
// model.ErrUnavailable.
func (j *Journal) Forget(ctx context.Context, items []model.Kept) error {
	_, err := onFile(ctx, j, "forget", func(ctx context.Context, file *sqldb.File) (done, error) {
		err := file.Transaction(ctx, func(tx *sql.Tx) error {
			for _, k := range items {
				if _, err := tx.ExecContext(ctx, "DELETE FROM item WHERE id = ?", k.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return done{}, err
		}
		for _, k := range items {
			j.waiting.Add(-1)
			j.bytes.Add(-sizeOf(k))
		}
		if j.bytes.Load() <= 0 {
			j.aside.Report(j.rest(ctx, file))
		}
		return done{}, nil
	})
	return err
}

// rest makes an empty journal's file small, and keeps room aside again.
func (j *Journal) rest(ctx context.Context, file *sqldb.File) (err error) {
	if file.Size() > shrinkAbove {
		err = file.Shrink(ctx)
	}
	if j.ballast != nil {
		err = errors.Join(err, j.ballast.Take())
	}
	return err
}

const keptColumns = "SELECT id, kind, arrival, start, body, uid, reason FROM item "

// Oldest returns the items that wait for a database, in the order in which they
// were kept, at most limit. Error: model.ErrUnavailable.
func (j *Journal) Oldest(ctx context.Context, database model.Fingerprint, limit int) ([]model.Kept, error) {
	return j.read(ctx, "WHERE reason IS NULL AND uid = ? ORDER BY id LIMIT ?", sqldb.UID(database), limit)
}

// List returns all items, in the order in which they were kept, at most limit.
// Error: model.ErrUnavailable.
func (j *Journal) List(ctx context.Context, limit int) ([]model.Kept, error) {
	return j.read(ctx, "ORDER BY id LIMIT ?", limit)
}

// Item returns one item. Errors: model.ErrNotFound, model.ErrUnavailable.
func (j *Journal) Item(ctx context.Context, id int64) (model.Kept, error) {
	return j.one(ctx, "WHERE id = ?", id)
}

// isOwn selects the items of the database that is served. If it is not known yet,
// all may be.
const isOwn = "COALESCE(uid = ?, TRUE)"

func ownUID(database *model.Fingerprint) any {
	if database == nil {
		return nil
	}
	return sqldb.UID(*database)
}

// LatestPlay returns the play that waits for the database with the latest start
// that is not after at. The database is nil as long as it is not known. Errors:
// model.ErrNotFound, model.ErrUnavailable.
func (j *Journal) LatestPlay(ctx context.Context, database *model.Fingerprint, at time.Time) (model.Kept, error) {
	return j.one(ctx, "WHERE start <= ? AND reason IS NULL AND "+isOwn+" ORDER BY start DESC, id DESC LIMIT 1", sqldb.At(at), ownUID(database))
}

// NextPlay returns the play that waits for the database and starts first after a
// time. Otherwise it is like LatestPlay.
func (j *Journal) NextPlay(ctx context.Context, database *model.Fingerprint, after time.Time) (model.Kept, error) {
	return j.one(ctx, "WHERE start > ? AND reason IS NULL AND "+isOwn+" ORDER BY start, id LIMIT 1", sqldb.At(after), ownUID(database))
}

func (j *Journal) one(ctx context.Context, where string, args ...any) (model.Kept, error) {
	found, err := j.read(ctx, where, args...)
	switch {
	case err != nil:
		return model.Kept{}, err
	case len(found) == 0:
		return model.Kept{}, model.ErrNotFound
	}
	return found[0], nil
}

func (j *Journal) read(ctx context.Context, where string, args ...any) ([]model.Kept, error) {
	return onFile(ctx, j, "read the journal", func(ctx context.Context, file *sqldb.File) ([]model.Kept, error) {
		rows, err := file.QueryContext(ctx, keptColumns+where, args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		var found []model.Kept
		for rows.Next() {
			k, err := scanKept(rows)
			if err != nil {
				return nil, err
			}
			found = append(found, k)
		}
		return found, rows.Err()
	})
}

func scanKept(rows *sql.Rows) (k model.Kept, err error) {
	var arrival sqldb.Time
	var start sql.Null[sqldb.Time]
	var body string
	var uid []byte
	var reason sql.NullString
	if err := rows.Scan(&k.ID, &k.Kind, &arrival, &start, &body, &uid, &reason); err != nil {
		return k, err
	}
	k.Arrival, k.Body, k.Reason = arrival.Time, json.RawMessage(body), reason.String
	if start.Valid {
		k.Start = start.V.Time
	}
	copy(k.Database[:], uid)
	return k, nil
}

// State counts the items. database is the one that is served, or nil as long as
// it is not known. Error: model.ErrUnavailable.
func (j *Journal) State(ctx context.Context, database *model.Fingerprint) (model.Journal, error) {
	return onFile(ctx, j, "count the journal", func(ctx context.Context, file *sqldb.File) (s model.Journal, err error) {
		var oldest sql.Null[sqldb.Time]
		err = file.QueryRowContext(ctx, `SELECT
			COUNT(CASE WHEN mine AND reason IS NULL THEN 1 END), COUNT(CASE WHEN mine AND reason IS NOT NULL THEN 1 END),
			COUNT(CASE WHEN NOT mine THEN 1 END), MIN(CASE WHEN mine AND reason IS NULL THEN arrival END)
			FROM (SELECT reason, arrival, `+isOwn+` AS mine FROM item)`, ownUID(database)).
			Scan(&s.Waiting, &s.Aside, &s.Foreign, &oldest)
		s.Bytes, s.Oldest = j.bytes.Load(), oldest.V.Time
		return s, err
	})
}
