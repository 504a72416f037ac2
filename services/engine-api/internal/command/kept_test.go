package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli"
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

// store is open, and the end of that.
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

// sent returns the path of what GET /backup gives of an instance.
func (k kept) sent(instance string) string {
	k.t.Helper()
	db, _ := k.open()
	defer db.Close()
	from, err := db.Backup(k.t.Context(), instance)
	if err != nil {
		k.t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(k.t.TempDir(), "sent.db"))
	if err != nil {
		k.t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		k.t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		k.t.Fatal(err)
	}
	return to.Name()
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
