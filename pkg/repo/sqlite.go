package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	gosqlite "github.com/glebarez/go-sqlite"
	"github.com/glebarez/sqlite"
	"github.com/pressly/goose/v3"
	"gorm.io/gorm"

	"aura.radio/engine/migrations"
)

const sqliteScheme = "sqlite"

type sqliteDialect struct {
	path        string // of the database's file
	busyTimeout time.Duration
	readers     int
	mustExist   bool
}

func newSQLite(c Config) (dialect, error) {
	const form = "AURA_DATABASE_URL: must have the form sqlite:///path/file.db or sqlite:relative/file.db"
	u, err := url.Parse(c.URL)
	if err != nil || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New(form + ", without parameters")
	}
	path := u.Path
	if u.Opaque != "" {
		if path, err = url.PathUnescape(u.Opaque); err != nil {
			return nil, errors.New(form)
		}
	}
	if path == "" || strings.HasSuffix(path, "/") || strings.HasPrefix(path, ":") {
		return nil, errors.New(form)
	}
	return sqliteDialect{path: filepath.Clean(path), busyTimeout: c.queryTimeout(), readers: c.poolSize()}, nil
}

// source names the file for the driver, with its settings; more are pragmas.
func (d sqliteDialect) source(more ...string) string {
	settings := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
		fmt.Sprintf("busy_timeout(%d)", d.busyTimeout.Milliseconds()),
		"journal_mode(WAL)",
		"synchronous(FULL)",
	}, more...)}
	if d.mustExist {
		settings.Set("mode", "rw")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: d.path}).EscapedPath(), RawQuery: settings.Encode()}).String()
}

func (d sqliteDialect) existing() dialect {
	d.mustExist = true
	return d
}

func (d sqliteDialect) open() (write, read *gorm.DB, err error) {
	if err := d.checkFile(); err != nil {
		return nil, nil, err
	}
	// SQLite has one writer at a time; a second connection would only wait
	// inside SQLite, where it heeds no context.
	// The larger cache and log are for many records at once: their fingerprints
	// fall all over the index, and a page that was changed often enough before
	// the log is copied into the file is copied once.
	if write, err = d.pool(d.source("cache_size(-16000)", "wal_autocheckpoint(4000)"), 1); err != nil {
		return nil, nil, err
	}
	if read, err = d.pool(d.source("query_only(1)"), d.readers); err != nil {
		return nil, nil, errors.Join(err, closePool(write))
	}
	return write, read, nil
}

// writable is W_OK of access(2): SQLite keeps its journal beside the file.
const writable = 2

func (d sqliteDialect) checkFile() error {
	if err := d.checkDirectory(); err != nil || !d.mustExist {
		return err
	}
	switch info, err := os.Stat(d.path); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s is not there; the service makes it when it starts, and so does migrate up", ErrNoDatabase, d.path)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", d.path)
	}
	return nil
}

func (d sqliteDialect) checkDirectory() error {
	dir := filepath.Dir(d.path)
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err == nil {
		err = syscall.Access(dir, writable)
	}
	if err != nil {
		return fmt.Errorf("the directory of the SQLite file %s: %w", d.path, err)
	}
	return nil
}

func (d sqliteDialect) pool(source string, size int) (*gorm.DB, error) {
	pool, err := sql.Open(sqlite.DriverName, source)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return newGorm(pool, sqlite.Dialector{Conn: pool})
}

func (sqliteDialect) upsert(rows int) string { return upsert(rows, sqliteMerge) }

// insertMany: without FAIL, SQLite copies every page aside, to be able to take
// the statement alone back.
func (sqliteDialect) insertMany(rows int) string { return insertMany("INSERT OR FAIL", rows) }

func (sqliteDialect) rewrite(rows int) string { return rewrite(rows, sqliteRewrite) }

func (sqliteDialect) insertMissing(string) string { return " ON CONFLICT DO NOTHING" }

func (sqliteDialect) locksRows() bool { return false }

func (sqliteDialect) useIndex(name string) string { return "INDEXED BY " + name }

// statementContext: the driver starts a goroutine for every statement that may
// be canceled, which costs a tenth of a commit, while busyTimeout bounds the
// only wait.
func (sqliteDialect) statementContext(ctx context.Context) context.Context {
	return context.WithoutCancel(ctx)
}

// rowsPerStatement: the driver's work to bind values grows with the square of
// their number. Measured: 64 rows cost the least each, 256 three times as much.
func (sqliteDialect) rowsPerStatement() int { return 64 }

// rowsPerInsert is less, because within a transaction a statement more costs
// little: with 24 rows a new record takes two thirds of what it takes with 64.
func (sqliteDialect) rowsPerInsert() int { return 24 }

// prepares: the driver compiles a statement each time that it executes it.
func (sqliteDialect) prepares() bool { return false }

func (sqliteDialect) storeClock() string {
	return `INSERT INTO clock (source, sent_at, body, is_synced) VALUES (?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET sent_at = excluded.sent_at, body = excluded.body, is_synced = excluded.is_synced
		WHERE excluded.sent_at > clock.sent_at
		OR excluded.sent_at = clock.sent_at AND (excluded.body > clock.body OR excluded.body = clock.body AND excluded.is_synced > clock.is_synced)`
}

func (sqliteDialect) storeMaintenance() string {
	return `INSERT INTO maintenance (source, is_on, made_by, reason, changed_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET is_on = excluded.is_on, made_by = excluded.made_by, reason = excluded.reason, changed_at = excluded.changed_at
		WHERE (excluded.changed_at, excluded.made_by, excluded.reason, excluded.is_on)
		> (maintenance.changed_at, maintenance.made_by, maintenance.reason, maintenance.is_on)`
}

func (sqliteDialect) confirmHealth() string {
	return " ON CONFLICT (uid) DO UPDATE SET is_synced = 1 WHERE excluded.is_synced > health.is_synced"
}

// SQLite's own clock shows milliseconds.
const sqliteClock = "strftime('%Y-%m-%d %H:%M:%f000', 'now'"

func (sqliteDialect) now() string { return sqliteClock + ")" }

func (sqliteDialect) later() string { return sqliteClock + ", printf('+%.3f seconds', ? / 1e6))" }

func (d sqliteDialect) openForMigrations() (*sql.DB, error) {
	if err := d.checkFile(); err != nil {
		return nil, err
	}
	return sql.Open(sqlite.DriverName, d.source())
}

func (sqliteDialect) migrations() (goose.Dialect, fs.FS) {
	return goose.DialectSQLite3, subFolder(migrations.SQLite, "sqlite")
}

// lockSchema locks the directory, not the file: closing any descriptor of the
// file would end the locks that SQLite itself holds on it in this process.
func (d sqliteDialect) lockSchema(ctx context.Context, _ *sql.DB) (func() error, error) {
	dir, err := os.Open(filepath.Dir(d.path))
	if err != nil {
		return nil, err
	}
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return dir.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", dir.Name(), err), dir.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), dir.Close())
		case <-retry.C:
		}
	}
}

// Primary result codes of SQLite.
const (
	sqliteError    = 1
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteNoMem    = 7
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteSchema   = 17 // it was altered while the statement was compiled
)

// sqliteUnique is an extended result code.
const sqliteUnique = 2067

// sqliteCode is the primary result code of an error of SQLite, else 0.
func sqliteCode(err error) int {
	var e *gosqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func (sqliteDialect) isConflict(err error) bool {
	switch sqliteCode(err) {
	case sqliteBusy, sqliteLocked, sqliteSchema:
		return true
	}
	return false
}

func (sqliteDialect) isDuplicate(err error) bool {
	e, ok := errors.AsType[*gosqlite.Error](err)
	return ok && e.Code() == sqliteUnique
}

func (sqliteDialect) isUnavailable(err error) bool {
	switch sqliteCode(err) {
	case sqliteNoMem, sqliteReadOnly, sqliteIOErr, sqliteFull, sqliteCantOpen:
		return true
	}
	return false
}

// isIncomplete: SQLite has no code for it.
func (sqliteDialect) isIncomplete(err error) bool {
	if sqliteCode(err) != sqliteError {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "no such table") || strings.Contains(text, "no such column") || strings.Contains(text, "has no column named")
}

// isThere: a migration is one transaction with the note of it.
func (sqliteDialect) isThere(error) bool { return false }
