package repo_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestDB_Reload: a password is changed while the service runs, first at the server
// or first in the configuration.
func TestDB_Reload(t *testing.T) {
	t.Parallel()
	server := repotest.MariaDB(t)
	for name, serverFirst := range map[string]bool{"ServerFirst": true, "ConfigurationFirst": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, err := url.Parse(server.CommonURL(t))
			if err != nil {
				t.Fatal(err)
			}
			before.RawQuery = "timeout=" + repotest.QueryTimeout.String()
			user := before.User.Username()
			db := repotest.OpenURL(t, before.String())
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			execute := func(statements ...string) {
				t.Helper()
				if err := server.Exec(t.Context(), statements...); err != nil {
					t.Fatal(err)
				}
			}
			change := func() { execute(fmt.Sprintf("ALTER USER %s@'127.0.0.1' IDENTIFIED BY 'hush'", user)) }
			// works fails if new connections can't be opened.
			works := func(when string) {
				t.Helper()
				execute("KILL USER " + user + "@'127.0.0.1'")
				patience.Await(t, func() error { // a connection that was killed is still in the pool
					if err := db.Ready(t.Context()); err != nil {
						return fmt.Errorf("%s: %w", when, err)
					}
					return nil
				})
			}
			after := *before
			after.User = url.UserPassword(user, "hush")
			if serverFirst {
				change()
			}
			changed, err := db.Reload(repo.Config{URL: after.String(), QueryTimeout: repotest.QueryTimeout})
			if refused := err != nil; refused == serverFirst || refused == (len(changed) > 0) {
				t.Errorf("%v, %v", changed, err)
			}
			if serverFirst {
				works("after the server and the configuration")
			} else {
				works("after the configuration only")
				change()
				works("after the server, too")
			}
			if err != nil && strings.Contains(err.Error(), "hush") || strings.Contains(strings.Join(changed, ""), "hush") {
				t.Errorf("a secret is shown: %v, %v", changed, err)
			}
			if changed, err := db.Reload(repo.Config{URL: after.String(), QueryTimeout: repotest.QueryTimeout}); changed != nil || err != nil {
				t.Errorf("the same again: %v, %v", changed, err)
			}
		})
	}
}

// TestDB_Reload_restart: another database needs a restart, and a broken URL is
// refused.
func TestDB_Reload_restart(t *testing.T) {
	t.Parallel()
	mysql := repotest.URL(t, repotest.KindMariaDB)
	sqlite := "sqlite://" + filepath.Join(t.TempDir(), "a.db")
	for name, urls := range map[string][2]string{
		"File":       {sqlite, sqlite + "2"},
		"Kind":       {sqlite, mysql},
		"Database":   {mysql, mysql + "2"},
		"Host":       {mysql, strings.Replace(mysql, "127.0.0.1", "127.0.0.2", 1)},
		"Parameters": {mysql, mysql + "?tls=true"},
	} {
		db, err := repo.OpenNode(repo.Config{URL: urls[0]}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"AURA_DATABASE_URL is another database; this needs a restart"}
		for range 2 {
			if changed, err := db.Reload(repo.Config{URL: urls[1]}); err != nil || !slices.Equal(changed, want) {
				t.Errorf("%s: %v, %v", name, changed, err)
			}
		}
		if changed, err := db.Reload(repo.Config{URL: urls[0]}); changed != nil || err != nil {
			t.Errorf("%s: as it was: %v, %v", name, changed, err)
		}
		if _, err := db.Reload(repo.Config{URL: "mysql://hush"}); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: a broken URL: %v", name, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
