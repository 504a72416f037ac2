package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/glebarez/sqlite"
)

// OpenCopy opens a file that nobody writes, such as a backup, to be read only, and
// reads all of it: a damaged one is an error. Not even a file next to it is made.
func OpenCopy(ctx context.Context, path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := openFile(path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	if err != nil {
		return nil, err
	}
	if err := f.check(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func openFile(path string, settings url.Values) (*File, error) {
	source := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: settings.Encode()}
	pool, err := sql.Open(sqlite.DriverName, source.String())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	return &File{pool, sqliteDialect{path: path}}, nil
}

// CopyTo copies the file as it is now to a path where there is no file.
func (f *File) CopyTo(ctx context.Context, path string) error { return vacuumInto(ctx, f, path) }

// check reads the whole file, and returns an error if it is damaged.
func (f *File) check(ctx context.Context) error {
	rows, err := f.QueryContext(ctx, "PRAGMA integrity_check(10)")
	if err != nil {
		return f.Fail("check", err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return f.Fail("check", err)
		}
		found = append(found, line)
	}
	if err := rows.Err(); err != nil {
		return f.Fail("check", err)
	}
	if len(found) == 1 && found[0] == "ok" {
		return nil
	}
	return fmt.Errorf("%s is damaged: %s", f.dialect.path, strings.Join(found, "; "))
}

// Rows counts the rows of each table.
func (f *File) Rows(ctx context.Context) (map[string]int64, error) {
	tables, err := f.tables(ctx)
	if err != nil {
		return nil, f.Fail("list the tables", err)
	}
	counts := make(map[string]int64, len(tables))
	for _, table := range tables {
		var n int64
		if err := f.QueryRowContext(ctx, `SELECT COUNT(*) FROM "`+table+`"`).Scan(&n); err != nil {
			return nil, f.Fail("count "+table, err)
		}
		counts[table] = n
	}
	return counts, nil
}

func (f *File) tables(ctx context.Context) (names []string, err error) {
	rows, err := f.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// LockFile takes the lock of the process that serves the database in that file.
// Error: ErrLocked.
func LockFile(ctx context.Context, path string) (ServiceLock, error) {
	return sqliteDialect{path: path}.LockService(ctx)
}

// Settle makes the database's file whole by itself, without a log next to it. It
// succeeds only if no other process has the database open. A file that is not there
// or is no database stays as it is. Error: ErrLocked.
func Settle(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	file, err := openFile(path, url.Values{"mode": {"rw"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", fileBusy.Milliseconds())}})
	if err != nil {
		return err
	}
	var mode string
	err = file.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	switch code := sqliteCode(err); {
	case code == sqliteBusy || code == sqliteLocked || err == nil && mode != "delete":
		err = ErrLocked
	case code == sqliteNotADB || code == sqliteCorrupt:
		err = nil
	}
	return errors.Join(file.Fail("settle", err), file.Close())
}

// Files are the database's file, and those that SQLite keeps next to it.
func Files(path string) []string { return sqliteDialect{path: path}.files() }
