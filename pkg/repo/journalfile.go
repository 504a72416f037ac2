package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/filelock"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/ballast"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

const (
	// ballastSize is kept for the day when the disk is full.
	ballastSize = 16 << 20
	// ballastSuffix names the file that keeps it.
	ballastSuffix = "-ballast"
	// shrinkAbove is the size from which an empty journal's file is made small
	// again.
	shrinkAbove = 4 << 20
	// journalVersion is that of the tables in the file.
	journalVersion = 1
)

// ErrJournalServed says that another process writes the journal.
var ErrJournalServed = filelock.ErrHeld

// Journal is the file in which an engine-api keeps what its database can't
// store. It is safe for concurrent use. The file is opened when it is needed
// first, and again if somebody replaced it.
type Journal struct {
	path string
	max  int64
	// beside: this is a command that works beside the service.
	beside bool
	// aside reports that no room could be kept aside.
	aside *logging.Lasting
	// waiting and bytes are as model.Journal has them.
	waiting, bytes atomic.Int64
	// turn is held by the goroutine that works on the file. What follows belongs
	// to it.
	turn    chan struct{}
	file    *sqldb.File // nil while it is not open
	opened  os.FileInfo
	ballast *ballast.Ballast
	closed  bool
}

// NewJournal makes a journal of at most max bytes. It opens no file yet.
func NewJournal(path string, maxBytes int64, log zerolog.Logger) *Journal {
	return &Journal{
		path: path, max: maxBytes, turn: make(chan struct{}, 1),
		aside: logging.NewLasting(log, "the journal can't keep room aside for the day when the disk is full"),
	}
}

// OpenExistingJournal is NewJournal for a command that works while the service
// runs. It creates no file. Error: ErrNoDatabase.
func OpenExistingJournal(path string) (*Journal, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrNoDatabase, path)
	}
	j := NewJournal(path, 0, zerolog.Nop())
	j.beside = true
	return j, nil
}

// Close closes the file. No other call succeeds afterwards. If the disk hangs,
// Close returns when ctx ends.
func (j *Journal) Close(ctx context.Context) error {
	select {
	case j.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("close journal: %w", ctx.Err())
	}
	defer func() { <-j.turn }()
	j.closed = true
	return j.shut()
}

// onFile works on the journal's file, once at a time. It returns when ctx ends,
// even if the disk hangs: then the work may be done nevertheless. If the disk is
// full, some of the room that was kept aside is freed, and the work is done again.
// Errors: model.ErrNotFound, model.ErrUnavailable.
func onFile[T any](ctx context.Context, j *Journal, doing string, work func(ctx context.Context, file *sqldb.File) (T, error)) (T, error) {
	var none T
	select {
	case j.turn <- struct{}{}:
	case <-ctx.Done():
		return none, fmt.Errorf("%s: %w: %w", doing, model.ErrUnavailable, ctx.Err())
	}
	done := make(chan T, 1)
	err := within(ctx, func() error {
		defer func() { <-j.turn }()
		// A statement that is interrupted may be done or not. Each is short.
		ctx := context.WithoutCancel(ctx)
		result, err := tryOnFile(ctx, j, doing, work)
		for sqldb.LacksRoom(err) && j.ballast != nil {
			freed, failed := j.ballast.Free()
			if failed != nil || !freed {
				return errors.Join(err, failed)
			}
			result, err = tryOnFile(ctx, j, doing, work)
		}
		done <- result
		return err
	})
	switch {
	case errors.Is(err, model.ErrNotFound), errors.Is(err, model.ErrUnavailable):
		return none, err
	case err != nil:
		return none, fmt.Errorf("%w: %w", model.ErrUnavailable, err)
	}
	return <-done, nil
}

func tryOnFile[T any](ctx context.Context, j *Journal, doing string, work func(ctx context.Context, file *sqldb.File) (T, error)) (T, error) {
	var none T
	if err := j.open(ctx); err != nil {
		return none, fmt.Errorf("open the journal: %w", err)
	}
	result, err := work(ctx, j.file)
	return result, j.file.Fail(doing, err)
}

// open opens the file, unless it is open and still where it was.
func (j *Journal) open(ctx context.Context) error {
	if j.closed {
		return errClosed
	}
	if j.file != nil {
		info, err := os.Stat(j.path)
		if err == nil && os.SameFile(info, j.opened) {
			return nil
		}
		// What was kept in the old file is lost with it.
		if err := j.shut(); err != nil {
			return err
		}
	}
	if !j.beside && j.ballast == nil {
		r, err := ballast.Open(j.path+ballastSuffix, ballastSize)
		if err != nil {
			return err
		}
		j.ballast = r
		// Without that room the journal takes what fits. It is tried again when
		// the journal is empty.
		j.aside.Report(r.Take())
	}
	file, err := sqldb.OpenFile(j.path, j.beside)
	if err != nil {
		return err
	}
	if j.opened, err = os.Stat(j.path); err == nil {
		err = j.prepare(ctx, file)
	}
	if err != nil {
		return errors.Join(file.Fail("prepare", err), file.Close())
	}
	j.file = file
	return nil
}

// shut closes what is open.
func (j *Journal) shut() error {
	var err error
	if j.file != nil {
		err = j.file.Close()
		j.file = nil
	}
	if j.ballast != nil {
		err = errors.Join(err, j.ballast.Close())
		j.ballast = nil
	}
	return err
}

const journalTables = `
CREATE TABLE IF NOT EXISTS item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    arrival TEXT NOT NULL,
    start TEXT, -- of a play
    body TEXT NOT NULL,
    uid BLOB, -- the database that has to store it; NULL as long as none was reachable
    reason TEXT -- why it was put aside; NULL while it waits
);
CREATE INDEX IF NOT EXISTS item_start ON item (start) WHERE start IS NOT NULL;
PRAGMA user_version = 1`

// prepare makes the tables, and counts what is there.
func (j *Journal) prepare(ctx context.Context, file *sqldb.File) error {
	var version int
	if err := file.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch {
	case version > journalVersion:
		return fmt.Errorf("the journal %s is of a newer program", j.path)
	case version < journalVersion && j.beside:
		return fmt.Errorf("%s is no journal", j.path)
	case version < journalVersion:
		if _, err := file.ExecContext(ctx, journalTables); err != nil {
			return err
		}
	}
	return j.count(ctx, file)
}

// count counts the items that wait, and the room that all take. Before Claim,
// all of them may be this database's.
func (j *Journal) count(ctx context.Context, file *sqldb.File) error {
	var waiting int64
	var bytes sql.NullInt64
	err := file.QueryRowContext(ctx, "SELECT COUNT(CASE WHEN reason IS NULL THEN 1 END), SUM(length(CAST(body AS BLOB)) + ?) FROM item", itemOverhead).
		Scan(&waiting, &bytes)
	if err == nil {
		j.waiting.Store(waiting)
		j.bytes.Store(bytes.Int64)
	}
	return err
}
