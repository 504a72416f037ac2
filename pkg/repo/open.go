package repo

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// DB is an open database, whoever's it is: one sees whether its schema is in
// place, and brings it up to date. What is in it belongs to a Node or to a
// Station. It is safe for concurrent use, and so are those.
type DB struct {
	dialect dialect
	// write is for writes and for reads that decide about one; read is for
	// answers. They have connections of their own: what an engine logs must not
	// wait behind what the public asks.
	write, read *gorm.DB
	timeout     time.Duration
	log         zerolog.Logger
}

// ErrNoDatabase says that there is nothing to open.
var ErrNoDatabase = errors.New("there is no database yet")

// Open prepares the database for use, and makes an SQLite file that is not there.
// A server need not be there yet, and the schema need not be; Ready tells. An
// error means that the configuration is wrong.
func Open(cfg Config, log zerolog.Logger) (*DB, error) {
	return open(cfg, log, func(d dialect) dialect { return d })
}

// OpenExisting is Open for who only works with what is there: it makes no file,
// which would belong to whoever happened to ask. Error: also ErrNoDatabase.
func OpenExisting(cfg Config, log zerolog.Logger) (*DB, error) {
	return open(cfg, log, dialect.existing)
}

func open(cfg Config, log zerolog.Logger, as func(dialect) dialect) (*DB, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	d, err := cfg.dialect()
	if err != nil {
		return nil, err
	}
	d = as(d)
	write, read, err := d.open()
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return &DB{dialect: d, write: write, read: read, timeout: cfg.queryTimeout(), log: log}, nil
}

// Close closes the connections. No other call may be made afterwards.
func (db *DB) Close() error {
	if err := errors.Join(closePool(db.write), closePool(db.read)); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

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
		// One statement is a transaction by itself.
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		// A newer binary may have added columns that this one doesn't know.
		QueryFields: true,
		// Errors are returned, and statements hold what stations play.
		Logger: logger.Discard,
	})
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return g, nil
}
