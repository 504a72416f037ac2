package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
)

// A label is a text in a copy of a database: a table that no database in use has.
const (
	dropLabel   = "DROP TABLE IF EXISTS label"
	createLabel = "CREATE TABLE label (text TEXT NOT NULL) STRICT"
	insertLabel = "INSERT INTO label (text) VALUES (?)"
	hasLabel    = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'label')"
	readLabel   = "SELECT text FROM label"
)

// putLabel labels a copy. Nothing is left next to it.
func putLabel(ctx context.Context, path, text string) error {
	return changeCopy(ctx, path, func(tx *sql.Tx) error {
		for _, statement := range []string{dropLabel, createLabel} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, insertLabel, text)
		return err
	})
}

// DropLabel makes a copy what the database was.
func DropLabel(ctx context.Context, path string) error {
	return changeCopy(ctx, path, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, dropLabel)
		return err
	})
}

// changeCopy writes into a copy that nobody else has. What it wrote is on the disk.
func changeCopy(ctx context.Context, path string, do func(tx *sql.Tx) error) error {
	file, err := openFile(path, url.Values{"mode": {"rw"}, "_pragma": {"journal_mode(MEMORY)", "synchronous(FULL)"}})
	if err != nil {
		return err
	}
	return errors.Join(file.Fail("label the copy", file.Transaction(ctx, do)), file.Close())
}

// Label is the copy's label; nil if it has none.
func (f *File) Label(ctx context.Context) (*string, error) {
	var has bool
	if err := f.QueryRowContext(ctx, hasLabel).Scan(&has); err != nil || !has {
		return nil, f.Fail("look for a label", err)
	}
	var text string
	if err := f.QueryRowContext(ctx, readLabel).Scan(&text); err != nil {
		return nil, f.Fail("read the label", err)
	}
	return &text, nil
}
