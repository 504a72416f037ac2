package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/glebarez/go-sqlite" // to lock the database of a service

	"aura.radio/engine/pkg/patience"
)

// firesOfTest is how often the service is killed in an ordinary run.
const firesOfTest = 10

// TestJournal_UnderFire kills engine-api at any instant while its database comes
// and goes. Everything that it answered with success is there afterwards, once,
// and in order. If the database is deleted for good, that is so for what was said
// since; what was said before was at least in the file.
func TestJournal_UnderFire(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		underFireSQLite(t, firesOfTest)
	})
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		underFireMariaDB(t, firesOfTest)
	})
}

// outage makes a database useless until end is called.
type outage struct {
	name  string
	begin func(t *testing.T) (end func())
}

func underFireSQLite(t *testing.T, kills int) {
	file := filepath.Join(disk(t, extent{disk: 32}), "engine-api.db") // the journal is on another disk
	database := "sqlite://" + file
	var gone deletions
	outages := []outage{
		{"locked", func(t *testing.T) func() { return lockSQLite(t, file) }},
		{"deleted for good", func(t *testing.T) func() { return gone.deleteSQLite(t, file) }},
	}
	if os.Geteuid() == 0 {
		outages = append(outages, outage{"full", func(t *testing.T) func() { return fill(t, &node{database: database}) }})
	}
	underFire(t, kills, database, outages, &gone)
}

func underFireMariaDB(t *testing.T, kills int) {
	server := privateMariaDB(t)
	underFire(t, kills, server.CommonURL(t), []outage{
		{"killed", func(t *testing.T) func() { server.Kill(); return func() { server.Restart(t) } }},
		{"stopped", func(t *testing.T) func() { server.Stop(); return func() { server.Restart(t) } }},
		{"hanging", func(*testing.T) func() { server.Pause(); return server.Resume }},
		{"read-only", func(t *testing.T) func() {
			server.SetReadOnly(t, true)
			return func() { server.SetReadOnly(t, false) }
		}},
	}, &deletions{})
}

// lockSQLite keeps everybody else from writing the file. While the service
// starts, it may not get the lock: then nothing happens.
func lockSQLite(t *testing.T, file string) (end func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate&_pragma=busy_timeout(1000)")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		return func() { db.Close() }
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			t.Error(err)
		}
	}
}

func underFire(t *testing.T, kills int, database string, outages []outage, gone *deletions) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	env := []string{
		"AURA_DB_AUTO_MIGRATE=true", "AURA_DB_QUERY_TIMEOUT=5s", "AURA_LISTEN=" + freeAddress(t),
		"AURA_JOURNAL=" + filepath.Join(t.TempDir(), "journal"),
	}
	start := func() *service {
		s := launch(t, t.TempDir(), "engine-api", database, env...)
		s.url = "http://" + strings.TrimPrefix(env[2], "AURA_LISTEN=")
		return s
	}
	s := start()
	defer func() { s.end(t) }()
	awaitReady(t, s.url, s.exited)

	e := &lonelyEngine{url: s.url, began: time.Now().Add(-time.Hour), said: map[string]time.Time{}, ended: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go e.play(ctx, t)
	within := func(d time.Duration) { time.Sleep(time.Duration(random.Int64N(int64(d)))) }
	for range kills {
		within(300 * time.Millisecond)
		o := outages[random.IntN(len(outages))]
		t.Logf("%s", o.name)
		end := o.begin(t)
		within(1500 * time.Millisecond)
		if random.IntN(2) == 0 { // otherwise the service meets the outage again when it starts
			end()
			end = func() {}
			within(200 * time.Millisecond) // the journal drains
		}
		s.signal(t, syscall.SIGKILL)
		s = start()
		within(700 * time.Millisecond)
		end()
	}
	awaitReady(t, s.url, s.exited)
	awaitDrained(t, s.url)
	stop()
	patience.Receive(t, "the engine ends", e.ended)
	e.verify(t, gone)
}

// awaitDrained returns when the journal is empty.
func awaitDrained(t *testing.T, url string) {
	t.Helper()
	patience.Await(t, func() error {
		_, metrics, err := call(t.Context(), http.MethodGet, url+"/metrics", "")
		if err == nil && !strings.Contains(metrics, "aura_journal_items{state=\"waiting\"} 0\n") {
			err = errors.New("the journal still has something")
		}
		return err
	})
}

// keptPlays is how many plays the journal has taken since the service started.
func keptPlays(t *testing.T, url string) (n int) {
	t.Helper()
	metrics := mustCall(t, http.MethodGet, url+"/metrics", "", http.StatusOK)
	const name = `aura_journal_taken_total{kind="play"} `
	_, after, found := strings.Cut(metrics, name)
	if _, err := fmt.Sscan(after, &n); err != nil || !found {
		t.Fatalf("the metrics have no %s: %v", name, err)
	}
	return n
}

// lonelyEngine says one thing after another, each once, and waits for each answer,
// as a real engine does.
type lonelyEngine struct {
	url   string
	began time.Time
	ended chan struct{}
	// What follows belongs to play until ended is closed.
	plays, healths []string
	said           map[string]time.Time // when what was acknowledged was said
	slow           []time.Duration      // how long the answers took
}

// play says things until ctx ends.
func (e *lonelyEngine) play(ctx context.Context, t *testing.T) {
	defer close(e.ended)
	for n := 1; ctx.Err() == nil; n++ {
		name := fmt.Sprintf("number %d", n)
		path, body, said := "/api/v1/playlog", play(t, name, e.began.Add(time.Duration(n)*time.Millisecond)), &e.plays
		if n%10 == 0 {
			path, said = "/api/v1/source/health/1", &e.healths
			name = "number " + inLetters(n)
			body = fmt.Sprintf(`{"is_healthy": true, "details": %q}`, name)
		}
		time.Sleep(2 * time.Millisecond) // the journal must be able to catch up
		asked := time.Now()
		status, answer, err := call(ctx, http.MethodPost, e.url+path, body)
		switch {
		case err != nil: // the service was killed: it may have it or not
			time.Sleep(5 * time.Millisecond)
			continue
		case status != http.StatusNoContent:
			t.Errorf("%s: %d %s", name, status, answer)
			continue
		}
		e.slow = append(e.slow, time.Since(asked))
		e.said[name] = asked
		*said = append(*said, name)
	}
}

// verify compares what was acknowledged with what is stored. What was said before the
// database was deleted may be gone with it.
func (e *lonelyEngine) verify(t *testing.T, gone *deletions) {
	t.Helper()
	stored := storedByID(t, e.url)
	count := map[string]int{}
	for _, title := range stored {
		count[title]++
	}
	for title, n := range count {
		if n > 1 {
			t.Errorf("%s is stored %d times", title, n)
		}
	}
	acknowledged := map[string]bool{}
	for _, title := range e.plays {
		acknowledged[title] = true
		if count[title] == 0 && (!gone.titles[title] || e.said[title].After(gone.at)) {
			t.Errorf("%s was acknowledged and is lost", title)
		}
	}
	plays := slices.DeleteFunc(slices.Clone(e.plays), func(title string) bool { return count[title] == 0 })
	stored = slices.DeleteFunc(stored, func(title string) bool { return !acknowledged[title] })
	if !t.Failed() && !slices.Equal(stored, plays) {
		for i := range stored {
			if stored[i] != plays[i] {
				t.Errorf("%s is stored as the %dth, which is %s", stored[i], i+1, e.plays[i])
				break
			}
		}
	}
	healths := mustCall(t, http.MethodGet, e.url+"/api/v1/source/health/1?limit=1000", "", http.StatusOK)
	for _, name := range e.healths[max(0, len(e.healths)-900):] {
		n := strings.Count(healths, fmt.Sprintf(`"details":%q`, name))
		if wasDeleted := gone.healths[name] && e.said[name].Before(gone.at); n != 1 && n != 2 && !wasDeleted { // the latest is shown twice
			t.Errorf("the health status %s is there %d times", name, n)
		}
	}
	slices.Sort(e.slow)
	t.Logf("%d plays and %d health statuses acknowledged, %d plays stored; answered in %s (p50), %s (p99), %s (worst)",
		len(e.plays), len(e.healths), len(count), e.slow[len(e.slow)/2], e.slow[len(e.slow)*99/100], e.slow[len(e.slow)-1])
}

// storedByID are the titles of /playlog in the order in which they were stored.
func storedByID(t *testing.T, url string) []string {
	t.Helper()
	type entry struct {
		ID    int64  `json:"id"`
		Title string `json:"track_title"`
	}
	var all []entry
	for page := 0; ; page++ {
		var some []entry
		answer := mustCall(t, http.MethodGet, fmt.Sprintf("%s/api/v1/playlog?limit=1000&page=%d", url, page), "", http.StatusOK)
		if err := json.Unmarshal([]byte(answer), &some); err != nil {
			t.Fatalf("%v: %s", err, answer)
		}
		if len(some) == 0 {
			break
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b entry) int { return int(a.ID - b.ID) })
	titles := make([]string, len(all))
	for i, e := range all {
		titles[i] = e.Title
	}
	return titles
}
