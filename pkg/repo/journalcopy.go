package repo

import (
	"context"
	"database/sql"
	"errors"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// CopyTo copies the journal as it is now to a path where there is no file. It is
// whole with that. Error: model.ErrUnavailable.
func (j *Journal) CopyTo(ctx context.Context, path string) error {
	_, err := onFile(ctx, j, "copy the journal", func(ctx context.Context, file *sqldb.File) (done, error) {
		return done{}, file.CopyTo(ctx, path)
	})
	return err
}

// takeCopied adds what the journal does not have. What it has stays.
const takeCopied = `INSERT INTO item (kind, arrival, start, body, uid, reason)
	SELECT ?1, ?2, ?3, ?4, ?5, ?6
	WHERE NOT EXISTS (SELECT 1 FROM item WHERE kind = ?1 AND arrival = ?2 AND body = ?4)`

// TakeFrom adds the items of a copy that the journal lacks, and returns how many
// these are. To take a copy twice changes nothing. Errors: those of a file that is
// damaged or no journal; model.ErrUnavailable.
func (j *Journal) TakeFrom(ctx context.Context, path string) (n int64, err error) {
	items, err := readJournalCopy(ctx, path)
	if err != nil || len(items) == 0 {
		return 0, err
	}
	return onFile(ctx, j, "take what was copied", func(ctx context.Context, file *sqldb.File) (n int64, err error) {
		err = file.Transaction(ctx, func(tx *sql.Tx) error {
			n = 0
			for _, item := range items {
				result, err := tx.ExecContext(ctx, takeCopied, item...)
				if err != nil {
					return err
				}
				added, err := result.RowsAffected()
				if err != nil {
					return err
				}
				n += added
			}
			return nil
		})
		if err == nil {
			err = j.count(ctx, file)
		}
		return n, err
	})
}

// readJournalCopy reads the items of a copy, each as the values that it is stored
// with. A journal's size is bounded.
func readJournalCopy(ctx context.Context, path string) (items [][]any, err error) {
	file, err := sqldb.OpenCopy(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	rows, err := file.QueryContext(ctx, "SELECT kind, arrival, start, body, uid, reason FROM item ORDER BY id")
	if err != nil {
		return nil, file.Fail("read the items", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, arrival, body string
		var start, reason sql.NullString
		var uid []byte
		if err := rows.Scan(&kind, &arrival, &start, &body, &uid, &reason); err != nil {
			return nil, file.Fail("read the items", err)
		}
		items = append(items, []any{kind, arrival, start, body, uid, reason})
	}
	return items, file.Fail("read the items", rows.Err())
}

// ReadJournalCopy reads a copy of a journal that nobody writes from its beginning
// to its end, and counts its items. A file that is damaged or no journal is an error.
func ReadJournalCopy(ctx context.Context, path string) (n int64, err error) {
	items, err := readJournalCopy(ctx, path)
	return int64(len(items)), err
}
