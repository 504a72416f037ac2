package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/glebarez/sqlite"
)

// fileBusy is how long a statement on a file waits for another process.
const fileBusy = time.Second

// File is an SQLite file that is no service's database: it has no migrations,
// and one connection. What it commits is on the disk.
type File struct {
	*sql.DB
	dialect sqliteDialect
}

// OpenFile opens the file. If it is not there, OpenFile creates it for this
// process's user only, or fails with ErrNoDatabase if it must exist.
func OpenFile(path string, mustExist bool) (*File, error) {
	d := sqliteDialect{path: path, busyTimeout: fileBusy, readers: 1, mustExist: mustExist}
	if err := d.checkFile(); err != nil {
		return nil, err
	}
	if err := d.create(); err != nil {
		return nil, err
	}
	pool, err := sql.Open(sqlite.DriverName, d.source())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	return &File{pool, d}, nil
}

// Transaction runs do in a transaction.
func (f *File) Transaction(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := f.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Shrink gives the disk back what deleted rows left. It takes as long as what is
// left in the file is large.
func (f *File) Shrink(ctx context.Context) error {
	for _, statement := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := f.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Size is how large the file is, with its log.
func (f *File) Size() int64 {
	file, log, _ := f.dialect.Size()
	return file + log
}

// Fail adds what was being done to err, and names the file.
func (f *File) Fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, f.dialect.Explain(err))
}

// LacksRoom reports whether a write may have failed because the disk is full.
func LacksRoom(err error) bool {
	switch sqliteCode(err) {
	case sqliteFull, sqliteIOErr, sqliteCantOpen:
		return true
	}
	return false
}
