package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"aura.radio/engine/pkg/model"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	Dialect Dialect
	// Write is for writes and for reads on which a write depends. Read is for
	// all other reads. They have separate connections, and what Read reads for
	// visitors (see model.ForVisitor) has others again: what an engine logs, and
	// what nodes and monitors ask, must not wait behind the public's queries.
	Write, Read *gorm.DB
	// Known is the number of the newest migration that this binary knows.
	Known int64
	// Timeout is how long one operation may take.
	Timeout time.Duration
	Log     zerolog.Logger

	file os.FileInfo // of an embedded database when it was opened, otherwise nil
	url  string      // of the configuration; only Reload uses it
	// The connections of Read.
	readers, visitors *sql.DB
	last              lastWrite
	silence           *silence
	hurry             chan struct{} // closed by Hurry
	// checkpoints is nil if writes are never checkpointed.
	checkpoints *checkpoints
}

// ErrNoDatabase says that there is no database to open.
var ErrNoDatabase = errors.New("there is no database yet")

// Open prepares the database for use, and creates an SQLite file that does not
// exist. The server and the schema need not be there yet; Ready tells. An error
// means that the configuration is wrong.
func Open(cfg Config, log zerolog.Logger) (*DB, error) {
	return open(cfg, log, func(d Dialect) Dialect { return d })
}

// OpenExisting is Open for callers that only work with an existing database. It
// creates no file, because the file would belong to whichever user happened to
// ask. Error: also ErrNoDatabase.
func OpenExisting(cfg Config, log zerolog.Logger) (*DB, error) {
	return open(cfg, log, Dialect.Existing)
}

func open(cfg Config, log zerolog.Logger, as func(Dialect) Dialect) (*DB, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	d, err := cfg.dialect()
	if err != nil {
		return nil, err
	}
	d = as(d)
	known, err := newestMigration(d)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	write, read, err := d.Open()
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	readers, err := read.DB()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), closePool(write))
	}
	visitors, err := d.OpenReaders(model.VisitorPlaces())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), closePool(write), closePool(read))
	}
	db := &DB{
		Dialect: d, Write: write, Read: read, Known: known, Timeout: cfg.queryTimeout(), Log: log,
		url: cfg.URL, readers: readers, visitors: visitors, hurry: make(chan struct{}),
	}
	if path := d.Path(); path != "" {
		if db.file, err = os.Stat(path); err != nil {
			return nil, errors.Join(fmt.Errorf("open database: %w", err), closePool(write), closePool(read), visitors.Close())
		}
	}
	db.guardReads()
	db.checkpoints = newCheckpoints(db.checkpoint)
	return db, nil
}

// Close closes the connections. No other call may be made afterwards.
func (db *DB) Close() error {
	for _, end := range []func() (wait func()){db.silence.end, db.checkpoints.end} {
		defer end()()
	}
	if err := errors.Join(closePool(db.Write), closePool(db.Read), db.visitors.Close()); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// ForVisitors are the connections of reads for visitors.
func (db *DB) ForVisitors() *sql.DB { return db.visitors }

// checkpoint makes the database's file whole by itself, as far as that is
// possible without waiting.
func (db *DB) checkpoint(ctx context.Context) {
	ctx, cancel := db.Deadline(ctx)
	defer cancel()
	if err := db.Dialect.Checkpoint(ctx, db.readers); err != nil && ctx.Err() == nil {
		db.Log.Warn().Err(db.Dialect.Explain(err)).Msg("checkpoint failed")
	}
}

// Size is how large an embedded database is, in bytes: its file and its
// log. A server's size is not known.
func (db *DB) Size() (file, log int64, known bool) { return db.Dialect.Size() }

func closePool(g *gorm.DB) error {
	pool, err := g.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// newGorm makes a gorm handle over a pool, or closes the pool.
func newGorm(pool *sql.DB, d gorm.Dialector) (*gorm.DB, error) {
	g, err := gorm.Open(d, &gorm.Config{
		// A single statement is a transaction by itself.
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		// A newer binary may have added columns that this one doesn't know.
		QueryFields: true,
		// Errors are returned, and statements contain what stations play.
		Logger: logger.Discard,
	})
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return g, nil
}
