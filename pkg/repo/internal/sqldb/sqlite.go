package sqldb

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
	"aura.radio/engine/pkg/filelock"
)

const sqliteScheme = "sqlite"

// The log is copied into the file when it has checkpointPages pages, usually of
// 4 KiB. A reader that takes long lets it grow. It then shrinks to maxLog again.
const (
	checkpointPages = 4000
	maxLog          = 16 << 20
)

type sqliteDialect struct {
	path        string // of the database's file
	busyTimeout time.Duration
	readers     int
	mustExist   bool
}

func newSQLite(c Config) (Dialect, error) {
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

// source names the file for the driver, with its settings; more are pragmas. The
// driver makes no file: a later connection would get an empty one in the place of
// one that was deleted.
func (d sqliteDialect) source(more ...string) string {
	settings := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
		fmt.Sprintf("busy_timeout(%d)", d.busyTimeout.Milliseconds()),
		"journal_mode(WAL)",
		"synchronous(FULL)",
		fmt.Sprintf("journal_size_limit(%d)", maxLog),
	}, more...), "mode": {"rw"}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: d.path}).EscapedPath(), RawQuery: settings.Encode()}).String()
}

func (d sqliteDialect) Existing() Dialect {
	d.mustExist = true
	return d
}

func (d sqliteDialect) Open() (write, read *gorm.DB, err error) {
	if err := d.checkFile(); err != nil {
		return nil, nil, err
	}
	if err := d.create(); err != nil {
		return nil, nil, err
	}
	// SQLite has one writer at a time. A second connection would only wait
	// inside SQLite, where it ignores its context. The larger cache and log are
	// for many records at once. Their fingerprints are spread over the whole
	// index. A page that changes several times before the log is copied into
	// the file is then copied only once.
	writer, err := d.pool(d.source("cache_size(-16000)", fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages)), 1)
	if err != nil {
		return nil, nil, err
	}
	if write, err = d.gorm(writer); err != nil {
		return nil, nil, err
	}
	readers, err := d.OpenReaders(d.readers)
	if err == nil {
		read, err = d.gorm(readers)
	}
	if err != nil {
		return nil, nil, errors.Join(err, closePool(write))
	}
	return write, read, nil
}

// OpenReaders implements Dialect.
func (d sqliteDialect) OpenReaders(connections int) (*sql.DB, error) {
	return d.pool(d.source("query_only(1)"), connections)
}

// R_OK and W_OK of access(2). The directory must be writable, because SQLite
// keeps its journal next to the file.
const (
	readable = 4
	writable = 2
)

// checkFile tells what keeps this process from writing the database. SQLite
// itself would open a file that it can only read, and refuse each write later.
func (d sqliteDialect) checkFile() error {
	if err := d.checkDirectory(); err != nil {
		return err
	}
	switch info, err := os.Stat(d.path); {
	case errors.Is(err, fs.ErrNotExist) && d.mustExist:
		return fmt.Errorf("%w: %s does not exist; a start of the service or migrate up creates it", ErrNoDatabase, d.path)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", d.path)
	}
	for _, part := range d.files() {
		err := syscall.Access(part, readable|writable)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the SQLite file %s cannot be written: %w%s", part, err, owner(part))
		}
	}
	return nil
}

// create makes the file if there is none, whatever the umask, for this process's
// user only. SQLite gives the files next to it the same mode. The file is not
// opened: closing it would release SQLite's own locks, if another goroutine was
// so fast to open the database.
func (d sqliteDialect) create() error {
	err := syscall.Mknod(d.path, syscall.S_IFREG|0o600, 0)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return fmt.Errorf("create %s: %w", d.path, err)
	}
	return os.Chmod(d.path, 0o600)
}

// files are the database's file, and those that SQLite keeps next to it.
func (d sqliteDialect) files() []string { return []string{d.path, d.path + "-wal", d.path + "-shm"} }

// owner tells who may write a file, in addition to an error that says that this
// process may not.
func owner(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (%s, user %d, group %d; this process is user %d)", info.Mode(), stat.Uid, stat.Gid, os.Getuid())
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
	if err == nil {
		return nil
	}
	err = fmt.Errorf("the directory of the SQLite file %s: %w", d.path, err)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %w", ErrNoDatabase, err)
	}
	return err
}

func (d sqliteDialect) pool(source string, size int) (*sql.DB, error) {
	pool, err := sql.Open(sqlite.DriverName, source)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

// gorm is a handle over the pool.
func (d sqliteDialect) gorm(pool *sql.DB) (*gorm.DB, error) {
	g, err := newGorm(pool, sqlite.Dialector{Conn: pool})
	return g, d.Explain(err)
}

// Checkpoint: until the log is copied, the file alone has nothing of what was
// written last, and a bad block in the log loses all that comes after it.
func (sqliteDialect) Checkpoint(ctx context.Context, pool *sql.DB) error {
	_, err := pool.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	return err
}

// Size: a file that is not there has no size.
// NextLogin: a file has no login.
func (sqliteDialect) NextLogin(context.Context, Dialect) (same bool, refused error) {
	return false, nil
}

func (d sqliteDialect) Size() (file, log int64, known bool) {
	size := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	return size(d.path), size(d.path + "-wal"), true
}

func (sqliteDialect) InsertMissing(string) string { return " ON CONFLICT DO NOTHING" }

func (sqliteDialect) InsertOver(key string, columns ...string) string {
	return " ON CONFLICT (" + key + ") DO UPDATE SET " + assign(columns, "excluded.%s")
}

func (sqliteDialect) Kind() Kind { return SQLite }

func (sqliteDialect) LocksRows() bool { return false }

func (sqliteDialect) UseIndex(name string) string { return "INDEXED BY " + name }

func (sqliteDialect) JoinNext() string { return "CROSS JOIN " }

// StatementContext: the driver starts a goroutine for every statement that may
// be canceled, which costs a tenth of a commit. The only wait of a statement is
// already bounded by busyTimeout.
func (sqliteDialect) StatementContext(ctx context.Context) context.Context {
	return context.WithoutCancel(ctx)
}

// RowsPerStatement: the driver's work to bind values grows with the square of
// their number. Measured: with 64 rows a row is cheapest, with 256 it costs
// three times as much.
func (sqliteDialect) RowsPerStatement() int { return 64 }

// RowsPerInsert is less, because within a transaction one more statement costs
// little. With 24 rows a new record takes two thirds of the time that it takes
// with 64.
func (sqliteDialect) RowsPerInsert() int { return 24 }

// Prepares: the driver compiles a statement each time that it executes it.
func (sqliteDialect) Prepares() bool { return false }

// SQLite's own clock has a resolution of milliseconds.
const sqliteClock = "strftime('%Y-%m-%d %H:%M:%f000', 'now'"

func (sqliteDialect) Now() string { return sqliteClock + ")" }

func (sqliteDialect) Later() string { return sqliteClock + ", printf('+%.3f seconds', ? / 1e6))" }

func (d sqliteDialect) OpenForMigrations() (*sql.DB, error) {
	if err := d.checkFile(); err != nil {
		return nil, err
	}
	return sql.Open(sqlite.DriverName, d.source())
}

func (sqliteDialect) Migrations() (goose.Dialect, fs.FS) {
	return goose.DialectSQLite3, subFolder(migrations.SQLite, "sqlite")
}

// LockSchema locks the directory, not the file. Closing any descriptor of the
// file would release the locks that SQLite itself holds on it in this process.
func (d sqliteDialect) LockSchema(ctx context.Context, _ *sql.DB) (func() error, error) {
	dir, err := os.Open(filepath.Dir(d.path))
	if err != nil {
		return nil, err
	}
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		err := filelock.Try(dir)
		if err == nil {
			return func() error { return filelock.Release(dir) }, nil
		}
		if !errors.Is(err, filelock.ErrHeld) {
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
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteSchema   = 17 // the schema was altered while the statement was compiled
	sqliteNotADB   = 26
)

// sqliteUnique is an extended result code.
const sqliteUnique = 2067

// sqliteCode is the primary result code of an SQLite error, otherwise 0.
func sqliteCode(err error) int {
	var e *gosqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// fileError is an error about the database's file.
type fileError struct {
	error
	text string
}

func (e fileError) Error() string { return e.text }

func (e fileError) Unwrap() error { return e.error }

// Explain names the file. For a file that cannot be opened, the driver's text
// is "out of memory".
func (d sqliteDialect) Explain(err error) error {
	if _, done := errors.AsType[fileError](err); done {
		return err
	}
	what := ""
	switch sqliteCode(err) {
	case sqliteCantOpen:
		what = "unable to open the file (14)"
	case sqliteReadOnly, sqliteIOErr, sqliteCorrupt, sqliteFull, sqliteNotADB:
		what = err.Error()
	default:
		return err
	}
	return fileError{err, "the SQLite file " + d.path + ": " + what}
}

func (sqliteDialect) IsConflict(err error) bool {
	switch sqliteCode(err) {
	case sqliteBusy, sqliteLocked, sqliteSchema:
		return true
	}
	return false
}

func (sqliteDialect) IsDuplicate(err error) bool {
	e, ok := errors.AsType[*gosqlite.Error](err)
	return ok && e.Code() == sqliteUnique
}

func (sqliteDialect) IsUnavailable(err error) bool {
	switch sqliteCode(err) {
	case sqliteNoMem, sqliteReadOnly, sqliteIOErr, sqliteFull, sqliteCantOpen:
		return true
	}
	return false
}

// IsAway: a file does not come back by itself.
func (sqliteDialect) IsAway(error) bool { return false }

// IsIncomplete reads the error's text, because SQLite has no code for it.
func (sqliteDialect) IsIncomplete(err error) bool {
	if code := sqliteCode(err); code != sqliteError && code != sqliteSchema {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "no such table") || strings.Contains(text, "no such column") || strings.Contains(text, "has no column named")
}

// IsThere: a migration and the note about it are one transaction.
func (sqliteDialect) IsThere(error) bool { return false }

// Path is that of the database's file.
func (d sqliteDialect) Path() string { return d.path }
