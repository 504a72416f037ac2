package repo

import (
	"context"
	"errors"
	"sync"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Config says which database to use. Zero values mean the defaults.
type Config = sqldb.Config

// Migration is one step of the schema.
type Migration = sqldb.Migration

// Errors about the schema, and about a database that is not there.
var (
	// ErrSchemaNewer: a newer binary migrated this database to a schema that
	// this binary may not use. No service starts with it. A service that is
	// already running is no longer ready, but goes on.
	ErrSchemaNewer = sqldb.ErrSchemaNewer
	// ErrSchemaOlder: the database has not been migrated yet.
	ErrSchemaOlder = sqldb.ErrSchemaOlder
	// ErrNoDatabase says that there is no database to open.
	ErrNoDatabase = sqldb.ErrNoDatabase
	// ErrFileGone says that what is written is lost: the file was deleted or
	// replaced while it was open.
	ErrFileGone = sqldb.ErrFileGone
)

// DB is an open database, of a node or of the sync node. DB shows whether the
// schema is in place, and brings it up to date. The data in it is accessed
// through a Node or a Station. All three types are safe for concurrent use.
type DB struct {
	db *sqldb.DB
	// lock is that of the process that serves the database; nil if no service
	// began, or if several may run.
	lock sqldb.ServiceLock
	// copying is held while a backup is made.
	copying sync.Mutex
	// trying is held by the goroutine that tries to write; see Writable.
	trying chan struct{}
}

// Open prepares the database for use, and creates an SQLite file that does not
// exist. The server and the schema need not be there yet; Ready tells. An error
// means that the configuration is wrong.
func Open(cfg Config, log zerolog.Logger) (*DB, error) { return opened(sqldb.Open(cfg, log)) }

// OpenExisting is Open for callers that only work with an existing database. It
// creates no file, because the file would belong to whichever user happened to
// ask. Error: also ErrNoDatabase.
func OpenExisting(cfg Config, log zerolog.Logger) (*DB, error) {
	return opened(sqldb.OpenExisting(cfg, log))
}

func opened(db *sqldb.DB, err error) (*DB, error) {
	if err != nil {
		return nil, err
	}
	return &DB{db: db, trying: make(chan struct{}, 1)}, nil
}

// Close closes the connections, and ends what Begin began. No other call may be
// made afterwards.
func (d *DB) Close() error {
	err := d.db.Close()
	if d.lock != nil {
		err = errors.Join(err, d.lock.Release())
	}
	return err
}

// Ready returns nil if the database answers and has a schema that this binary
// may use. That is its own schema, or a newer one that allows it (see package
// migrations). Errors: model.ErrUnavailable, ErrSchemaOlder, ErrSchemaNewer.
func (d *DB) Ready(ctx context.Context) error { return d.db.Ready(ctx) }

// Reload opens connections to come with the login of a configuration that was
// read again. It says what changed, and never shows a secret. If the server
// refuses the new login, that is an error; the login of before is used too, until
// the server takes the new one. Only one goroutine may call Reload.
func (d *DB) Reload(cfg Config) (changed []string, err error) { return d.db.Reload(cfg) }

// Size is how large an embedded database is, in bytes: its file and its log. A
// server's size is not known.
func (d *DB) Size() (file, log int64, known bool) { return d.db.Size() }

// Migrate brings the schema up to date. Several processes may call it at once:
// one migrates, the others wait. It takes as long as it takes, so bound ctx. If
// a statement fails, the next call continues there. A newer schema that this
// binary may use stays as it is. Errors: ErrSchemaNewer, model.ErrUnavailable.
func (d *DB) Migrate(ctx context.Context) error { return plainly(d.db.Migrate(ctx)) }

// MigrateDown reverts the last migration; the data that the migration made room
// for is lost. It is for tests. Errors: ErrSchemaNewer, model.ErrUnavailable.
func (d *DB) MigrateDown(ctx context.Context) error { return d.db.MigrateDown(ctx) }

// MigrationStatus lists the migrations that this binary knows. Errors:
// ErrSchemaNewer, model.ErrUnavailable.
func (d *DB) MigrationStatus(ctx context.Context) ([]Migration, error) {
	list, err := d.db.MigrationStatus(ctx)
	return list, plainly(err)
}
