package repo_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

var (
	ours   = model.Fingerprint{1}
	theirs = model.Fingerprint{2}
)

func openJournal(t testing.TB, path string, maxBytes int64) *repo.Journal {
	t.Helper()
	j := repo.NewJournal(path, maxBytes, zerolog.Nop())
	t.Cleanup(func() {
		if err := j.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return j
}

// keptPlay is the nth play of a day.
func keptPlay(n int, database model.Fingerprint) model.Kept {
	at := time.Date(2026, 11, 27, 0, n, 0, 123456000, time.UTC)
	return model.Kept{Kind: model.KeptPlay, Arrival: at.Add(time.Second), Start: at, Body: fmt.Appendf(nil, `{"n":%d}`, n), Database: database}
}

func keepItems(t testing.TB, j *repo.Journal, items ...model.Kept) {
	t.Helper()
	for _, k := range items {
		if err := j.Keep(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
}

func oldest(t testing.TB, j *repo.Journal, database model.Fingerprint) []model.Kept {
	t.Helper()
	items, err := j.Oldest(t.Context(), database, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// TestJournal_Keep: an item comes back as it was kept, also after the file was
// closed, and belongs to the database that was there first.
func TestJournal_Keep(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path, 1<<20)
	none := model.Fingerprint{}
	health := model.Kept{Kind: model.KeptHealth, Arrival: keptPlay(2, none).Arrival, Body: json.RawMessage("{\"text\":\"\\u0000 \U0001F3A7\"}")}
	keepItems(t, j, keptPlay(1, none), health, keptPlay(3, theirs), keptPlay(4, ours))
	if n := j.Waits(); n != 4 {
		t.Errorf("before the database is known, %d wait", n)
	}
	if err := j.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.Keep(t.Context(), health); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("a closed journal says %v", err)
	}

	j = openJournal(t, path, 1<<20)
	foreign, err := j.Claim(t.Context(), ours)
	if err != nil || foreign != 1 || j.Waits() != 3 {
		t.Errorf("%d are foreign, %d wait, %v", foreign, j.Waits(), err)
	}
	got := oldest(t, j, ours)
	want := []model.Kept{keptPlay(1, ours), health, keptPlay(4, ours)}
	want[1].Database = ours
	for i := range got {
		want[i].ID = got[i].ID
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got := oldest(t, j, theirs); len(got) != 1 || string(got[0].Body) != `{"n":3}` {
		t.Errorf("theirs are %v", got)
	}
	s, err := j.State(t.Context(), &ours)
	if err != nil || s.Waiting != 3 || s.Foreign != 1 || s.Aside != 0 || !s.Oldest.Equal(want[0].Arrival) || s.Bytes <= 0 {
		t.Errorf("state %+v, %v", s, err)
	}
	if n, err := j.TakeOver(t.Context(), ours); err != nil || n != 1 || len(oldest(t, j, ours)) != 4 {
		t.Errorf("taken over: %d, %v", n, err)
	}
}

// TestJournal_Aside: what was put aside waits no longer, until somebody lets it.
func TestJournal_Aside(t *testing.T) {
	t.Parallel()
	j := openJournal(t, filepath.Join(t.TempDir(), "journal"), 1<<20)
	keepItems(t, j, keptPlay(1, ours), keptPlay(2, ours))
	first := oldest(t, j, ours)[0]
	for range 2 { // it counts once
		if err := j.PutAside(t.Context(), first.ID, "wrong"); err != nil {
			t.Fatal(err)
		}
	}
	if got := oldest(t, j, ours); j.Waits() != 1 || len(got) != 1 || got[0].ID == first.ID {
		t.Errorf("%d wait: %v", j.Waits(), got)
	}
	if k, err := j.Item(t.Context(), first.ID); err != nil || k.Reason != "wrong" {
		t.Errorf("%+v, %v", k, err)
	}
	if _, err := j.Item(t.Context(), 99); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("an item that is not there: %v", err)
	}
	if s, err := j.State(t.Context(), &ours); err != nil || s.Waiting != 1 || s.Aside != 1 {
		t.Errorf("state %+v, %v", s, err)
	}
	if n, err := j.Again(t.Context()); err != nil || n != 1 || len(oldest(t, j, ours)) != 2 {
		t.Errorf("again: %d, %v", n, err)
	}
	if _, err := j.Claim(t.Context(), ours); err != nil || j.Waits() != 2 {
		t.Errorf("%d wait, %v", j.Waits(), err)
	}
}

// TestJournal_Plays: the track service finds the plays by their starts.
func TestJournal_Plays(t *testing.T) {
	t.Parallel()
	j := openJournal(t, filepath.Join(t.TempDir(), "journal"), 1<<20)
	keepItems(t, j, keptPlay(3, ours), keptPlay(1, model.Fingerprint{}), keptPlay(2, theirs), model.Kept{Kind: model.KeptClock, Arrival: keptPlay(9, ours).Start, Body: json.RawMessage("{}")})
	at := func(n int) time.Time { return keptPlay(n, ours).Start }
	body := func(k model.Kept, err error) string {
		if err != nil && !errors.Is(err, model.ErrNotFound) {
			t.Error(err)
		}
		return string(k.Body)
	}
	for _, c := range []struct{ name, got, want string }{
		{"latest", body(j.LatestPlay(t.Context(), &ours, at(9))), `{"n":3}`},
		{"latest, at its start", body(j.LatestPlay(t.Context(), &ours, at(3))), `{"n":3}`},
		{"latest before", body(j.LatestPlay(t.Context(), &ours, at(3).Add(-time.Microsecond))), `{"n":1}`},
		{"latest of any", body(j.LatestPlay(t.Context(), nil, at(2))), `{"n":2}`},
		{"latest before all", body(j.LatestPlay(t.Context(), &ours, at(0))), ""},
		{"next", body(j.NextPlay(t.Context(), &ours, at(1))), `{"n":3}`},
		{"next of any", body(j.NextPlay(t.Context(), nil, at(1))), `{"n":2}`},
		{"next after all", body(j.NextPlay(t.Context(), &ours, at(3))), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

// TestJournal_Full: the journal takes no more than it may, and takes again when
// something was forgotten.
func TestJournal_Full(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path, 64<<10)
	big := keptPlay(1, ours)
	big.Body = json.RawMessage(`"` + strings.Repeat("ü", 10<<10) + `"`)
	keepItems(t, j, big, big, big)
	if err := j.Keep(t.Context(), big); !errors.Is(err, repo.ErrJournalFull) || !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("a full journal says %v", err)
	}
	before, err := j.State(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	j = openJournal(t, path, 64<<10)
	if after, err := j.State(t.Context(), nil); err != nil || after != before {
		t.Errorf("state %+v (%v), was %+v", after, err, before)
	}
	if err := j.Keep(t.Context(), big); !errors.Is(err, repo.ErrJournalFull) {
		t.Errorf("a full journal that was opened again says %v", err)
	}
	if err := j.Forget(t.Context(), oldest(t, j, ours)[:1]); err != nil {
		t.Fatal(err)
	}
	keepItems(t, j, big)
}

// TestJournal_Alone: two processes can't write one journal. A command may read
// it, and there has to be one.
func TestJournal_Alone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	if _, err := repo.OpenExistingJournal(path); !errors.Is(err, repo.ErrNoDatabase) {
		t.Errorf("without a journal: %v", err)
	}
	j := openJournal(t, path, 1<<20)
	keepItems(t, j, keptPlay(1, ours))
	other := openJournal(t, path, 1<<20)
	if err := other.Keep(t.Context(), keptPlay(2, ours)); !errors.Is(err, repo.ErrJournalServed) {
		t.Errorf("a second writer: %v", err)
	}
	command, err := repo.OpenExistingJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	if items, err := command.List(t.Context(), 10); err != nil || len(items) != 1 {
		t.Errorf("a command reads %v, %v", items, err)
	}
	if err := command.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := j.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	keepItems(t, other, keptPlay(2, ours))
}

// TestJournal_Mode: nobody else may read the files, whatever the umask.
func TestJournal_Mode(t *testing.T) { // it changes the umask of the process, so it is not parallel
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(t.TempDir(), "journal")
	keepItems(t, openJournal(t, path, 1<<20), keptPlay(1, ours))
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 3 {
		t.Fatalf("files are %v, %v", files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

// TestJournal_Replaced: a file that somebody removed is made again, so that what
// is kept from then on is where the next start finds it.
func TestJournal_Replaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path, 1<<20)
	keepItems(t, j, keptPlay(1, ours))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil {
			t.Fatal(err)
		}
	}
	keepItems(t, j, keptPlay(2, ours))
	if err := j.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := oldest(t, openJournal(t, path, 1<<20), ours); len(got) != 1 || string(got[0].Body) != `{"n":2}` {
		t.Errorf("found %v", got)
	}
}

// TestJournal_Inherit: a new database gets the items of the one that was in its place
// before, and no others.
func TestJournal_Inherit(t *testing.T) {
	t.Parallel()
	const here, elsewhere = "/here/engine-api.db", "/elsewhere/engine-api.db"
	third := model.Fingerprint{3}
	for name, c := range map[string]struct {
		before string // where their database was; "" is not known
		isNew  bool
		want   int64
	}{
		"deleted":             {before: here, isNew: true, want: 2},
		"replaced":            {before: here},
		"elsewhere":           {before: elsewhere, isNew: true},
		"of an older program": {isNew: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "journal")
			j := openJournal(t, path, 1<<20)
			if c.before != "" {
				if n, err := j.Inherit(t.Context(), theirs, c.before, true); err != nil || n != 0 {
					t.Fatalf("%d, %v", n, err)
				}
			}
			keepItems(t, j, keptPlay(1, theirs), keptPlay(2, third), keptPlay(3, theirs))
			for i, want := range []int64{c.want, 0} {
				if n, err := j.Inherit(t.Context(), ours, here, c.isNew); err != nil || n != want {
					t.Errorf("time %d: %d, %v; want %d", i+1, n, err, want)
				}
			}
			if got := oldest(t, j, ours); int64(len(got)) != c.want {
				t.Errorf("of our database are %v", got)
			}
			if got := oldest(t, j, third); len(got) != 1 {
				t.Errorf("of the third database are %v", got)
			}
		})
	}
}

// TestJournal_Newer: a file of a newer program, or of another one, is left alone.
func TestJournal_Newer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = db.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openJournal(t, path, 1<<20).Keep(t.Context(), keptPlay(1, ours)); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("a newer journal: %v", err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("This is no journal. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := openJournal(t, text, 1<<20).Keep(t.Context(), keptPlay(1, ours)); !errors.Is(err, model.ErrUnavailable) || !strings.Contains(err.Error(), text) {
		t.Errorf("another file: %v", err)
	}
}

// TestJournal_DiskFull: on a disk that is full, the journal goes on with the room
// that was kept aside. When it is empty, that room is kept aside again.
func TestJournal_DiskFull(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a small disk")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=32m", "journal-test", dir).CombinedOutput(); err != nil {
		t.Skipf("no small disk: %v %s", err, out)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "journal")
	j := repo.NewJournal(path, 256<<20, zerolog.Nop())
	keepItems(t, j, keptPlay(0, ours))
	if got := sizeOf(t, path+"-ballast"); got != 16<<20 {
		t.Fatalf("%d bytes are kept aside", got)
	}
	rest := fillDisk(t, filepath.Join(dir, "rest"))
	big := keptPlay(1, ours)
	big.Body = json.RawMessage(`"` + strings.Repeat("x", 16<<10) + `"`)
	n := 0
	var err error
	for err == nil {
		if err = j.Keep(t.Context(), big); err == nil {
			n++
		}
	}
	if n < 100 || !errors.Is(err, model.ErrUnavailable) {
		t.Fatalf("%d items of 16 KiB were kept on a full disk, then %v", n, err)
	}
	// The next start on the full disk has them all.
	if err := j.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	j = repo.NewJournal(path, 256<<20, zerolog.Nop())
	defer j.Close(t.Context())
	items := oldest(t, j, ours)
	if len(items) != min(n+1, 1000) {
		t.Errorf("%d of %d items are left", len(items), n+1)
	}
	if err := os.Remove(rest); err != nil {
		t.Fatal(err)
	}
	for len(items) > 0 {
		if err := j.Forget(t.Context(), items); err != nil {
			t.Fatal(err)
		}
		items = oldest(t, j, ours)
	}
	if got := sizeOf(t, path+"-ballast"); got != 16<<20 {
		t.Errorf("%d bytes are kept aside again", got)
	}
	if got := sizeOf(t, path) + sizeOf(t, path+"-wal"); got > 1<<20 {
		t.Errorf("the empty journal has %d bytes", got)
	}
}

// fillDisk fills a disk with a file.
func fillDisk(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	part := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(part)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return path
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestJournal_Histories: whatever happens to it, the journal holds the items that
// were kept and not forgotten, in order, and counts them right.
func TestJournal_Histories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		path := filepath.Join(dir, "journal")
		const limit = 4 << 10
		j := repo.NewJournal(path, limit, zerolog.Nop())
		defer func() { _ = j.Close(t.Context()) }()
		var waiting []string
		var aside []string
		n := 0
		look := func() []model.Kept {
			items, err := j.Oldest(t.Context(), ours, 1000)
			if err != nil {
				rt.Fatal(err)
			}
			return items
		}
		rt.Repeat(map[string]func(*rapid.T){
			"keep": func(rt *rapid.T) {
				n++
				k := keptPlay(n, ours)
				err := j.Keep(t.Context(), k)
				used := 0
				for _, body := range append(slices.Concat(waiting, aside), string(k.Body)) {
					used += len(body) + 128 // as an item counts
				}
				switch full := used > limit; {
				case !full && err == nil:
					waiting = append(waiting, string(k.Body))
				case !full || !errors.Is(err, repo.ErrJournalFull):
					rt.Fatalf("with %d bytes: %v", used, err)
				}
			},
			"forget": func(rt *rapid.T) {
				items := look()
				items = items[:rapid.IntRange(0, len(items)).Draw(rt, "count")]
				if err := j.Forget(t.Context(), items); err != nil {
					rt.Fatal(err)
				}
				waiting = waiting[len(items):]
			},
			"put aside": func(rt *rapid.T) {
				items := look()
				if len(items) == 0 {
					return
				}
				i := rapid.IntRange(0, len(items)-1).Draw(rt, "item")
				if err := j.PutAside(t.Context(), items[i].ID, "wrong"); err != nil {
					rt.Fatal(err)
				}
				aside = append(aside, waiting[i])
				waiting = slices.Delete(slices.Clone(waiting), i, i+1)
			},
			"open again": func(rt *rapid.T) {
				if err := j.Close(t.Context()); err != nil {
					rt.Fatal(err)
				}
				j = repo.NewJournal(path, limit, zerolog.Nop())
			},
			"": func(rt *rapid.T) {
				items := look()
				var got []string
				for _, k := range items {
					got = append(got, string(k.Body))
				}
				if !slices.Equal(got, waiting) || j.Waits() != int64(len(waiting)) {
					rt.Fatalf("got %v (%d), want %v", got, j.Waits(), waiting)
				}
				s, err := j.State(t.Context(), &ours)
				if err != nil || s.Waiting != int64(len(waiting)) || s.Aside != int64(len(aside)) {
					rt.Fatalf("state %+v, %v", s, err)
				}
			},
		})
	})
}
