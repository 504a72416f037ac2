package repo_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		cfg  repo.Config
		want string // part of the error; "" for no error
	}{
		{"SQLite", repo.Config{URL: "sqlite:///var/lib/aura/a%20b.db"}, ""},
		{"SQLiteRelative", repo.Config{URL: "sqlite:data/engine.db"}, ""},
		{"MySQL", repo.Config{URL: "mysql://aura:secret@db.example.org/aura_engine?tls=true&timeout=1s"}, ""},
		{"MySQLAddress6", repo.Config{URL: "mysql://aura@[::1]:3307/aura"}, ""},
		{"Empty", repo.Config{}, "must start with"},
		{"OtherScheme", repo.Config{URL: "postgres://aura:secret@localhost/aura"}, "must start with"},
		{"SQLiteHost", repo.Config{URL: "sqlite://engine.db"}, "sqlite:///path"},
		{"SQLiteMemory", repo.Config{URL: "sqlite::memory:"}, "sqlite:///path"},
		{"SQLiteParameters", repo.Config{URL: "sqlite:///a.db?mode=ro"}, "without parameters"},
		{"SQLiteDirectory", repo.Config{URL: "sqlite:///var/lib/"}, "sqlite:///path"},
		{"MySQLNoUser", repo.Config{URL: "mysql://localhost/aura"}, "user:password"},
		{"MySQLNoDatabase", repo.Config{URL: "mysql://aura:secret@localhost/"}, "/database"},
		{"MySQLNoHost", repo.Config{URL: "mysql://aura:secret@/aura"}, "host"},
		{"MySQLUnescaped", repo.Config{URL: "mysql://aura:sec%ret@localhost/aura"}, "%XX"},
		{"MySQLParameter", repo.Config{URL: "mysql://aura:secret@localhost/aura?timeout=secret"}, "parameters"},
		{"MySQLStrict", repo.Config{URL: "mysql://aura:secret@localhost/aura?strict=true"}, "strict"},
		{"Timeout", repo.Config{URL: "sqlite:a.db", QueryTimeout: time.Millisecond}, "AURA_DB_QUERY_TIMEOUT=1ms"},
		{"Pool", repo.Config{URL: "sqlite:a.db", PoolSize: -1}, "AURA_DB_POOL_SIZE=-1"},
		{"AllAtOnce", repo.Config{URL: "x", PoolSize: 100000}, "AURA_DATABASE_URL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.cfg.Validate()
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), "sec") && strings.Contains(test.cfg.URL, "sec") {
				t.Errorf("the password shows: %v", err)
			}
		})
	}
}

func TestConfig_MigrateAtStart(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, test := range []struct {
		cfg  repo.Config
		want bool
	}{
		{repo.Config{URL: "sqlite:a.db"}, true},
		{repo.Config{URL: "mysql://a@b/c"}, false},
		{repo.Config{URL: "sqlite:a.db", AutoMigrate: &no}, false},
		{repo.Config{URL: "mysql://a@b/c", AutoMigrate: &yes}, true},
	} {
		if got := test.cfg.MigrateAtStart(); got != test.want {
			t.Errorf("%+v: %t", test.cfg, got)
		}
	}
}

// TestOpen is not parallel, because a subtest changes the working directory.
func TestOpen(t *testing.T) {
	open := func(t *testing.T, url string) error {
		db, err := repo.OpenNode(repo.Config{URL: url}, zerolog.Nop())
		if err == nil {
			err = db.Close()
		}
		return err
	}
	t.Run("SpecialCharacters", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := open(t, "sqlite://"+dir+"/a%20%3F%25%23b.db"); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "a ?%#b.db")); err != nil {
			t.Error(err)
		}
	})
	t.Run("Relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		if err := open(t, "sqlite:here.db"); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat("here.db"); err != nil {
			t.Error(err)
		}
	})
	t.Run("NoDirectory", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "missing")
		if err := open(t, "sqlite://"+dir+"/a.db"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), dir) {
			t.Errorf("error %v, want one that names %s", err, dir)
		}
	})
	t.Run("Existing", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		cfg := repo.Config{URL: "sqlite://" + dir + "/a.db"}
		if _, err := repo.OpenExistingNode(cfg, zerolog.Nop()); !errors.Is(err, repo.ErrNoDatabase) || !strings.Contains(err.Error(), dir) {
			t.Errorf("error %v, want one that names %s", err, dir)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Errorf("made %v, %v", files, err)
		}
		if _, err := repo.OpenExistingNode(repo.Config{URL: "sqlite://" + dir}, zerolog.Nop()); err == nil {
			t.Error("a directory was opened")
		}
		if err := repotest.OpenURL(t, cfg.URL).Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		db, err := repo.OpenExistingNode(cfg, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Ready(t.Context()), db.StoreEntry(t.Context(), entry(0, "a")), db.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Run("NoServer", func(t *testing.T) {
		t.Parallel()
		db := openImpatient(t, "mysql://aura:secret@127.0.0.1:1/aura")
		for name, err := range map[string]error{
			"Ready": db.Ready(t.Context()), "Migrate": db.Migrate(t.Context()), "StoreEntry": db.StoreEntry(t.Context(), entry(0, "a")),
		} {
			if !errors.Is(err, model.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, want %v", name, err, model.ErrUnavailable)
			}
		}
	})
	t.Run("WrongPassword", func(t *testing.T) {
		t.Parallel()
		url := strings.Replace(repotest.MariaDB(t).URL(t), "aura:", "aura:wrong-", 1)
		err := repotest.OpenURL(t, url).Ready(t.Context())
		if !errors.Is(err, model.ErrUnavailable) || strings.Contains(err.Error(), "wrong-") {
			t.Errorf("error %v, want %v", err, model.ErrUnavailable)
		}
	})
}
