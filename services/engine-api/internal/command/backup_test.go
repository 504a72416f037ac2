package command

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/engine-api/internal/refused"
)

var playedAt = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// kept is a host on which something is stored.
type kept struct {
	t       *testing.T
	environ map[string]string
	dir     string
	owner   model.Owner
}

func newKept(t *testing.T, host int) kept {
	t.Helper()
	environ := database(t)
	environ["AURA_HOST_ID"] = fmt.Sprint(host)
	dir := filepath.Dir(strings.TrimPrefix(environ["AURA_DATABASE_URL"], "sqlite://"))
	return kept{t, environ, dir, model.Owner{Service: model.EngineAPI, Host: host}}
}

// open begins to serve the database, and stores plays.
func (k kept) open(titles ...string) (*repo.Node, model.Identity) {
	k.t.Helper()
	db, err := repo.OpenNode(repo.Config{URL: k.environ["AURA_DATABASE_URL"]}, zerolog.Nop())
	if err != nil {
		k.t.Fatal(err)
	}
	ctx := k.t.Context()
	if err := db.Migrate(ctx); err != nil {
		k.t.Fatal(err)
	}
	id, err := db.Begin(ctx, k.owner, true)
	if err != nil {
		k.t.Fatal(err)
	}
	for i, title := range titles {
		e := model.Entry{LogSource: k.owner.Host, TrackStart: playedAt.Add(time.Duration(i) * time.Minute), Title: title}
		e.Normalize()
		if err := db.StoreEntry(ctx, e); err != nil {
			k.t.Fatal(err)
		}
	}
	return db, id
}

// serve is open, and the end of that.
func (k kept) store(titles ...string) (id model.Identity) {
	k.t.Helper()
	db, id := k.open(titles...)
	if err := db.Close(); err != nil {
		k.t.Fatal(err)
	}
	return id
}

func (k kept) journal() *repo.Journal {
	return repo.NewJournal(filepath.Join(k.dir, "test.journal"), 1<<20, zerolog.Nop())
}

// keep puts a play into the journal.
func (k kept) keep(body string) {
	k.t.Helper()
	j := k.journal()
	err := j.Keep(k.t.Context(), model.Kept{Kind: model.KeptPlay, Arrival: playedAt, Body: json.RawMessage(body)})
	if err != nil {
		k.t.Fatal(err)
	}
	if err := j.Close(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
}

func (k kept) waits() int64 {
	k.t.Helper()
	j := k.journal()
	defer j.Close(context.WithoutCancel(k.t.Context()))
	state, err := j.State(k.t.Context(), nil)
	if err != nil {
		k.t.Fatal(err)
	}
	return state.Waiting
}

// refuse keeps a body that nobody understood.
func (k kept) refuse(id, body string) {
	k.t.Helper()
	folder := filepath.Join(k.dir, "test.refused")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		k.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, id+".playlog"), []byte("{}\n"+body), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

func (k kept) refused() (bodies []string) {
	k.t.Helper()
	all, err := refused.NewFolder(filepath.Join(k.dir, "test.journal")).List()
	if err != nil {
		k.t.Fatal(err)
	}
	for _, r := range all {
		bodies = append(bodies, string(r.Body))
	}
	return bodies
}

// run must exit with a code, and say something.
func (k kept) run(code int, says string, args ...string) string {
	k.t.Helper()
	got, out, errOut := run(k.t, k.environ, args...)
	if got != code || !strings.Contains(out+errOut, says) {
		k.t.Fatalf("%v: %d, want %d and %q\n%s%s", args, got, code, says, out, errOut)
	}
	return out
}

// backup returns the path of a new backup.
func (k kept) backup(args ...string) string {
	k.t.Helper()
	out := k.run(cli.ExitOK, "backup: ", append([]string{"backup"}, args...)...)
	line, _, _ := strings.Cut(strings.TrimPrefix(out, "backup: "), "\n")
	return line
}

// titles are those of all plays.
func (k kept) titles() (titles []string) {
	k.t.Helper()
	file := filepath.Join(k.t.TempDir(), "plays.jsonl")
	k.run(cli.ExitOK, "exported", "export", file)
	text, err := os.ReadFile(file)
	if err != nil {
		k.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var play struct {
			Title string `json:"track_title"`
		}
		if err := json.Unmarshal([]byte(line), &play); err != nil {
			k.t.Fatal(err)
		}
		titles = append(titles, play.Title)
	}
	return titles
}

func (k kept) has(titles ...string) {
	k.t.Helper()
	if got := k.titles(); !slices.Equal(got, titles) {
		k.t.Errorf("the plays are %q, want %q", got, titles)
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestBackup(t *testing.T) {
	t.Parallel()

	t.Run("Everything", func(t *testing.T) {
		t.Parallel()
		k := newKept(t, 2)
		db, _ := k.open("a", "b") // the service runs
		defer db.Close()
		k.keep(`{"waits": 1}`)
		k.refuse("7", "what?")
		out := k.run(cli.ExitOK, "backup: ", "backup")
		for _, want := range []string{"of: engine-api of host 2", "plays: 2, the newest of 2026-11-27T12:01:00Z", " in 3 files"} {
			if !strings.Contains(out, want) {
				t.Errorf("lacks %q:\n%s", want, out)
			}
		}
		made := names(t, filepath.Join(k.dir, "backups"))
		if len(made) != 1 || !strings.HasPrefix(made[0], "engine-api-2-20") {
			t.Fatalf("made %q", made)
		}
		// Another host that has lost everything, and already has other things.
		lost := newKept(t, 2)
		lost.keep(`{"waits": 2}`)
		lost.refuse("7", "another")
		for range 2 { // the second time nothing is added
			lost.run(cli.ExitOK, "plays: 2", "restore", filepath.Join(k.dir, "backups", made[0]))
			lost.has("a", "b")
			if got := lost.waits(); got != 2 {
				t.Errorf("waiting are %d, want 2", got)
			}
			if got := lost.refused(); !slices.Equal(got, []string{"another", "what?"}) {
				t.Errorf("refused are %q", got)
			}
		}
	})

	t.Run("Keep", func(t *testing.T) {
		t.Parallel()
		k, other, root := newKept(t, 1), newKept(t, 1), t.TempDir()
		k.store("a")
		other.store("b") // another database of a host with the same number
		foreign, first := other.backup(root), k.backup(root)
		broken := filepath.Join(root, "engine-api-1-20200101T000000.000Z")
		if err := os.Mkdir(broken, 0o700); err != nil {
			t.Fatal(err)
		}
		second := k.backup(root, "--keep", "2")
		if _, err := os.Stat(first); err != nil {
			t.Fatalf("what is not complete counts: %v", err)
		}
		if err := os.Remove(filepath.Join(second, "engine-api.db")); err != nil { // no longer complete
			t.Fatal(err)
		}
		third := k.backup(root, "--keep", "2")
		fourth := k.backup(root, "--keep", "2")
		var want []string
		for _, path := range []string{broken, foreign, second, third, fourth} {
			want = append(want, filepath.Base(path))
		}
		if got := names(t, root); !slices.Equal(got, want) {
			t.Errorf("there are %q, want %q", got, want)
		}
		k.run(cli.ExitOK, "deleted: "+filepath.Base(third), "backup", root, "--keep", "1")
	})

	t.Run("Nothing", func(t *testing.T) {
		t.Parallel()
		k := newKept(t, 1)
		k.run(cli.ExitFailed, "there is no database yet", "backup")
		k.run(cli.ExitUsage, "--keep", "backup", "--keep", "-1")
		k.environ["AURA_DATABASE_URL"] = "mysql://user:password@127.0.0.1:1/name"
		k.run(cli.ExitUsage, "mariadb-dump --single-transaction", "backup")
		k.run(cli.ExitUsage, "the database is on a server", "restore", k.dir)
	})
}

func TestRestore(t *testing.T) {
	t.Parallel()

	t.Run("MovesAside", func(t *testing.T) {
		t.Parallel()
		k := newKept(t, 1)
		k.store("a")
		path := k.backup()
		k.store("a", "b")
		out := k.run(cli.ExitOK, "nothing comes back by itself", "restore", path)
		k.has("a")
		_, rest, _ := strings.Cut(out, "the database of before: ")
		aside, _, _ := strings.Cut(rest, "\n")
		k.environ["AURA_DATABASE_URL"] = "sqlite://" + aside
		k.has("a", "b")
	})

	t.Run("Served", func(t *testing.T) {
		t.Parallel()
		k := newKept(t, 1)
		k.store("a")
		path := k.backup()
		db, _ := k.open("a", "b")
		k.run(cli.ExitFailed, "systemctl stop engine-api", "restore", path)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		// Whoever has it open without the lock of a service is found, too.
		db, err := repo.OpenExistingNode(repo.Config{URL: k.environ["AURA_DATABASE_URL"]}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		k.run(cli.ExitFailed, "another process serves this database", "restore", path)
		k.has("a", "b")
	})

	t.Run("Foreign", func(t *testing.T) {
		t.Parallel()
		k, other := newKept(t, 1), newKept(t, 2)
		k.store("a")
		path := k.backup()
		other.run(cli.ExitConfig, "is a backup of engine-api of host 1, and this is engine-api of host 2", "restore", path)
		if got := names(t, other.dir); slices.ContainsFunc(got, func(name string) bool { return strings.HasPrefix(name, "test.db.") && name != "test.db.lock" }) {
			t.Errorf("it left %q", got)
		}
		other.run(cli.ExitOK, "forced: the backup is of engine-api of host 1", "restore", path, "--force")
		other.has("a")
		if id := other.store(); id.Host != 2 {
			t.Errorf("the database is that of %s", id.Owner)
		}
		// A monitor's is refused whatever is said.
		manifest := filepath.Join(path, "backup.json")
		text, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(manifest, []byte(strings.Replace(string(text), `"engine-api"`, `"status-monitor"`, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		k.run(cli.ExitConfig, "is a backup of status-monitor", "restore", path, "--force")
	})

	t.Run("Damaged", func(t *testing.T) {
		t.Parallel()
		k := newKept(t, 1)
		k.store("a")
		path := k.backup()
		file := filepath.Join(path, "engine-api.db")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/2] ^= 1
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		k.run(cli.ExitFailed, "was changed, or the disk has damaged it", "restore", path)
		if err := os.WriteFile(file, text[:len(text)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		k.run(cli.ExitFailed, "has", "restore", path)
		k.run(cli.ExitFailed, "malformed", "restore", file)
		k.run(cli.ExitFailed, "it has no backup.json", "restore", k.dir)
		k.has("a")
	})

	t.Run("OverDamaged", func(t *testing.T) {
		t.Parallel()
		k := newKept(t, 1)
		k.store("a")
		path := k.backup()
		for _, name := range []string{"test.db", "test.db-wal"} {
			if err := os.WriteFile(filepath.Join(k.dir, name), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		k.run(cli.ExitOK, "restored", "restore", filepath.Join(path, "engine-api.db")) // also as GET /backup gives it
		k.has("a")
	})
}

// TestRestore_clone: a restored node is the host's, and another one of the same
// backup is not.
func TestRestore_clone(t *testing.T) {
	t.Parallel()
	k, clone := newKept(t, 1), newKept(t, 1)
	before := k.store("a")
	path := k.backup()
	k.store("a", "b")
	k.run(cli.ExitOK, "restored", "restore", path)
	clone.run(cli.ExitOK, "restored", "restore", path)
	restored, twin := k.store("c"), clone.store("d")
	if restored.Database != before.Database || restored.Start == before.Start || twin.Database != before.Database || twin.Start == restored.Start {
		t.Fatalf("identities %+v, %+v, %+v", before, restored, twin)
	}
	now := playedAt
	var known []model.Sighting
	for _, c := range []struct {
		id   model.Identity
		how  exchange.Evidence
		want model.Standing
	}{
		{before, exchange.Answered, model.Current},
		{restored, exchange.Called, model.Current}, // a restart
		{restored, exchange.Answered, model.Current},
		{twin, exchange.Elsewhere, model.Refused},
		{restored, exchange.Called, model.Current},
		{twin, exchange.Elsewhere, model.Refused},
	} {
		now = now.Add(time.Second)
		known = exchange.Judge(known, c.id, c.how, now)
		at := slices.IndexFunc(known, func(s model.Sighting) bool { return s.Start == c.id.Start })
		if got := known[at].Standing; got != c.want {
			t.Errorf("after %s it is %s, want %s", now.Sub(playedAt), got, c.want)
		}
	}
}
