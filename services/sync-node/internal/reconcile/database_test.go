package reconcile

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/stationtime"
)

// TestMain sets on how many histories each property is tried. The command line may
// say more, such as -rapid.checks=1000; `make soak` does.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
	os.Exit(repotest.Main(m))
}

// stationStore is the sync node's store as in the service.
type stationStore struct {
	*repo.Station
	recorder *playlog.Recorder
}

func newStation(t testing.TB) stationStore {
	t.Helper()
	return stationOver(repotest.OpenStation(t, repotest.KindSQLite))
}

func stationOver(station *repo.Station) stationStore {
	return stationStore{station, playlog.New(station, zerolog.Nop(), time.Now, func() {})}
}

func (s stationStore) Receive(ctx context.Context, records []model.Record, synced bool) ([]playlog.Receipt, error) {
	return s.recorder.Receive(ctx, records, synced)
}

func (s stationStore) Occurrence(ctx context.Context, e model.Entry, other time.Time) (model.Entry, error) {
	return s.recorder.Occurrence(ctx, e, other)
}

// databaseNode is a node over a database, without the network.
type databaseNode struct {
	memoryNode // for methods that need no database
	db         *repo.Node
	recorder   *playlog.Recorder
}

func newDatabaseNode(t testing.TB) *databaseNode {
	t.Helper()
	db := repotest.Open(t, repotest.KindSQLite)
	return &databaseNode{db: db, recorder: playlog.New(db, zerolog.Nop(), time.Now, func() {})}
}

func (n *databaseNode) State(ctx context.Context) (peer.State, time.Duration, error) {
	waiting, err := n.db.Outbox(ctx)
	state := peer.State{HostID: 1, Edition: model.ThisEdition, Outbox: waiting}
	if clock, err := n.db.Clock(ctx, 1); err == nil {
		state.Clocks = []model.Clock{clock}
	}
	return state, 0, err
}

func (n *databaseNode) Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error) {
	return n.db.Digests(ctx, q)
}

func (n *databaseNode) Records(ctx context.Context, source int, from, to time.Time, after string, limit int) ([]model.Record, string, error) {
	records, next, err := n.db.Records(ctx, model.RecordQuery{Source: source, From: from, To: to, After: position(after), Limit: limit})
	return records, cursor(next), err
}

func (n *databaseNode) Healths(ctx context.Context, source int, from, to time.Time, after string, limit int) ([]model.Health, string, error) {
	healths, next, err := n.db.HealthRecords(ctx, model.RecordQuery{Source: source, From: from, To: to, After: position(after), Limit: limit})
	return healths, cursor(next), err
}

func (n *databaseNode) ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error) {
	return n.db.ActivationsAfter(ctx, after, limit)
}

func (n *databaseNode) Rules(ctx context.Context) ([]model.HeardRule, error) {
	return n.db.StationRules(ctx)
}

func (n *databaseNode) Purges(ctx context.Context) (model.Purges, error) { return n.db.Purges(ctx) }

func (n *databaseNode) Send(ctx context.Context, b peer.Batch) (peer.Results, error) {
	results := peer.Results{Healths: make([]peer.Result, len(b.Healths)), Clocks: make([]peer.Result, len(b.Clocks))}
	receipts, err := n.recorder.Receive(ctx, b.Records, b.Synced)
	for _, r := range receipts {
		result := peer.Result{Content: r.Content.Base, Merged: r.Merged}
		if r.Refused != nil {
			result.Refused = r.Refused.Error()
		}
		results.Records = append(results.Records, result)
	}
	for _, do := range []func() error{
		func() error { return n.db.AbsorbHealths(ctx, b.Healths, b.Synced) },
		func() error { return n.db.AbsorbClocks(ctx, b.Clocks, b.Synced) },
		func() error { return n.db.MarkSynced(ctx, b.Acks) },
		func() error { return n.db.MarkHealthsSynced(ctx, b.HealthAcks) },
	} {
		if err == nil {
			err = do()
		}
	}
	return results, err
}

// push does what the node's own outbox does.
func (n *databaseNode) push(ctx context.Context, store stationStore, limit int) error {
	waiting, err := n.db.Unsynced(ctx, limit)
	if err != nil || len(waiting) == 0 {
		return err
	}
	receipts, err := store.Receive(ctx, waiting, false)
	if err != nil {
		return err
	}
	var acks []model.Ack
	for i, r := range receipts {
		if r.Merged == nil {
			acks = append(acks, model.Ack{Fingerprint: waiting[i].Entry.Fingerprint(), Content: waiting[i].Content()})
		} else if _, err := n.db.Absorb(ctx, []model.Record{*r.Merged}, true); err != nil {
			return err
		}
	}
	return n.db.MarkSynced(ctx, acks)
}

// everything returns every entry of source 1.
func everything(ctx context.Context, records func(context.Context, model.RecordQuery) ([]model.Record, *model.Position, error)) (map[model.Fingerprint]model.Record, error) {
	all := map[model.Fingerprint]model.Record{}
	q := model.RecordQuery{Source: 1, Limit: 1000}
	for {
		page, next, err := records(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			all[r.Entry.Fingerprint()] = r
		}
		if next == nil {
			return all, nil
		}
		q.After = next
	}
}

// TestRun_Databases is TestRun_Equal over real databases. The on-air log is
// derived, and a pusher also runs at its own pace.
func TestRun_Databases(t *testing.T) {
	t.Parallel()
	const histories = 12
	seed := rand.Int() //nolint:gosec // a test's
	for i := range histories {
		store, node := newStation(t), newDatabaseNode(t)
		at := seed + i
		draw := func(n int) []model.Record {
			at += histories
			return rapid.SliceOfN(drawRecord(1), n/2, n).Example(at)
		}
		drawHealths := func() []model.Health {
			at += histories
			return rapid.SliceOfN(drawHealth(1), 0, 10).Example(at)
		}
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		absorb := func(absorb func(context.Context, []model.Record, bool) ([]model.Absorbed, error), records []model.Record) {
			t.Helper()
			if len(records) > 0 {
				_, err := absorb(ctx, records, rand.N(2) == 0) //nolint:gosec // a test's
				must(err)
			}
		}
		absorb(store.Absorb, draw(60))
		absorb(node.db.Absorb, draw(60))
		must(store.AbsorbHealths(ctx, drawHealths(), true))
		must(node.db.AbsorbHealths(ctx, drawHealths(), false))
		must(node.db.AbsorbClocks(ctx, []model.Clock{{Source: 1, SentAt: epoch, Body: []byte(`{"engine_source": 1}`)}}, false))
		if i%2 == 0 {
			_, err := store.Activate(ctx, source.Request{
				Source: 2, Arrived: epoch.Add(2 * time.Hour), At: stationtime.Reading{Time: epoch.Add(90 * time.Minute)},
			}, source.Admit)
			must(err)
		}

		news := draw(10)
		way := &troubled{Node: node}
		failing, lost := 3+at%15, 5+at%20
		way.before = func(call int) error {
			if call == failing {
				return errCable
			}
			if call%5 == 0 && len(news) > 0 {
				one := news[:1]
				news = news[1:]
				_, err := node.db.Absorb(ctx, one, false)
				return err
			}
			return nil
		}
		way.after = func(call int) error {
			if call == lost {
				return errCable
			}
			return nil
		}
		r := reconciler(Config{BatchSize: 1 + at%7}, store, way)
		stop, stopped := make(chan struct{}), make(chan error, 1)
		go func() {
			for {
				select {
				case <-stop:
					stopped <- nil
					return
				default:
				}
				if err := node.push(ctx, store, 3); err != nil {
					stopped <- err
					return
				}
			}
		}()
		for range 3 {
			if err := r.Once(ctx); err != nil && !errors.Is(err, errCable) {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		close(stop)
		must(<-stopped)
		absorb(node.db.Absorb, news)
		way.before, way.after = func(int) error { return nil }, nil

		here, err := everything(ctx, store.Records)
		must(err)
		there, err := everything(ctx, node.db.Records)
		must(err)
		want := union(&memory{records: here}, &memory{records: there})
		must(r.Once(ctx))
		must(r.Once(ctx))
		for side, records := range map[string]func(context.Context, model.RecordQuery) ([]model.Record, *model.Position, error){"sync node": store.Records, "node": node.db.Records} {
			got, err := everything(ctx, records)
			must(err)
			if len(got) != len(want) {
				t.Fatalf("seed %d: %s has %d records, want %d", seed, side, len(got), len(want))
			}
			for id, record := range got {
				if record.Content() != want[id] {
					t.Fatalf("seed %d: %s has %+v", seed, side, record)
				}
			}
		}
		waiting, err := node.db.Outbox(ctx)
		must(err)
		if waiting.Entries != 0 || waiting.Healths != 0 {
			t.Fatalf("seed %d: still waits: %+v", seed, waiting)
		}
		if clock, err := store.Clock(ctx, 1); err != nil || !clock.SentAt.Equal(epoch) {
			t.Fatalf("seed %d: clock is %+v, %v", seed, clock, err)
		}
		audits, err := r.Audit(ctx)
		must(err)
		if !audits[0].Equal() || audits[0].Kinds[0].Equal != int64(len(want)) {
			t.Fatalf("seed %d: audit says %+v", seed, audits[0])
		}
		differing, err := store.Verify(ctx, nil)
		must(err)
		if differing != 0 {
			t.Fatalf("seed %d: %d segments of the on-air log are wrong", seed, differing)
		}
	}
}

// TestRun_LostDatabases: a run restores a whole database that either side lost.
func TestRun_LostDatabases(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	node := newDatabaseNode(t)
	var all []model.Record
	for n := range 150 {
		all = append(all, sample(n*23)) // over days
	}
	if _, err := node.db.Absorb(ctx, all, true); err != nil {
		t.Fatal(err)
	}
	store := newStation(t)
	check := func(node *databaseNode) {
		t.Helper()
		r := reconciler(Config{BatchSize: 30}, store, node)
		if err := r.Once(ctx); err != nil {
			t.Fatal(err)
		}
		audits, err := r.Audit(ctx)
		if err != nil || !audits[0].Equal() || audits[0].Kinds[0].Equal != int64(len(all)) {
			t.Errorf("audit says %+v, %v", audits, err)
		}
		if waiting, err := node.db.Outbox(ctx); err != nil || waiting.Entries != 0 {
			t.Errorf("waits: %+v, %v", waiting, err)
		}
	}
	check(node)               // the sync node's database is lost
	check(newDatabaseNode(t)) // the node's database is lost
}

// TestRun_LostRows: if a cluster loses any rows after they were committed, the
// rows come back with the next run.
func TestRun_LostRows(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			url := repotest.MigratedURL(t, kind)
			station := repotest.OpenStationURL(t, url)
			if err := station.Prepare(ctx); err != nil {
				t.Fatal(err)
			}
			store := stationOver(station)
			node := newDatabaseNode(t)
			var all []model.Record
			for minute := range 300 {
				r := sample(minute * 7)
				r.Corrections = nil
				r.Normalize()
				all = append(all, r)
			}
			if _, err := node.db.Absorb(ctx, all, true); err != nil {
				t.Fatal(err)
			}
			for hour := range 20 {
				if err := node.db.AbsorbHealths(ctx, []model.Health{{Source: 1, LogTime: epoch.Add(time.Duration(hour) * time.Hour)}}, false); err != nil {
					t.Fatal(err)
				}
				r := source.Request{Source: 1 + hour%2, Arrived: epoch.Add(time.Duration(hour) * time.Hour), By: "M. Tester"}
				if _, err := store.Activate(ctx, r, source.Admit); err != nil {
					t.Fatal(err)
				}
			}
			history, err := store.ActivationsAfter(ctx, model.NoEpoch, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if err := node.db.RememberActivations(ctx, history); err != nil {
				t.Fatal(err)
			}
			r := reconciler(Config{BatchSize: 100}, store, node)
			if err := r.Once(ctx); err != nil {
				t.Fatal(err)
			}
			raw := rawSQL(t, kind, url)
			before := everyRow(t, raw)
			for _, loss := range []string{
				"DELETE FROM onair WHERE source = 1",
				"UPDATE onair SET until_at = NULL",
				"DELETE FROM activation WHERE epoch % 3 = 0",
				"DELETE FROM health WHERE id % 2 = 0",
				"DELETE FROM playlog WHERE id % 5 = 0",
				"DELETE FROM playlog; DELETE FROM health; DELETE FROM activation; DELETE FROM onair",
			} {
				for statement := range strings.SplitSeq(loss, "; ") {
					if _, err := raw.ExecContext(ctx, statement); err != nil {
						t.Fatal(err)
					}
				}
				if slices.Equal(everyRow(t, raw), before) {
					t.Fatalf("%s: nothing is lost", loss)
				}
				if err := r.Once(ctx); err != nil {
					t.Fatal(err)
				}
				differing, err := r.MendLog(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s: %d segments were derived anew", loss, differing)
				if after := everyRow(t, raw); !slices.Equal(after, before) {
					t.Fatalf("%s: %d rows came back as they were, want %d", loss, len(after), len(before))
				}
				if differing, err := r.MendLog(ctx, nil); err != nil || differing != 0 {
					t.Errorf("%s: then %d segments differ, %v", loss, differing, err)
				}
			}
		})
	}
}

func rawSQL(t *testing.T, kind repotest.Kind, url string) *sql.DB {
	t.Helper()
	driver, name := "sqlite", "file:"+strings.TrimPrefix(url, "sqlite://")+"?_pragma=busy_timeout(5000)"
	if kind == repotest.KindMariaDB {
		driver, name = "mysql", repotest.MariaDB(t).DSN(url[strings.LastIndex(url, "/")+1:])
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// everyRow returns what must be the same after it was lost, except the numbers
// of the rows.
func everyRow(t *testing.T, raw *sql.DB) []string {
	t.Helper()
	var all []string
	for _, query := range []string{
		"SELECT fingerprint, content, played_at FROM playlog",
		"SELECT uid, details, log_time FROM health",
		"SELECT epoch, source, active_from FROM activation",
		"SELECT fingerprint, source, CONCAT(from_at, ' ', COALESCE(until_at, '-')) FROM onair",
		"SELECT p.fingerprint, 1, o.from_at FROM onair o JOIN playlog p ON p.id = o.entry_id",
	} {
		func() {
			rows, err := raw.QueryContext(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var a, b, c []byte
				if err := rows.Scan(&a, &b, &c); err != nil {
					t.Fatal(err)
				}
				all = append(all, fmt.Sprintf("%s: %x %x %x", query, a, b, c))
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}()
	}
	slices.Sort(all)
	return all
}
