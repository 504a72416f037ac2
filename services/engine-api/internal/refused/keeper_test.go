package refused

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 123456000, time.UTC)

// clock is a time that tests set.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func keeper(t *testing.T) (*Keeper, *clock, *loggingtest.Lines) {
	t.Helper()
	now, log := &clock{noon}, &loggingtest.Lines{}
	k := New(NewFolder(filepath.Join(t.TempDir(), "engine-api.journal")), now.now, zerolog.New(log))
	k.keepFor = patience.Stretch(time.Minute) // the disk of a busy machine may be slow
	return k, now, log
}

func body(kind, text string) model.Refusal {
	return model.Refusal{
		Arrival: noon, Kind: kind, Address: "192.0.2.7", Caller: "engine1", Method: "POST", Path: "/api/v1/playlog",
		ContentType: "application/json; charset=latin1", ContentEncoding: "gzip", Status: 400, Reason: "must be \x1b[2J JSON", Body: []byte(text),
	}
}

// must keeps a body that there is room for.
func (k *Keeper) must(t *testing.T, r model.Refusal) {
	t.Helper()
	if err := k.keep(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
}

// kinds counts what is kept.
func (k *Keeper) kinds(t *testing.T) map[string]int {
	t.Helper()
	all, err := k.folder.List()
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, r := range all {
		n[r.Kind]++
	}
	return n
}

// TestKeeper: a body comes back as it came, also after a restart, for its user
// only.
func TestKeeper(t *testing.T) {
	t.Parallel()
	k, _, log := keeper(t)
	first := body("playlog", "{\"track_title\": \"Bj\xf6\n\x00\r\n")
	second := body("clock", "")
	second.Cut = true
	k.Keep(t.Context(), first)
	k.Keep(t.Context(), second)
	if !strings.Contains(log.String(), `"number":2`) || !strings.Contains(log.String(), "192.0.2.7") || strings.Contains(log.String(), "Bj") {
		t.Errorf("log is %s", log)
	}
	k = New(k.folder, k.now, zerolog.Nop())
	k.Keep(t.Context(), first)
	all, err := k.folder.List()
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	for i, want := range []model.Refusal{first, second, first} {
		want.ID = int64(i + 1)
		if got := all[i]; string(got.Body) != string(want.Body) {
			t.Errorf("%d has the body %q", i, got.Body)
		} else if got.Body, want.Body = nil, nil; !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	for path, mode := range map[string]os.FileMode{k.folder.path: 0o700, filepath.Join(k.folder.path, "1.playlog"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if err := k.folder.Drop(2); err != nil {
		t.Error(err)
	}
	if err := k.folder.Drop(2); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("dropped twice: %v", err)
	}
	if _, err := k.folder.Read(2); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("read after it was dropped: %v", err)
	}
	if s, err := k.State(); err != nil || s.Items != 2 || s.Bytes != 2*block {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestKeeper_bound: health and clocks make room, and plays only for plays.
func TestKeeper_bound(t *testing.T) {
	t.Parallel()
	k, now, _ := keeper(t)
	mib := strings.Repeat("x", 1<<20-block)
	add := func(kind string, n int) (refused error) {
		for range n {
			now.Time = now.Add(time.Minute)
			r := body(kind, mib)
			refused = errors.Join(refused, k.keep(t.Context(), &r))
		}
		return refused
	}
	if err := errors.Join(add("playlog", 4), add("health", 8), add("playlog", 8)); err != nil {
		t.Fatal(err)
	}
	if got := k.kinds(t); got["playlog"] != 12 || got["health"] < 3 || got["health"] > 4 {
		t.Errorf("kept %v", got)
	}
	if err := add("health", 2); err != nil {
		t.Fatal(err)
	}
	if got := k.kinds(t); got["playlog"] != 12 || got["health"] > 4 || got["health"] < 2 {
		t.Errorf("kept %v", got)
	}
	if err := add("playlog", 10); err != nil {
		t.Fatal(err)
	}
	if got := k.kinds(t); got["health"] != 0 || got["playlog"] < 14 || got["playlog"] > 16 {
		t.Errorf("kept %v", got)
	}
	all, err := k.folder.List()
	if err != nil || all[0].ID <= 4 {
		t.Errorf("the oldest is %+v, %v", all[0].ID, err)
	}
	s, err := k.State()
	if err != nil || s.Bytes > maxRoom {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestKeeper_fullOfPlays: a health status does not displace a play.
func TestKeeper_fullOfPlays(t *testing.T) {
	t.Parallel()
	k, now, _ := keeper(t)
	for range 15 {
		now.Time = now.Add(time.Minute)
		k.must(t, body("playlog", strings.Repeat("x", 1<<20)))
	}
	now.Time = now.Add(time.Minute)
	r := body("health", strings.Repeat("x", 1<<20))
	if err := k.keep(t.Context(), &r); !errors.Is(err, errFull) || k.kinds(t)["playlog"] != 15 {
		t.Errorf("%v, kept %v", err, k.kinds(t))
	}
	k.must(t, body("health", "small"))
}

// TestKeeper_flood: what is written in a second is bounded, and the rest counted.
func TestKeeper_flood(t *testing.T) {
	t.Parallel()
	k, now, log := keeper(t)
	const sent = atOnce/block + 100
	for range sent {
		k.Keep(t.Context(), body("clock", "no JSON"))
	}
	if n := testutil.ToFloat64(k.metrics.dropped); n != 100 || k.kinds(t)["clock"] != atOnce/block {
		t.Errorf("dropped %v, kept %v", n, k.kinds(t))
	}
	if strings.Count(log.String(), errFlood.Error()) != 1 {
		t.Error("the flood is not told once")
	}
	now.Time = now.Add(time.Second)
	for range 100 {
		k.Keep(t.Context(), body("clock", "no JSON"))
	}
	if n := testutil.ToFloat64(k.metrics.kept.WithLabelValues("clock")); n != (atOnce+perSecond)/block {
		t.Errorf("kept %v", n)
	}
}

// TestKeeper_expire: nothing is older than 90 days.
func TestKeeper_expire(t *testing.T) {
	t.Parallel()
	k, now, _ := keeper(t)
	k.must(t, body("playlog", "old"))
	later := body("playlog", "new")
	later.Arrival = noon.Add(time.Hour)
	k.must(t, later)
	now.Time = noon.Add(maxAge + time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Run(ctx); err != nil {
		t.Fatal(err)
	}
	all, err := k.folder.List()
	if err != nil || len(all) != 1 || string(all[0].Body) != "new" {
		t.Errorf("left is %+v, %v", all, err)
	}
}

// TestKeeper_disk: a disk that hangs or fails delays no answer for long, and
// breaks none.
func TestKeeper_disk(t *testing.T) {
	t.Parallel()
	k, _, log := keeper(t)
	k.keepFor = keepFor
	k.turn <- struct{}{} // somebody's write hangs
	begun := time.Now()
	k.Keep(t.Context(), body("playlog", "x"))
	if took := time.Since(begun); took < keepFor || took > patience.Stretch(10*time.Second) {
		t.Errorf("took %v", took)
	}
	<-k.turn
	if err := os.WriteFile(k.folder.path, nil, 0o600); err != nil { // where the folder should be
		t.Fatal(err)
	}
	k.Keep(t.Context(), body("playlog", "x"))
	if n := testutil.ToFloat64(k.metrics.dropped); n != 2 || !strings.Contains(log.String(), "can't be kept") {
		t.Errorf("dropped %v: %s", n, log)
	}
}
