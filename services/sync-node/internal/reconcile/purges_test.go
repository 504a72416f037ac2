package reconcile

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/stationtime"
)

// then is a time long before the tests run.
var then = epoch.AddDate(-6, 0, 0)

// ago is a record of that time.
func ago(r model.Record) model.Record {
	r.Entry.TrackStart, r.Entry.ReceivedAt = r.Entry.TrackStart.AddDate(-6, 0, 0), time.Time{}
	r.Normalize()
	return r
}

// decided is a purge of a source, 0 for all, decided by somebody.
func decided(source int, before time.Time, by string) model.Purge {
	return model.Purge{Source: source, Before: before, At: then.AddDate(3, 0, 0), By: by, Reason: "old"}
}

// telling is a node that says something else of purges than it stores.
type telling struct {
	*databaseNode
	purges model.Purges
	err    error
}

func (n telling) Purges(context.Context) (model.Purges, error) { return n.purges, n.err }

// TestRun_Purges: plays that are gone at one side are not exchanged, whichever side
// knows it and whatever it still has. The others are exchanged as before. A node can't
// make the sync node delete anything that it did not decide itself.
func TestRun_Purges(t *testing.T) {
	t.Parallel()
	bound := then.Add(40 * time.Minute)
	all, own := model.Purges{decided(0, bound, "a")}, model.Purges{decided(1, bound, "a")}
	for name, c := range map[string]purgedRun{
		"Both":             {here: all, there: all, wantHere: all, isEqual: true},
		"SyncNode":         {here: all, wantHere: all}, // the node asks by itself
		"OlderNode":        {here: all, told: &telling{err: peer.ErrUnsupported}, wantHere: all, isEqual: true},
		"Restored":         {there: all, sealed: true, wantHere: all, isEqual: true},
		"NotDecidedHere":   {there: all},
		"NodeMore":         {here: model.Purges{decided(0, bound.Add(-time.Hour), "a")}, there: own, wantHere: model.Purges{decided(0, bound.Add(-time.Hour), "a")}},
		"NothingToDelete":  {there: all, isEmpty: true, wantHere: own, isEqual: true},
		"OfAnother":        {there: model.Purges{decided(2, bound, "a")}, isEqual: true},
		"OfAnotherRestore": {there: model.Purges{decided(2, bound, "a")}, sealed: true, isEqual: true},
		"TooLate":          {told: &telling{purges: model.Purges{decided(1, time.Now(), "a")}}, isEmpty: true, isEqual: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.run(t, bound)
		})
	}
}

// purgedRun is a sync node and a node of which each has a part of the plays.
type purgedRun struct {
	here, there model.Purges
	sealed      bool     // the sync node decided what the node knows
	told        *telling // what the node says instead of what it knows
	isEmpty     bool     // nothing before the bound is at the sync node
	wantHere    model.Purges
	isEqual     bool
}

func (c purgedRun) run(t *testing.T, bound time.Time) {
	ctx := t.Context()
	store, node := newStation(t), newDatabaseNode(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(store.Claim(ctx, model.Owner{Service: model.SyncNode}))
	secret, err := store.Database(ctx)
	must(err)
	must(store.Prepare(ctx))
	inHere := func(minute int) bool { return minute%2 == 1 && (minute >= 40 || !c.isEmpty) }
	for minute := range 100 {
		side := node.db.Absorb
		if inHere(minute) {
			side = store.Absorb
		}
		_, err := side(ctx, []model.Record{ago(sample(minute))}, true)
		must(err)
	}
	for i := range c.there {
		if c.sealed {
			c.there[i].Seal = c.there[i].SealedBy(secret)
		}
	}
	_, err = store.LearnPurges(ctx, c.here)
	must(err)
	_, err = node.db.LearnPurges(ctx, c.there)
	must(err)
	var view Node = node
	if c.told != nil {
		view = telling{node, c.told.purges, c.told.err}
	}
	woken := 0
	r := New(Config{BatchSize: 10, Interval: time.Hour, Purge: func() { woken++ }}, store, store, "test", []Peer{{Number: 1, Node: view}}, zerolog.Nop())
	for range 2 {
		must(r.Once(ctx))
		if refused := r.Status()[0].Refused; refused != 0 {
			t.Errorf("%d records were refused", refused)
		}
	}
	known, err := store.Purges(ctx)
	must(err)
	if len(known) != len(c.wantHere) || len(known) > 0 && known[0].UID() != c.wantHere[0].UID() {
		t.Errorf("the sync node knows %+v", known)
	}
	if (woken > 0) != (len(known) > len(c.here)) {
		t.Errorf("woken %d times", woken)
	}
	here, err := everything(ctx, store.Records)
	must(err)
	there, err := everything(ctx, node.db.Records)
	must(err)
	gone := later(known.Bound(1), c.there.Bound(1))
	for minute := range 100 {
		r := ago(sample(minute))
		id := r.Entry.Fingerprint()
		_, isHere := here[id]
		_, isThere := there[id]
		wantHere, wantThere := true, true
		if r.Entry.PlayedAt().Before(gone) { // what was there is left to the purge
			wantHere, wantThere = inHere(minute), !inHere(minute)
		}
		if isHere != wantHere || isThere != wantThere {
			t.Errorf("minute %d: here %t, there %t", minute, isHere, isThere)
		}
	}
	audits, err := r.Audit(ctx)
	must(err)
	if a := audits[0]; a.Equal() != c.isEqual || a.Older != (c.told != nil && c.told.err != nil) {
		t.Errorf("the audit says %+v", a)
	}
}

// TestRun_OriginalPurged: what an original node still has of purged plays is left
// there, and is no failure.
func TestRun_OriginalPurged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, node := newMemory(0), newOriginal(20, time.Minute)
		store.purges = model.Purges{decided(1, epoch.Add(-9*time.Minute), "a")}
		r := reconciler(Config{BatchSize: 10}, store, node)
		if err := r.Once(t.Context()); err != nil || len(store.records) != 10 || r.Status()[0].Refused != 0 {
			t.Errorf("%d records are stored, %+v, %v", len(store.records), r.Status(), err)
		}
	})
}

// site is one database of a station, with what deletes there.
type site struct {
	name    string
	records func(context.Context, model.RecordQuery) ([]model.Record, *model.Position, error)
	purge   func(context.Context) error
}

// sites are those of a sync node and a node.
func sites(store stationStore, node *databaseNode, utc *stationtime.Zone) []site {
	purge := func(db playlog.Purged) func(context.Context) error {
		return playlog.NewPurge(db, utc, func() {}, zerolog.Nop()).Once
	}
	return []site{
		{"the sync node", store.Records, purge(store.Station)},
		{"the node", node.db.Records, purge(node.db)},
	}
}

// TestPurges_Oracle: whatever is stored, corrected, purged, exchanged and asked for in
// any order, by a sync node and a node: in the end both have the same, which is all
// that was ever stored and is not before the bound. Nothing that is kept is lost. Of a
// play that was moved over the bound, each database decides by what it knows of it.
func TestPurges_Oracle(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			ctx, here, there := t.Context(), repotest.MigratedURL(t, kind), repotest.MigratedURL(t, kind)
			station, db := repotest.OpenStationURL(t, here), repotest.OpenURL(t, there)
			if err := station.Prepare(ctx); err != nil {
				t.Fatal(err)
			}
			store := stationOver(station)
			node := &databaseNode{db: db, recorder: playlog.New(db, zerolog.Nop(), time.Now, func() {})}
			raw := []*sql.DB{rawSQL(t, kind, here), rawSQL(t, kind, there)}
			rapid.Check(t, func(rt *rapid.T) {
				for _, db := range raw {
					forget(t, db)
				}
				purgeHistory(ctx, rt, store, node)
			})
		})
	}
}

// forget deletes all records of a database.
func forget(t *testing.T, raw *sql.DB) {
	t.Helper()
	for _, table := range []string{"playlog", "correction", "parked", "onair", "onair_day", "onair_title", "heard_title", "title_word", "playlog_day", "heard_pending", "purged_plays"} {
		if _, err := raw.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
}

func purgeHistory(ctx context.Context, rt *rapid.T, store stationStore, node *databaseNode) {
	must := func(err error) {
		rt.Helper()
		if err != nil {
			rt.Fatal(err)
		}
	}
	r := reconciler(Config{BatchSize: rapid.IntRange(1, 7).Draw(rt, "batch")}, store, node)
	// The oracle: a play is what was said of it, anywhere, in any order.
	said := map[model.Fingerprint]model.Record{}
	var bound time.Time
	ask := func() error { // what an engine-api does each minute
		theirs, err := store.Purges(ctx)
		if err == nil {
			_, err = node.db.LearnPurges(ctx, theirs)
		}
		return err
	}
	utc, err := stationtime.Load("UTC")
	must(err)
	all := sites(store, node, utc)
	for range rapid.IntRange(3, 20).Draw(rt, "steps") {
		switch step := rapid.SampledFrom([]string{"here", "here", "there", "there", "there", "decide", "delete", "ask", "exchange", "push"}).Draw(rt, "step"); step {
		case "here", "there":
			absorb := store.Absorb
			if step == "there" {
				absorb = node.db.Absorb
			}
			records := rapid.SliceOfN(drawRecord(1), 1, 5).Draw(rt, "records")
			for i := range records {
				for k := range records[i].Corrections {
					if moved := records[i].Corrections[k].Changes.TrackStart; moved != nil {
						*moved = then.Add(time.Duration(rapid.IntRange(-30, 200).Draw(rt, "moved to")) * time.Minute)
					}
				}
				records[i] = ago(records[i])
			}
			results, err := absorb(ctx, records, false)
			must(err)
			for i, result := range results {
				if result.Refused != nil && !records[i].Entry.PlayedAt().Before(bound) {
					rt.Fatalf("%s refuses what is to be kept: %v", step, result.Refused)
				}
				if id := records[i].Entry.Fingerprint(); result.Refused == nil {
					said[id] = unite(said, id, records[i])
				}
			}
		case "decide":
			p := decided(rapid.IntRange(0, 2).Draw(rt, "source"), then.Add(time.Duration(rapid.IntRange(-30, 200).Draw(rt, "minute"))*time.Minute), "alice")
			must(store.DecidePurge(ctx, p))
			if p.Source != 2 {
				bound = later(bound, p.Before)
			}
		case "delete":
			must(rapid.SampledFrom(all).Draw(rt, "where").purge(ctx))
		case "ask":
			must(ask())
		case "exchange":
			must(r.Once(ctx))
		case "push":
			_ = pushOrPark(ctx, node, store)
		}
	}
	must(ask())
	for _, s := range all {
		must(s.purge(ctx))
	}
	must(r.Once(ctx))
	must(r.Once(ctx))
	for _, s := range all {
		got, err := everything(ctx, s.records)
		must(err)
		for id, record := range got {
			if record.Entry.PlayedAt().Before(bound) {
				rt.Fatalf("%s still has %+v, before %s", s.name, record.Entry, bound)
			}
			want := said[id]
			if keptEverywhere(want, bound) && record.Content() != want.Content() {
				rt.Fatalf("%s has %+v, want %+v", s.name, record, want)
			}
		}
		for id, record := range said {
			if _, ok := got[id]; !ok && keptEverywhere(record, bound) {
				rt.Fatalf("%s lost %+v", s.name, record.Entry)
			}
		}
	}
	audits, err := r.Audit(ctx)
	must(err)
	if a := audits[0]; len(a.Kinds[0].Differing) > 0 || a.Failed != "" || a.Refused > 0 && bound.IsZero() {
		rt.Fatalf("the audit says %+v", a)
	}
	differing, err := store.Verify(ctx, nil)
	must(err)
	if differing != 0 {
		rt.Fatalf("%d segments of the on-air log are wrong", differing)
	}
}

// keptEverywhere: also who does not know all corrections of a record has it at a time
// that is not gone.
func keptEverywhere(r model.Record, bound time.Time) bool {
	return !r.Entry.TrackStart.Before(bound) && !slices.ContainsFunc(r.Corrections, func(c model.Correction) bool {
		return c.Changes.TrackStart != nil && c.Changes.TrackStart.Before(bound)
	})
}

// unite is a record with what was said of it before.
func unite(said map[model.Fingerprint]model.Record, id model.Fingerprint, r model.Record) model.Record {
	if known, ok := said[id]; ok {
		return model.MergeRecords(known, r)
	}
	return r
}

// pushOrPark does what the node's outbox does: what is refused is parked.
func pushOrPark(ctx context.Context, node *databaseNode, store stationStore) error {
	waiting, err := node.db.Unsynced(ctx, 10)
	if err != nil {
		return err
	}
	receipts, err := store.Receive(ctx, waiting, false)
	for i, receipt := range receipts {
		id := waiting[i].Entry.Fingerprint()
		switch {
		case err != nil:
		case receipt.Refused != nil:
			err = node.db.Park(ctx, model.KindEntry, id, receipt.Refused.Error())
		case receipt.Merged != nil:
			_, err = node.db.Absorb(ctx, []model.Record{*receipt.Merged}, true)
		default:
			err = node.db.MarkSynced(ctx, []model.Ack{{Fingerprint: id, Content: receipt.Content}})
		}
	}
	return err
}
