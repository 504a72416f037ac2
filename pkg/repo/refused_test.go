package repo_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestDB_Migrate_refused: who changes the schema, or looks whose the database is
// before that, is first told that the password, the user or the database's name is
// wrong.
func TestDB_Migrate_refused(t *testing.T) {
	t.Parallel()
	good, err := url.Parse(repotest.MariaDB(t).URL(t))
	if err != nil {
		t.Fatal(err)
	}
	password, name := *good, *good
	password.User = url.UserPassword(good.User.Username(), "hush")
	name.Path = "/nowhere"
	for _, test := range []struct{ url, want string }{
		{password.String(), "the database server refuses the user or the password of AURA_DATABASE_URL: "},
		{name.String(), "the database server has no database of that name, or not for this user; see AURA_DATABASE_URL: "},
	} {
		db, err := repo.Open(repo.Config{URL: test.url}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{"belongs": db.Belongs(t.Context(), model.Owner{Service: model.EngineAPI, Host: 1}), "migrate": db.Migrate(t.Context()), "status": func() error { _, err := db.MigrationStatus(t.Context()); return err }()} {
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s: %v, want %q", what, err, test.want)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
