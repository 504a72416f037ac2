package repo_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
)

// acknowledged is what stations acknowledged as stored.
type acknowledged struct {
	mu          sync.Mutex
	records     []model.Record
	activations []model.Activation
	failures    int // calls that had to be repeated
	// by are the stations that acknowledged it: of a record by its fingerprint,
	// of an activation by its epoch.
	by map[any][]*repo.Station
}

func (a *acknowledged) note(records []model.Record, activation *model.Activation, by *repo.Station) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by == nil {
		a.by = map[any][]*repo.Station{}
	}
	if activation != nil {
		a.activations = append(a.activations, *activation)
		a.by[activation.Epoch] = append(a.by[activation.Epoch], by)
		return
	}
	for _, r := range records {
		id := r.Entry.Fingerprint()
		a.records, a.by[id] = append(a.records, r), append(a.by[id], by)
	}
}

// fewFailures: one call in so many may still be in conflict with others after
// all its repetitions.
const fewFailures = 20

// randomWrites makes a station store n random things one after the other. A
// call that fails is repeated, on another station if there is one.
func (a *acknowledged) randomWrites(t *testing.T, rng *rand.Rand, n int, stations ...*repo.Station) {
	for range n {
		records := make([]model.Record, 1+rng.IntN(4))
		for i := range records {
			records[i].Entry = model.Entry{
				LogSource:  1 + rng.IntN(3),
				TrackStart: onairtest.At(rng.IntN(lastStart)),
				Title:      fmt.Sprint("title ", rng.IntN(40)),
				Duration:   time.Duration(rng.IntN(longest)) * time.Minute,
			}
			if rng.IntN(8) == 0 {
				c := model.Correction{Kind: model.CorrectionAmend, At: noon, By: "alice", Reason: "x"}
				c.Changes.TrackStart = new(onairtest.At(rng.IntN(lastStart)))
				records[i].Corrections = []model.Correction{c}
			}
			records[i].Normalize()
		}
		activation := model.Activation{Source: 1 + rng.IntN(3), From: onairtest.At(rng.IntN(lastStart)), RecordedAt: noon, By: fmt.Sprint(rng.Int64())}
		what := rng.IntN(6)
		write := func(ctx context.Context, s *repo.Station) (err error) {
			switch what {
			case 0:
				var d source.Decision
				if d, err = s.Activate(ctx, asked(activation), source.Admit); err == nil {
					activation = d.Activation
				}
			case 1, 2:
				records = []model.Record{{Entry: records[0].Entry}}
				err = s.StoreEntry(ctx, records[0].Entry)
			default:
				_, err = s.Absorb(ctx, records, true)
			}
			return err
		}
		for try := 0; ; try++ {
			s := stations[try%len(stations)]
			err := write(t.Context(), s)
			if err == nil && what == 0 {
				a.note(nil, &activation, s)
				break
			}
			if err == nil {
				a.note(records, nil, s)
				break
			}
			if !errors.Is(err, model.ErrUnavailable) || try == 100 {
				t.Error(err)
				return
			}
			t.Log(err)
			a.mu.Lock()
			a.failures++
			a.mu.Unlock()
		}
	}
}

// mustBeStored fails if something acknowledged is not in a database. It also
// fails if the log is not what the oracle derives from all that is stored. What
// was acknowledged only by dead stations may be gone.
func (a *acknowledged) mustBeStored(t *testing.T, name string, s *repo.Station, raw *sql.DB, dead ...*repo.Station) {
	t.Helper()
	lost := func(key, what any) {
		alive := func(s *repo.Station) bool { return !slices.Contains(dead, s) }
		if !slices.ContainsFunc(a.by[key], alive) {
			t.Logf("%s: died with its node: %+v", name, what)
		} else {
			t.Errorf("%s: lost %+v", name, what)
		}
	}
	stored, err := s.Entries(t.Context(), model.EntryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	known := map[model.Fingerprint]bool{}
	for _, e := range stored {
		known[e.Fingerprint()] = true
		if !e.Synced {
			t.Errorf("%s: entry %d is not synced", name, e.ID)
		}
	}
	for _, r := range a.records {
		if !known[r.Entry.Fingerprint()] {
			lost(r.Entry.Fingerprint(), r.Entry)
		}
	}
	activations, err := s.Activations(t.Context(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, acknowledged := range a.activations {
		if !slices.ContainsFunc(activations, func(b model.Activation) bool { return b.Epoch == acknowledged.Epoch && b.By == acknowledged.By }) {
			lost(acknowledged.Epoch, acknowledged)
		}
	}
	want := onairtest.Station{Entries: stored, Activations: activations, DefaultSource: 1}.Log()
	if got := airLog(t, raw); !slices.Equal(got, want) {
		t.Errorf("%s: the log is\n%s, want\n%s", name, onairtest.Text(got), onairtest.Text(want))
	}
}

// seeded is a source of random numbers. If the test fails, it shows the seed.
func seeded(t *testing.T) (next func() *rand.Rand) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	stream := uint64(0)
	return func() *rand.Rand {
		stream++
		return rand.New(rand.NewPCG(seed, stream))
	}
}

// TestStation_concurrent: several processes write at once, and sometimes an
// administrator kills a connection in the middle of a transaction.
func TestStation_concurrent(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, kind)
			raw := rawSQL(t, kind, url)
			rng := seeded(t)
			var stations []*repo.Station
			const processes, writers, writes = 3, 2, 40
			for range processes {
				stations = append(stations, repotest.OpenURL(t, url).Station(t, 1))
			}
			var a acknowledged
			var writing sync.WaitGroup
			for _, s := range stations {
				for range writers {
					random := rng()
					writing.Go(func() { a.randomWrites(t, random, writes, s) })
				}
			}
			done := make(chan struct{})
			go func() { writing.Wait(); close(done) }()
			growing := watchSequence(t, stations[0], done)
			kills := 0
			if kind == repotest.KindMariaDB {
				kills = killTransactions(t, raw, done)
			}
			<-done
			if grown := <-growing; grown == 0 {
				t.Error("the sequence did not grow")
			}
			if a.failures > kills+processes*writers*writes/fewFailures {
				t.Errorf("%d calls failed", a.failures)
			}
			t.Logf("%d connections killed, %d calls repeated", kills, a.failures)
			a.mustBeStored(t, "at the end", stations[0], raw)
		})
	}
}

// watchSequence reports how often a reader saw the sequence grow, and fails if
// it shrinks.
func watchSequence(t *testing.T, s *repo.Station, done <-chan struct{}) <-chan int {
	grown := make(chan int, 1)
	go func() {
		last, times := int64(0), 0
		for over := false; !over; {
			select {
			case <-done:
				over = true // after one last look
			case <-time.After(time.Millisecond):
			}
			n, err := s.Sequence(t.Context())
			if err != nil && !errors.Is(err, model.ErrUnavailable) {
				t.Error(err)
			}
			if err == nil && n < last {
				t.Errorf("the sequence went from %d to %d", last, n)
			}
			if err == nil && n > last {
				last, times = n, times+1
			}
		}
		grown <- times
	}()
	return grown
}

// killTransactions kills some connections in the middle of a statement.
func killTransactions(t *testing.T, raw *sql.DB, done <-chan struct{}) (kills int) {
	const enough = 5
	for kills < enough {
		select {
		case <-done:
			return kills
		default:
		}
		var thread int64
		err := raw.QueryRowContext(t.Context(), `SELECT id FROM information_schema.processlist
			WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command = 'Query' ORDER BY RAND() LIMIT 1`).Scan(&thread)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			t.Error(err)
			return kills
		}
		if _, err := raw.ExecContext(t.Context(), fmt.Sprint("KILL ", thread)); err == nil { // it may have ended by itself
			kills++
		}
	}
	return kills
}

// TestStation_Galera: processes on all nodes of a cluster write at once, and
// one node is killed. What the cluster loses comes back when it is sent again.
func TestStation_Galera(t *testing.T) {
	if testing.Short() {
		t.Skip("a cluster takes long to start")
	}
	t.Parallel()
	cluster := repotest.Galera(t)
	rng := seeded(t)
	var stations []*repo.Station
	var raws []*sql.DB
	urls := cluster.URLs(t)
	for i, url := range urls {
		db := repotest.OpenURL(t, url)
		if i == 0 {
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		stations = append(stations, db.Station(t, 1))
		raws = append(raws, clusterSQL(t, cluster.Nodes[i], url))
	}
	var a acknowledged
	onAllNodes := func(writes int, during func()) {
		var writing sync.WaitGroup
		for i := range stations {
			// A load balancer passes on to the next node what one node cannot
			// take.
			order := slices.Concat(stations[i:], stations[:i])
			random := rng()
			writing.Go(func() { a.randomWrites(t, random, writes, order...) })
		}
		during()
		writing.Wait()
	}

	// mustBeOnNodes waits until the nodes have applied what was committed.
	mustBeOnNodes := func(when string, nodes []int, dead ...*repo.Station) {
		t.Helper()
		patience.Await(t, func() error {
			sequences := map[int64]bool{}
			for _, i := range nodes {
				n, err := stations[i].Sequence(t.Context())
				if err != nil {
					return err
				}
				sequences[n] = true
			}
			if len(sequences) > 1 {
				return fmt.Errorf("the nodes have different sequences: %v", sequences)
			}
			return nil
		})
		for _, i := range nodes {
			a.mustBeStored(t, fmt.Sprintf("%s, node %d", when, i+1), stations[i], raws[i], dead...)
		}
	}

	const writes = 150
	onAllNodes(writes, func() {})
	if a.failures > len(stations)*writes/fewFailures {
		t.Errorf("%d calls failed in a healthy cluster", a.failures)
	}
	mustBeOnNodes("all are well", []int{0, 1, 2})

	// The third node will die. The load balancer does not wait for it long.
	patient := stations[2]
	stations[2] = openImpatient(t, urls[2]).Station(t, 1)
	dead := []*repo.Station{patient, stations[2]}
	written := len(a.records)
	onAllNodes(40, func() {
		patience.Await(t, func() error {
			a.mu.Lock()
			defer a.mu.Unlock()
			if n := len(a.records) - written; n <= 50 {
				return fmt.Errorf("%d records are written", n)
			}
			return nil
		})
		cluster.Nodes[2].Kill()
	})
	// What a node acknowledged just before its death may never have reached the
	// other nodes, whatever Galera promises.
	mustBeOnNodes("one is dead", []int{0, 1}, dead...)

	if _, err := raws[1].ExecContext(t.Context(), "DELETE FROM playlog ORDER BY id DESC LIMIT 50"); err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(slices.Clone(a.records), 20) { // as a reconciliation would
		if _, err := stations[1].Absorb(t.Context(), part, true); err != nil {
			t.Fatal(err)
		}
		a.note(part, nil, stations[1])
	}
	cluster.Nodes[2].Restart(t)
	stations[2] = patient
	mustBeOnNodes("it is back", []int{0, 1, 2}, dead...)
}

func clusterSQL(t *testing.T, node *repotest.Server, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", node.DSN(url[len(url)-len("test_1"):]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
