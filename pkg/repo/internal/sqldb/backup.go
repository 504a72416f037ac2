package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// backupSuffix names the copy while it is made.
const backupSuffix = ".backup"

// Backup copies an embedded database as it is now, and returns the copy. That is
// also possible if the database's own file is no longer at its path. The copy is in
// no directory any more, so its room is free as soon as it is closed. It bears the
// label. Only one goroutine may call Backup.
func (db *DB) Backup(ctx context.Context, label string) (_ *os.File, err error) {
	if db.file == nil {
		return nil, ErrOnServer
	}
	path := db.backupPath()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // what a crash left
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) // SQLite takes an empty file
	if err != nil {
		return nil, err
	}
	if err = db.CopyTo(ctx, path); err == nil {
		err = putLabel(ctx, path, label)
	}
	if err = errors.Join(err, os.Remove(path)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// ErrOnServer says that the database is no file.
var ErrOnServer = errors.New("the database is on a server, which has backups of its own")

// backupPath is next to the database, where there is most likely room. If somebody
// deleted the whole directory, it is where temporary files are.
func (db *DB) backupPath() string {
	path := db.Dialect.Path() + backupSuffix
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return filepath.Join(os.TempDir(), filepath.Base(path))
	}
	return path
}

// CopyTo copies an embedded database as it is now to a path where there is no file,
// or an empty one. It uses a connection of the reads, so that no write waits. It is
// a new one perhaps, which would open another file if the database's own is gone.
// Then the connection of the writes, which lasts, has nothing to write.
func (db *DB) CopyTo(ctx context.Context, path string) (err error) {
	if db.file == nil {
		return ErrOnServer
	}
	pool := db.readers
	if db.InPlace() != nil {
		if pool, err = db.Write.DB(); err != nil {
			return err
		}
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return db.Dialect.Explain(err)
	}
	defer conn.Close()
	if pool == db.readers { // they may not even write into another file
		if err := setQueryOnly(ctx, conn, false); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, setQueryOnly(context.WithoutCancel(ctx), conn, true)) }()
	}
	return vacuumInto(ctx, conn, path)
}

// executor is a connection, or a pool of them.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func vacuumInto(ctx context.Context, from executor, path string) error {
	if _, err := from.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copy the database to %s: %w", path, err)
	}
	return nil
}

func setQueryOnly(ctx context.Context, conn *sql.Conn, only bool) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA query_only(%t)", only))
	return err
}
