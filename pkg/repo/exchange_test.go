package repo_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// world is a node, the sync node, and the records that both must end up with.
type world struct {
	ctx        context.Context
	node, sync *repo.Node
	source     int
	mu         sync.Mutex
	want       map[model.Fingerprint]model.Record
}

// failer is a test or a run of rapid.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func (w *world) must(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// remember notes that a database accepted the record.
func (w *world) remember(r model.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := r.Entry.Fingerprint()
	if known, ok := w.want[id]; ok {
		r = model.MergeRecords(known, r)
	}
	w.want[id] = r
}

// push does what a node does with its outbox. stale is called between sending
// and the answer. If lost, the answer never arrives.
func (w *world) push(t failer, limit int, stale func(), lost bool) (sent int) {
	t.Helper()
	records, err := w.node.Unsynced(w.ctx, limit)
	w.must(t, err)
	answers, err := w.sync.Absorb(w.ctx, records, true)
	w.must(t, err)
	stale()
	if lost {
		return len(records)
	}
	var acks []model.Ack
	var merged []model.Record
	for i, a := range answers {
		if a.Merged != nil {
			merged = append(merged, *a.Merged)
		} else {
			acks = append(acks, model.Ack{Fingerprint: records[i].Entry.Fingerprint(), Content: records[i].Content()})
		}
	}
	_, err = w.node.Absorb(w.ctx, merged, true)
	w.must(t, err)
	w.must(t, w.node.MarkSynced(w.ctx, acks))
	return len(records)
}

// reconcile does what the sync node does: in the buckets that differ, both
// sides get what the other side has.
func (w *world) reconcile(t failer) {
	t.Helper()
	q := model.DigestQuery{Kind: model.KindEntry, Source: w.source, Span: model.SpanHour}
	of := func(db *repo.Node) map[time.Time]model.Digest {
		digests, err := db.Digests(w.ctx, q)
		w.must(t, err)
		buckets := map[time.Time]model.Digest{}
		for _, d := range digests {
			buckets[d.From] = d
		}
		return buckets
	}
	here, there := of(w.sync), of(w.node)
	var differing []time.Time
	for from, d := range here {
		if there[from] != d {
			differing = append(differing, from)
		}
	}
	for from := range there {
		if _, ok := here[from]; !ok {
			differing = append(differing, from)
		}
	}
	for _, from := range differing {
		q := model.RecordQuery{Source: w.source, From: from, To: from.Add(time.Hour)}
		records, _, err := w.node.Records(w.ctx, q)
		w.must(t, err)
		_, err = w.sync.Absorb(w.ctx, records, true)
		w.must(t, err)
		records, _, err = w.sync.Records(w.ctx, q)
		w.must(t, err)
		_, err = w.node.Absorb(w.ctx, records, true)
		w.must(t, err)
	}
}

// settle pushes until nothing waits, and reconciles.
func (w *world) settle(t failer) {
	t.Helper()
	for round := 0; w.push(t, 3, func() {}, false) > 0; round++ {
		if round > 100 {
			t.Fatal("the outbox does not become empty")
		}
	}
	w.reconcile(t)
	w.reconcile(t) // an entry that a node had amended appears in another bucket
}

// check compares both databases with the expected records.
func (w *world) check(t failer) {
	t.Helper()
	outbox, err := w.node.Outbox(w.ctx)
	if err != nil || outbox != (model.Outbox{}) {
		t.Fatalf("outbox %+v, %v", outbox, err)
	}
	want := []model.Record{}
	for _, r := range w.want {
		want = append(want, comparable(r))
	}
	sortRecords(want)
	for name, db := range map[string]*repo.Node{"node": w.node, "sync node": w.sync} {
		// First, because Records computes contents that are unknown.
		for _, span := range spans {
			q := model.DigestQuery{Kind: model.KindEntry, Source: w.source, Span: span}
			got, err := db.Digests(w.ctx, q)
			if wantDigests := digestsOf(want, q); err != nil || !slices.Equal(got, wantDigests) {
				t.Fatalf("%s by %s: digests\n%v, %v, want\n%v", name, span, got, err, wantDigests)
			}
		}
		got, _, err := db.Records(w.ctx, model.RecordQuery{Source: w.source})
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i] = comparable(got[i])
		}
		sortRecords(got)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s has\n%+v, want\n%+v", name, got, want)
		}
	}
}

// comparable is a record without the values that belong to one database.
func comparable(r model.Record) model.Record {
	r.Entry.ID, r.Entry.Synced = 0, false
	r.Corrections = slices.Clone(r.Corrections)
	for i := range r.Corrections {
		c := &r.Corrections[i]
		c.ID, c.Synced, c.Before = 0, false, model.Changes{}
	}
	slices.SortFunc(r.Corrections, func(a, b model.Correction) int {
		ua, ub := a.UID(), b.UID()
		return slices.Compare(ua[:], ub[:])
	})
	if len(r.Corrections) == 0 {
		r.Corrections = nil
	}
	r.Entry.Overlay = model.Fold(r.Corrections)
	return r
}

func sortRecords(records []model.Record) {
	slices.SortFunc(records, func(a, b model.Record) int {
		return cmp.Compare(a.Entry.Fingerprint().String(), b.Entry.Fingerprint().String())
	})
}

// drawRecord draws one of a few records, with some of its details and at most
// one correction.
func (w *world) drawRecord(rt *rapid.T) model.Record {
	e := model.Entry{
		LogSource:  w.source,
		TrackStart: noon.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt, "start")) * 30 * time.Minute),
		Title:      rapid.SampledFrom([]string{"a", "A"}).Draw(rt, "title"),
		Duration:   time.Duration(rapid.IntRange(0, 2).Draw(rt, "duration")) * time.Millisecond,
		ShowID:     rapid.Int64Range(0, 1).Draw(rt, "show"),
		ShowName:   rapid.SampledFrom([]string{"", "a", "á", "a "}).Draw(rt, "showName"),
		Manual:     rapid.Bool().Draw(rt, "manual"),
	}
	r := model.Record{Entry: e}
	if rapid.Bool().Draw(rt, "corrected") {
		c := w.drawCorrection(rt)
		c.Entry = e.Fingerprint()
		r.Corrections = []model.Correction{c}
	}
	r.Normalize()
	return r
}

func (w *world) drawCorrection(rt *rapid.T) model.Correction {
	c := model.Correction{
		Kind:   rapid.SampledFrom([]string{model.CorrectionAmend, model.CorrectionVoid, model.CorrectionRestore, model.CorrectionLog}).Draw(rt, "kind"),
		At:     noon.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt, "at")) * time.Minute),
		By:     rapid.SampledFrom([]string{"alice", "bob"}).Draw(rt, "by"),
		Reason: "test",
	}
	if c.Kind == model.CorrectionAmend {
		if rapid.Bool().Draw(rt, "moves") {
			c.Changes.TrackStart = new(noon.Add(time.Duration(rapid.IntRange(-2, 2).Draw(rt, "moved")) * time.Hour))
		} else {
			c.Changes.Title = new(rapid.SampledFrom([]string{"", "b"}).Draw(rt, "newTitle"))
		}
	}
	return c
}

// step makes one change to one of the two databases.
func (w *world) step(rt *rapid.T) {
	db := w.node
	if rapid.Bool().Draw(rt, "atSyncNode") {
		db = w.sync
	}
	switch rapid.SampledFrom([]string{"store", "store", "absorb", "correct", "log"}).Draw(rt, "step") {
	case "store":
		r := w.drawRecord(rt)
		w.must(rt, db.StoreEntry(w.ctx, model.Entry{
			LogSource: r.Entry.LogSource, TrackStart: r.Entry.TrackStart, Title: r.Entry.Title, Duration: r.Entry.Duration,
			ShowID: r.Entry.ShowID, ShowName: r.Entry.ShowName, Manual: r.Entry.Manual,
		}))
		r.Corrections = nil
		w.remember(r)
	case "absorb":
		records := rapid.SliceOfN(rapid.Custom(w.drawRecord), 1, 4).Draw(rt, "records")
		answers, err := db.Absorb(w.ctx, records, false)
		w.must(rt, err)
		for i, r := range records {
			w.remember(r)
			if a := answers[i]; a.Merged == nil && a.Content != r.Content() || a.Merged != nil && a.Content != a.Merged.Content() {
				rt.Fatalf("absorbed %+v: %+v", r, a)
			}
		}
	case "correct":
		entries, err := db.Entries(w.ctx, model.EntryQuery{From: noon.Add(-24 * time.Hour), To: noon.Add(24 * time.Hour)})
		w.must(rt, err)
		for _, e := range entries {
			if e.LogSource == w.source {
				c := w.drawCorrection(rt)
				c, err := db.Correct(w.ctx, e.ID, func(model.Entry, []model.Correction) (model.Correction, error) { return c, nil })
				w.must(rt, err)
				w.remember(model.Record{Entry: e, Corrections: []model.Correction{c}})
				return
			}
		}
	case "log":
		r := w.drawRecord(rt)
		_, c, err := db.LogMissed(w.ctx, r.Entry, model.Correction{Kind: model.CorrectionLog, At: noon, By: "carol", Reason: "missed"})
		w.must(rt, err)
		r.Entry.Manual, r.Corrections = true, []model.Correction{c}
		w.remember(r)
	}
}

// TestExchange: a node and the sync node change in any way and in any order,
// answers get lost, and records are sent twice. In the end both are equal, and
// nothing waits any more.
func TestExchange(t *testing.T) {
	t.Parallel()
	repotest.Each(t, func(t *testing.T, open func(testing.TB) *repo.Node) {
		t.Parallel()
		node, sync := open(t), open(t)
		var run atomic.Int64
		rapid.Check(t, func(rt *rapid.T) {
			w := &world{ctx: t.Context(), node: node, sync: sync, source: int(run.Add(1)), want: map[model.Fingerprint]model.Record{}}
			for range rapid.IntRange(1, 8).Draw(rt, "steps") {
				switch rapid.SampledFrom([]string{"step", "step", "push", "reconcile"}).Draw(rt, "what") {
				case "step":
					w.step(rt)
				case "push":
					meanwhile := func() {}
					if rapid.Bool().Draw(rt, "meanwhile") {
						meanwhile = func() { w.step(rt) }
					}
					w.push(rt, rapid.IntRange(1, 5).Draw(rt, "limit"), meanwhile, rapid.Bool().Draw(rt, "lost"))
				case "reconcile":
					w.reconcile(rt)
				}
			}
			w.settle(rt)
			w.check(rt)
		})
	})
}

// TestExchange_concurrent is TestExchange with everything at once.
func TestExchange_concurrent(t *testing.T) {
	t.Parallel()
	repotest.Each(t, func(t *testing.T, open func(testing.TB) *repo.Node) {
		t.Parallel()
		w := &world{ctx: t.Context(), node: open(t), sync: open(t), source: 1, want: map[model.Fingerprint]model.Record{}}
		random := seeded(t)
		var writers, pushers sync.WaitGroup
		for range 4 {
			r := random()
			writers.Go(func() {
				for range 25 {
					w.write(t, r)
				}
			})
		}
		done := make(chan struct{})
		for range 2 {
			pushers.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						w.push(t, 5, func() {}, false)
					}
				}
			})
		}
		pushers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					w.reconcile(t)
				}
			}
		})
		writers.Wait()
		close(done)
		pushers.Wait()
		if t.Failed() {
			return
		}
		w.settle(t)
		w.check(t)
	})
}

// write stores something in one of the databases.
func (w *world) write(t *testing.T, r *rand.Rand) {
	db := w.node
	if r.IntN(2) == 0 {
		db = w.sync
	}
	var records []model.Record
	for range 1 + r.IntN(3) {
		e := entry(r.IntN(20), "a")
		e.Duration, e.ShowID = time.Duration(r.IntN(4))*time.Second, int64(r.IntN(4))
		record := model.Record{Entry: e}
		if r.IntN(4) == 0 {
			record.Corrections = []model.Correction{amend(r.IntN(10), "b")}
		}
		record.Normalize()
		records = append(records, record)
	}
	var err error
	switch r.IntN(3) {
	case 0:
		records = records[:1]
		records[0].Corrections, records[0].Entry.Overlay = nil, model.Overlay{}
		err = db.StoreEntry(w.ctx, records[0].Entry)
	case 1:
		_, err = db.Absorb(w.ctx, records, false)
	case 2:
		records = records[:1]
		c := amend(r.IntN(4), "c") // few enough that none is refused
		_, c, err = db.LogMissed(w.ctx, records[0].Entry, c)
		records[0].Entry.Manual, records[0].Corrections = true, []model.Correction{c}
	}
	if err != nil {
		t.Error(err)
	}
	for _, record := range records {
		w.remember(record)
	}
}

// TestDB_MarkSynced: a record that changed after it was sent, or after it was
// synced, is unsynced.
func TestDB_MarkSynced(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		for name, change := range map[string]func(e model.Entry, n int){
			"Merged": func(e model.Entry, n int) {
				e.ShowID = int64(n)
				store(t, db, e)
			},
			"Absorbed": func(e model.Entry, n int) {
				e.ShowID = int64(n)
				absorb(t, db, false, recordOf(e))
			},
			"Corrected": func(e model.Entry, n int) {
				correct(t, db, find(t, db, model.EntryQuery{Limit: 1})[0].ID, amend(n, "b"))
			},
			"Logged": func(e model.Entry, n int) {
				c := amend(n, "c")
				c.Reason = fmt.Sprint(n) // with the same reason it would be the same correction
				if _, _, err := db.LogMissed(t.Context(), e, c); err != nil {
					t.Fatal(err)
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				e := entry(0, name)
				store(t, db, e)
				sent := unsynced(t, db)
				if len(sent) != 1 || sent[0].Entry.Fingerprint() != e.Fingerprint() {
					t.Fatalf("unsynced are %+v", sent)
				}
				change(e, 1)
				markSynced(t, db, sent)
				if n := len(unsynced(t, db)); n != 1 {
					t.Errorf("%d wait after an outdated answer", n)
				}
				markSynced(t, db, unsynced(t, db))
				if n := len(unsynced(t, db)); n != 0 {
					t.Errorf("%d wait after the answer", n)
				}
				change(e, 2)
				if n := len(unsynced(t, db)); n != 1 {
					t.Errorf("%d wait after another change", n)
				}
				markSynced(t, db, unsynced(t, db))
			})
		}
	})
}

// TestDB_MarkSynced_baseOnly: a sync node of the first edition acknowledges what it
// knows of a record. One of this edition acknowledges all or nothing.
func TestDB_MarkSynced_baseOnly(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		e := entry(0, "a")
		e.MediaID = 7
		store(t, db, e)
		r := recordOf(e)
		content := r.Content()
		for _, c := range []struct {
			content  model.Content
			baseOnly bool
			waits    int
		}{
			{model.Content{Base: content.Supplement}, true, 1},
			{model.Content{Base: content.Base}, false, 1},
			{model.Content{Base: content.Base, Supplement: content.Base}, false, 1},
			{model.Content{Base: content.Base}, true, 0},
		} {
			ack := model.Ack{Fingerprint: e.Fingerprint(), Content: c.content, BaseOnly: c.baseOnly}
			if err := db.MarkSynced(t.Context(), []model.Ack{ack}); err != nil {
				t.Fatal(err)
			}
			if n := len(unsynced(t, db)); n != c.waits {
				t.Errorf("%+v: %d wait, want %d", ack, n, c.waits)
			}
		}
	})
}

// TestDB_MarkSynced_many: of many records, exactly the acknowledged ones become
// synced and are no longer parked. This holds whether or not their numbers are
// known or near one another.
func TestDB_MarkSynced_many(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		const n = 60
		for name, which := range map[string]func(i int) bool{
			"All":   func(int) bool { return true },
			"Most":  func(i int) bool { return i%7 != 3 },
			"Apart": func(i int) bool { return i < 15 || i > 44 },
			"Few":   func(i int) bool { return i%30 == 1 },
		} {
			for _, known := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%t", name, known), func(t *testing.T) {
					var records []model.Record
					for i := range n {
						records = append(records, recordOf(entry(i, t.Name())))
					}
					absorb(t, db, false, records...)
					var acks []model.Ack
					var left []model.Record
					for i, r := range unsynced(t, db) {
						if i%10 == 1 {
							if err := db.Park(t.Context(), model.KindEntry, r.Entry.Fingerprint(), "no"); err != nil {
								t.Fatal(err)
							}
						}
						if !which(i) {
							left = append(left, r)
							continue
						}
						ack := acksOf([]model.Record{r})[0]
						if !known {
							ack.ID = 0
						}
						acks = append(acks, ack)
					}
					if err := db.MarkSynced(t.Context(), acks); err != nil {
						t.Fatal(err)
					}
					if _, err := db.Unpark(t.Context(), fingerprints(left)...); err != nil {
						t.Fatal(err)
					}
					if o, err := db.Outbox(t.Context()); err != nil || o.Parked != 0 || o.Entries != int64(len(left)) {
						t.Errorf("outbox %+v, %v, want %d entries", o, err, len(left))
					}
					if got, want := fingerprints(unsynced(t, db)), fingerprints(left); !slices.Equal(got, want) {
						t.Errorf("%d wait, want %d", len(got), len(want))
					}
					markSynced(t, db, left)
				})
			}
		}
	})
}

func fingerprints(records []model.Record) []model.Fingerprint {
	ids := make([]model.Fingerprint, len(records))
	for i, r := range records {
		ids[i] = r.Entry.Fingerprint()
	}
	return ids
}

func unsynced(t *testing.T, db *repo.Node) []model.Record {
	t.Helper()
	records, err := db.Unsynced(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func acksOf(records []model.Record) []model.Ack {
	acks := make([]model.Ack, len(records))
	for i, r := range records {
		acks[i] = model.Ack{Fingerprint: r.Entry.Fingerprint(), Content: r.Content(), ID: r.Entry.ID}
	}
	return acks
}

func markSynced(t *testing.T, db *repo.Node, records []model.Record) {
	t.Helper()
	if err := db.MarkSynced(t.Context(), acksOf(records)); err != nil {
		t.Fatal(err)
	}
}
