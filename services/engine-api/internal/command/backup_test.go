package command

import (
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
)

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

	t.Run("Instance", func(t *testing.T) {
		t.Parallel()
		fm, web := newKept(t, 1), newKept(t, 1)
		web.environ["STATE_DIRECTORY"] = "/var/lib/aura-engine-api-web"
		fm.store("on FM")
		web.store("on the web")
		path := fm.backup()
		web.run(cli.ExitConfig, "is a backup of engine-api, and this is engine-api@web; --force", "restore", path)
		fm.run(cli.ExitConfig, "is a backup of engine-api@web, and this is engine-api; --force", "restore", web.backup())
		web.has("on the web")
		fm.run(cli.ExitOK, "restored", "restore", path)
		web.run(cli.ExitOK, "forced: the backup is of engine-api, and becomes that of engine-api@web", "restore", path, "--force")
		web.has("on FM")

		// A backup of before instances had names in it is taken by any.
		manifest := filepath.Join(path, "backup.json")
		text, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		older := strings.Replace(string(text), `"instance": "",`, "", 1)
		if older == string(text) {
			t.Fatalf("the backup does not name its instance: %s", text)
		}
		if err := os.WriteFile(manifest, []byte(older), 0o600); err != nil {
			t.Fatal(err)
		}
		web.run(cli.ExitOK, "restored", "restore", path)
	})

	// In a container a variable says which programme it is, on a host the unit's folder.
	t.Run("Container", func(t *testing.T) {
		t.Parallel()
		first, web, packaged := newKept(t, 1), newKept(t, 1), newKept(t, 1)
		for _, k := range []kept{first, web} {
			k.environ["container"] = "oci"
		}
		web.environ["AURA_INSTANCE"] = "web"
		packaged.environ["STATE_DIRECTORY"] = "/var/lib/aura-engine-api-web"
		first.store("on FM")
		web.store("on the web")
		path := web.backup()
		first.run(cli.ExitConfig, "is a backup of engine-api@web, and this is engine-api; --force", "restore", path)
		web.run(cli.ExitConfig, "is a backup of engine-api, and this is engine-api@web; --force", "restore", first.backup())
		packaged.run(cli.ExitOK, "restored", "restore", path)
		packaged.has("on the web")

		db, _ := web.open("on the web", "later")
		web.run(cli.ExitFailed, "docker compose … stop engine-api", "restore", path)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		web.run(cli.ExitOK, "restored", "restore", path)
		web.has("on the web")

		web.environ["AURA_INSTANCE"] = "The Web"
		web.run(cli.ExitConfig, `AURA_INSTANCE="The Web": must have at most 11 lower case letters`, "backup")
	})

	// What GET /backup gives says whose it is, and the database in its place does not.
	t.Run("Sent", func(t *testing.T) {
		t.Parallel()
		fm, web := newKept(t, 1), newKept(t, 1)
		web.environ["AURA_INSTANCE"] = "web"
		fm.store("on FM")
		web.store("on the web")
		sent := web.sent("web")
		fm.run(cli.ExitConfig, "is a backup of engine-api@web, and this is engine-api; --force", "restore", sent)
		web.run(cli.ExitConfig, "is a backup of engine-api, and this is engine-api@web; --force", "restore", fm.sent(""))
		fm.has("on FM")
		web.run(cli.ExitOK, "restored", "restore", sent)
		web.has("on the web")
		fm.run(cli.ExitOK, "forced: the backup is of engine-api@web, and becomes that of engine-api", "restore", sent, "--force")
		fm.has("on the web")
		for _, k := range []kept{fm, web} {
			contents, err := repo.ReadCopy(t.Context(), filepath.Join(k.backup(), "engine-api.db"))
			if err != nil || contents.Instance != nil {
				t.Errorf("the restored database says it is of %v, %v", contents.Instance, err)
			}
		}
		// A file of before the name was in it is taken by any.
		web.run(cli.ExitOK, "restored", "restore", filepath.Join(fm.backup(), "engine-api.db"))
	})

	t.Run("NotFound", func(t *testing.T) {
		t.Parallel()
		k := newKept(t, 2)
		k.store("a")
		k.run(cli.ExitFailed, "no such file or directory", "restore", "backups/none")
		k.backup()
		path := k.backup()
		k.run(cli.ExitFailed, "the newest backup here is "+path, "restore", "backups/none")
		// What only the database of before has comes out of it as the command says.
		k.store("a", "b")
		out := k.run(cli.ExitOK, "restored", "restore", path)
		_, line, _ := strings.Cut(out, "  env ")
		line, _, _ = strings.Cut(line, "\n")
		words := strings.Fields(line)
		asSaid := kept{t, map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna"}, k.dir, k.owner}
		for len(words) > 0 && strings.Contains(words[0], "=") {
			name, value, _ := strings.Cut(words[0], "=")
			asSaid.environ[name], words = value, words[1:]
		}
		if len(words) != 3 || words[0] != "engine-api" {
			t.Fatalf("restore says %q", out)
		}
		asSaid.run(cli.ExitOK, "exported: 2", words[1], filepath.Join(t.TempDir(), words[2]))
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
