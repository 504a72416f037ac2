package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"regexp"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/rs/zerolog"
)

// Errors about the schema.
var (
	// ErrSchemaNewer: a newer binary migrated this database to a schema that
	// this binary may not use. No service starts with it. A service that is
	// already running is no longer ready, but goes on.
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

// Ready returns nil if the database answers and has a schema that this binary
// may use. That is its own schema, or a newer one that allows it (see package
// migrations). Errors: model.ErrUnavailable, ErrSchemaOlder, ErrSchemaNewer.
func (db *DB) Ready(ctx context.Context) error {
	ctx, cancel := db.Deadline(ctx)
	defer cancel()
	return db.Fail(ctx, "check schema", db.checkSchema(ctx))
}

func (db *DB) checkSchema(ctx context.Context) error {
	version, err := db.schemaVersion(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if version < db.Known {
		return fmt.Errorf("%w: it has version %d, this program needs %d", ErrSchemaOlder, version, db.Known)
	}
	if version > db.Known {
		return db.checkNewer(ctx, version)
	}
	return nil
}

// schemaVersion is the number of the last applied migration, or 0 before the
// first.
func (db *DB) schemaVersion(ctx context.Context) (int64, error) {
	var version sql.NullInt64
	err := db.Read.WithContext(ctx).Raw("SELECT MAX(version_id) FROM " + goose.DefaultTablename).Scan(&version).Error
	if err != nil && db.Dialect.IsIncomplete(err) {
		return 0, nil
	}
	return version.Int64, err
}

// checkNewer returns ErrSchemaNewer unless every migration unknown to this
// program says that this program may use the schema.
func (db *DB) checkNewer(ctx context.Context, version int64) error {
	var forbidden int64
	err := db.Read.WithContext(ctx).Raw("SELECT COUNT(*) FROM "+goose.DefaultTablename+" LEFT JOIN schema_step"+
		" ON schema_step.version = version_id AND schema_step.oldest <= ? WHERE version_id > ? AND schema_step.version IS NULL",
		db.Known, db.Known).Scan(&forbidden).Error
	if err != nil && !db.Dialect.IsIncomplete(err) {
		return fmt.Errorf("read schema steps: %w", err)
	}
	if err != nil || forbidden > 0 {
		return fmt.Errorf("%w: it has version %d, this program knows %d", ErrSchemaNewer, version, db.Known)
	}
	return nil
}

// Migrate brings the schema up to date. Several processes may call it at once:
// one migrates, the others wait. It takes as long as it takes, so bound ctx. If
// a statement fails, the next call continues there. A newer schema that this
// binary may use stays as it is. Errors: ErrSchemaNewer, model.ErrUnavailable.
func (db *DB) Migrate(ctx context.Context) error {
	err := db.migrate(ctx, func(m *migrator) error {
		steps, err := m.pending(ctx)
		if err != nil {
			return err
		}
		for _, step := range steps {
			if err := m.apply(ctx, step); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		db.checkpoint(ctx)
	}
	return db.Fail(ctx, "migrate", err)
}

// MigrateDown reverts the last migration; the data that the migration made room
// for is lost. It is for tests. Errors: ErrSchemaNewer, model.ErrUnavailable.
func (db *DB) MigrateDown(ctx context.Context) error {
	err := db.migrate(ctx, func(m *migrator) error { return m.down(ctx) })
	return db.Fail(ctx, "migrate down", err)
}

// MigrationStatus lists the migrations that this binary knows. Errors:
// ErrSchemaNewer, model.ErrUnavailable.
func (db *DB) MigrationStatus(ctx context.Context) ([]Migration, error) {
	var migrations []Migration
	err := db.migrate(ctx, func(m *migrator) error {
		steps, err := m.provider.Status(ctx)
		migrations = nil
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
	return migrations, db.Fail(ctx, "migration status", err)
}

// migrate runs do while no other process can migrate, unless this program may
// not use the schema. It repeats do, until ctx ends, as long as do loses
// conflicts with services that write meanwhile.
func (db *DB) migrate(ctx context.Context, do func(*migrator) error) (err error) {
	pool, err := db.Dialect.OpenForMigrations()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	release, err := db.Dialect.LockSchema(ctx, pool)
	if err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()

	m, err := newMigrator(db.Dialect, pool, db.Log)
	if err != nil {
		return err
	}
	for {
		err := db.checkSchema(ctx)
		if err == nil || errors.Is(err, ErrSchemaOlder) {
			err = m.keepNotes(ctx)
		}
		if err == nil {
			err = do(m)
		}
		if err == nil || !db.IsConflict(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(MaxPause/2 + rand.N(MaxPause)):
		}
	}
}

// migrator changes the schema. Its holder also holds the schema's lock.
type migrator struct {
	dialect  Dialect
	pool     *sql.DB
	provider *goose.Provider
	notes    database.Store // which migrations are applied
	log      zerolog.Logger
}

func newMigrator(d Dialect, pool *sql.DB, log zerolog.Logger) (*migrator, error) {
	name, files := d.Migrations()
	provider, err := goose.NewProvider(name, pool, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, err
	}
	notes, err := database.NewStore(name, goose.DefaultTablename)
	return &migrator{dialect: d, pool: pool, provider: provider, notes: notes, log: log}, err
}

// keepNotes makes the table of applied migrations with its first row, or what is
// missing of them. Goose would make them in two steps too, and refuse a table
// without the row.
func (m *migrator) keepNotes(ctx context.Context) error {
	_, err := m.notes.GetMigration(ctx, m.pool, 0)
	if err != nil && m.dialect.IsIncomplete(err) { // there is no table yet
		if err := m.notes.CreateVersionTable(ctx, m.pool); err != nil {
			return err
		}
		err = database.ErrVersionNotFound
	}
	if errors.Is(err, database.ErrVersionNotFound) {
		return m.notes.Insert(ctx, m.pool, database.InsertRequest{Version: 0})
	}
	return err
}

// pending lists the migrations that are not applied, in order.
func (m *migrator) pending(ctx context.Context) (steps []int64, err error) {
	noted, err := m.notes.ListMigrations(ctx, m.pool)
	if err != nil {
		return nil, err
	}
	applied := make(map[int64]bool, len(noted))
	for _, n := range noted {
		applied[n.Version] = true
	}
	for _, s := range m.provider.ListSources() {
		if !applied[s.Version] {
			steps = append(steps, s.Version)
		}
	}
	return steps, nil
}

// apply applies a migration. If an earlier try was cut off, MariaDB may have
// committed the statement without the note about it. In that case the
// statement's result already exists, and apply only adds the note.
func (m *migrator) apply(ctx context.Context, step int64) error {
	wasBegun, err := m.begin(ctx, step)
	if err != nil {
		return fmt.Errorf("begin migration %d: %w", step, err)
	}
	applied, err := m.provider.UpByOne(ctx)
	switch {
	case err == nil:
		m.log.Info().Int64("version", step).Dur("took", applied.Duration).Msg("schema migrated")
	case m.dialect.IsThere(err) && wasBegun:
		m.log.Info().Int64("version", step).Msg("schema was already migrated by an interrupted attempt")
		err = m.notes.Insert(ctx, m.pool, database.InsertRequest{Version: step})
	case m.dialect.IsThere(err): // the object is not from this migration
		_, forgotten := m.pool.ExecContext(ctx, "DELETE FROM schema_step WHERE version = ?", step)
		err = errors.Join(err, forgotten)
	}
	return err
}

// schemaSteps is the table of the migrations that were begun. Each row names
// the oldest program that may use the schema from then on; an older program has
// no other way to know the files of newer ones. Like the table of applied
// migrations, it exists before the first migration.
const schemaSteps = "CREATE TABLE IF NOT EXISTS schema_step (version BIGINT NOT NULL PRIMARY KEY, oldest BIGINT NOT NULL)"

// begin notes that a migration is about to run, and reports whether an earlier
// try was already noted.
func (m *migrator) begin(ctx context.Context, step int64) (wasBegun bool, err error) {
	oldest, err := oldestProgram(m.dialect, step)
	if err != nil {
		return false, err
	}
	if _, err := m.pool.ExecContext(ctx, schemaSteps); err != nil {
		return false, err
	}
	noted, err := m.pool.ExecContext(ctx, "INSERT INTO schema_step (version, oldest) VALUES (?, ?)"+m.dialect.InsertMissing("version"), step, oldest)
	if err != nil {
		return false, err
	}
	fresh, err := noted.RowsAffected()
	return fresh == 0, err
}

func (m *migrator) down(ctx context.Context) error {
	undone, err := m.provider.Down(ctx)
	if errors.Is(err, goose.ErrNoNextVersion) {
		return errors.New("there is no migration to undo")
	}
	if err != nil {
		return err
	}
	m.log.Info().Int64("version", undone.Source.Version).Msg("schema migration undone")
	_, err = m.pool.ExecContext(ctx, "DELETE FROM schema_step WHERE version = ?", undone.Source.Version)
	return err
}

// newestMigration is the number of the newest migration that is embedded.
func newestMigration(d Dialect) (int64, error) {
	_, files := d.Migrations()
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(errors.New("no migrations are embedded"), err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

var oldestLine = regexp.MustCompile(`(?m)^-- Oldest program: (\d+)$`)

// oldestProgram is the number of the migration that a program must know to use
// the schema after step. It is step itself, unless the step's file names an
// older one.
func oldestProgram(d Dialect, step int64) (int64, error) {
	_, files := d.Migrations()
	names, err := fs.Glob(files, fmt.Sprintf("%05d_*.sql", step))
	if err != nil || len(names) != 1 {
		return 0, errors.Join(fmt.Errorf("migration %d has %d files", step, len(names)), err)
	}
	text, err := fs.ReadFile(files, names[0])
	if err != nil {
		return 0, err
	}
	if named := oldestLine.FindSubmatch(text); named != nil {
		return strconv.ParseInt(string(named[1]), 10, 64)
	}
	return step, nil
}

// subFolder is a folder of the embedded files.
func subFolder(files fs.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}
