package repo

import (
	"context"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Config says which database to use. Zero values mean the defaults.
type Config = sqldb.Config

// Migration is one step of the schema.
type Migration = sqldb.Migration

// Errors about the schema, and about a database that is not there.
var (
	// ErrSchemaNewer: a newer binary migrated this database, to a schema that this
	// one may not use. No service starts with it. A service that runs already is
	// not ready any more, but goes on.
	ErrSchemaNewer = sqldb.ErrSchemaNewer
	// ErrSchemaOlder: the database has not been migrated yet.
	ErrSchemaOlder = sqldb.ErrSchemaOlder
	// ErrNoDatabase says that there is nothing to open.
	ErrNoDatabase = sqldb.ErrNoDatabase
)

// DB is an open database, whoever's it is: one sees whether its schema is in
// place, and brings it up to date. What is in it belongs to a Node or to a
// Station. It is safe for concurrent use, and so are those.
type DB struct{ db *sqldb.DB }

// Open prepares the database for use, and makes an SQLite file that is not there.
// A server need not be there yet, and the schema need not be; Ready tells. An
// error means that the configuration is wrong.
func Open(cfg Config, log zerolog.Logger) (*DB, error) { return opened(sqldb.Open(cfg, log)) }

// OpenExisting is Open for who only works with what is there: it makes no file,
// which would belong to whoever happened to ask. Error: also ErrNoDatabase.
func OpenExisting(cfg Config, log zerolog.Logger) (*DB, error) {
	return opened(sqldb.OpenExisting(cfg, log))
}

func opened(db *sqldb.DB, err error) (*DB, error) {
	if err != nil {
		return nil, err
	}
	return &DB{db}, nil
}

// Close closes the connections. No other call may be made afterwards.
func (d *DB) Close() error { return d.db.Close() }

// Ready returns nil when the database answers and has a schema that this binary
// may use: its own, or a newer one that says so (see package migrations).
// Errors: model.ErrUnavailable, ErrSchemaOlder, ErrSchemaNewer.
func (d *DB) Ready(ctx context.Context) error { return d.db.Ready(ctx) }

// Migrate brings the schema up to date. Several processes may call it at once:
// one migrates, the others wait. It takes as long as it takes, so bound ctx.
// What failed at any statement continues with the next call. A schema that is
// newer, and that this binary may use, stays as it is.
// Errors: ErrSchemaNewer, model.ErrUnavailable.
func (d *DB) Migrate(ctx context.Context) error { return d.db.Migrate(ctx) }

// MigrateDown takes the last migration back; the data that it made room for is
// lost. It is for tests. Errors: ErrSchemaNewer, model.ErrUnavailable.
func (d *DB) MigrateDown(ctx context.Context) error { return d.db.MigrateDown(ctx) }

// MigrationStatus lists the migrations that this binary knows. Errors:
// ErrSchemaNewer, model.ErrUnavailable.
func (d *DB) MigrationStatus(ctx context.Context) ([]Migration, error) {
	return d.db.MigrationStatus(ctx)
}
