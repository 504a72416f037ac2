package repotest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/repo"
)

// MigratedURL returns the URL of a new database with the schema in place and
// nothing else. The first database of a kind is migrated, and the others are
// copies: dozens of migrations would take longer than most tests. It skips the
// test if the kind is not installed; see MariaDB.
func MigratedURL(t testing.TB, kind Kind) string {
	t.Helper()
	if kind == KindMariaDB {
		return MariaDB(t).migratedURL(t)
	}
	file, err := migratedFile()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite://" + path
}

// migratedFile is the content of an SQLite file with the schema.
var migratedFile = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "aura-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "template.db")
	if err := migrate(context.Background(), "sqlite://"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // its log is empty, because the database is closed
})

func migrate(ctx context.Context, url string) (err error) {
	db, err := repo.Open(configure(url), zerolog.Nop()) //nolint:contextcheck // the goroutines of an open database end with Close
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Migrate(ctx)
}

// templateName is the name of the server's database that is copied.
const templateName = "test_template"

func (s *Server) migratedURL(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout())
	defer cancel()
	s.template.Do(func() { s.copying, s.templateErr = s.makeTemplate(ctx) })
	if s.templateErr != nil {
		t.Fatal(s.templateErr)
	}
	name := s.newName()
	copied, err := s.CreateDatabase(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	s.execute(t, s.copying(name)...)
	return copied
}

// makeTemplate migrates the database that is copied. copying returns the
// statements that copy it.
func (s *Server) makeTemplate(ctx context.Context) (copying func(name string) []string, err error) {
	made, err := s.CreateDatabase(ctx, templateName)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, made); err != nil {
		return nil, err
	}
	root, err := s.asRoot()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	tables, err := tablesOf(ctx, root)
	if err != nil {
		return nil, err
	}
	// Few tables have rows, and a statement takes time.
	filled := map[string]bool{}
	for _, table := range tables {
		var rows bool
		if err := root.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+templateName+"."+table+")").Scan(&rows); err != nil {
			return nil, err
		}
		filled[table] = rows
	}
	return func(name string) (statements []string) {
		for _, table := range tables {
			statements = append(statements, fmt.Sprintf("CREATE TABLE %s.%s LIKE %s.%s", name, table, templateName, table))
			if filled[table] {
				statements = append(statements, fmt.Sprintf("INSERT INTO %s.%s SELECT * FROM %s.%s", name, table, templateName, table))
			}
		}
		return statements
	}, nil
}

func tablesOf(ctx context.Context, root *sql.DB) (tables []string, err error) {
	rows, err := root.QueryContext(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = ?", templateName)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, rows.Err()
}
