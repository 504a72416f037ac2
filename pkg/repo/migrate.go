package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/pressly/goose/v3"
)

// Errors about the schema.
var (
	// ErrSchemaNewer: a newer binary migrated this database. No service starts
	// with it, because what the newer schema asks for is unknown here; one that
	// runs already is not ready any more, but goes on.
	ErrSchemaNewer = errors.New("the database's schema is newer than this program")
	// ErrSchemaOlder: the database has not been migrated yet.
	ErrSchemaOlder = errors.New("the database's schema is older than this program; run migrate up")
)

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string // of its file
	Applied   bool
	AppliedAt time.Time // zero unless Applied
}

// Ready returns nil when the database answers and has the schema of this
// binary. Errors: model.ErrUnavailable, ErrSchemaOlder, ErrSchemaNewer.
func (db *DB) Ready(ctx context.Context) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	latest, err := latestVersion(db.dialect)
	if err != nil {
		return err
	}
	version, err := db.schemaVersion(ctx)
	if err != nil {
		return db.fail(ctx, "read schema version", err)
	}
	return compareVersions(version, latest)
}

// schemaVersion is the number of the last migration applied, 0 before the
// first.
func (db *DB) schemaVersion(ctx context.Context) (int64, error) {
	var version sql.NullInt64
	err := db.read.WithContext(ctx).Raw("SELECT MAX(version_id) FROM " + goose.DefaultTablename).Scan(&version).Error
	if err != nil && db.dialect.isIncomplete(err) {
		return 0, nil
	}
	return version.Int64, err
}

func compareVersions(database, binary int64) error {
	switch {
	case database > binary:
		return fmt.Errorf("%w: it has version %d, this program knows %d", ErrSchemaNewer, database, binary)
	case database < binary:
		return fmt.Errorf("%w: it has version %d, this program needs %d", ErrSchemaOlder, database, binary)
	}
	return nil
}

// Migrate brings the schema up to date. Several processes may call it at once:
// one migrates, the others wait. It takes as long as it takes, so bound ctx.
// Errors: ErrSchemaNewer, model.ErrUnavailable.
func (db *DB) Migrate(ctx context.Context) error {
	err := db.migrate(ctx, func(p *goose.Provider) error {
		applied, err := p.Up(ctx)
		for _, m := range applied {
			db.log.Info().Int64("version", m.Source.Version).Dur("took", m.Duration).Msg("schema migrated")
		}
		return err
	})
	return db.fail(ctx, "migrate", err)
}

// MigrateDown takes the last migration back; the data that it made room for is
// lost. Errors: ErrSchemaNewer, model.ErrUnavailable.
func (db *DB) MigrateDown(ctx context.Context) error {
	err := db.migrate(ctx, func(p *goose.Provider) error {
		m, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return errors.New("there is no migration to take back")
		}
		if err == nil {
			db.log.Info().Int64("version", m.Source.Version).Msg("schema migration taken back")
		}
		return err
	})
	return db.fail(ctx, "migrate down", err)
}

// MigrationStatus lists the migrations that this binary knows. Error:
// ErrSchemaNewer, model.ErrUnavailable.
func (db *DB) MigrationStatus(ctx context.Context) ([]Migration, error) {
	var migrations []Migration
	err := db.migrate(ctx, func(p *goose.Provider) error {
		steps, err := p.Status(ctx)
		for _, s := range steps {
			migrations = append(migrations, Migration{
				Version:   s.Source.Version,
				Name:      path.Base(s.Source.Path),
				Applied:   s.State == goose.StateApplied,
				AppliedAt: s.AppliedAt.UTC(),
			})
		}
		return err
	})
	return migrations, db.fail(ctx, "migration status", err)
}

// migrate runs do while no other process can migrate, unless the schema is
// newer than this binary.
func (db *DB) migrate(ctx context.Context, do func(*goose.Provider) error) (err error) {
	pool, err := db.dialect.openForMigrations()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	release, err := db.dialect.lockSchema(ctx, pool)
	if err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()

	provider, err := newProvider(db.dialect, pool)
	if err != nil {
		return err
	}
	latest, err := latestVersion(db.dialect)
	if err != nil {
		return err
	}
	version, err := db.schemaVersion(ctx)
	if err != nil {
		return err
	}
	if err := compareVersions(version, latest); errors.Is(err, ErrSchemaNewer) {
		return err
	}
	return do(provider)
}

func newProvider(d dialect, pool *sql.DB) (*goose.Provider, error) {
	name, files := d.migrations()
	return goose.NewProvider(name, pool, files, goose.WithDisableGlobalRegistry(true))
}

// latestVersion is the highest migration that this binary knows.
func latestVersion(d dialect) (int64, error) {
	_, files := d.migrations()
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(errors.New("no migrations are embedded"), err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

// subFolder is a folder of the embedded files.
func subFolder(files fs.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}
