package repo_test

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestHeard_Oracle: whenever it is read what was heard at a node, it is what the
// oracle derives from all that was said of each source. Two processes write, in any
// order; between two reads much may have been said. If it was too much, it is right
// as soon as the background has done its work.
func TestHeard_Oracle(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, kind)
			dbs := []*repo.Node{repotest.OpenURL(t, url), repotest.OpenURL(t, url)}
			for _, db := range dbs {
				if err := db.CountDays(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if kind == repotest.KindSQLite { // other tests show durability
				for _, db := range dbs {
					if err := db.ExecRaw(t.Context(), "PRAGMA synchronous = OFF"); err != nil {
						t.Fatal(err)
					}
				}
			}
			raw := rawSQL(t, kind, url)
			rapid.Check(t, func(rt *rapid.T) {
				emptyNode(t, raw)
				h := &history{sources: rapid.IntRange(1, 3).Draw(rt, "sources"), dbs: dbs, raw: raw, rules: anyRules(rt)}
				storeRules(t, raw, h.rules)
				for range rapid.IntRange(0, 2).Draw(rt, "said before anybody derived") {
					h.say(t.Context(), rt)
				}
				for _, db := range dbs {
					h.begin(t.Context(), rt, db)
				}
				for range rapid.IntRange(1, 12).Draw(rt, "steps") {
					h.say(t.Context(), rt)
					switch rapid.SampledFrom([]string{"", "read", "read", "begin"}).Draw(rt, "then") {
					case "read":
						h.compareHeard(t.Context(), rt)
					case "begin":
						h.begin(t.Context(), rt, h.node(rt))
					}
				}
				h.compareHeard(t.Context(), rt)
			})
		})
	}
}

// emptyNode deletes all that a node stores.
func emptyNode(t *testing.T, raw *sql.DB) {
	empty(t, raw)
	for _, table := range []string{"health", "heard_rule", "heard", "heard_day", "heard_title", "heard_played", "title_word", "heard_pending", "note"} {
		execSQL(t, raw, "DELETE FROM "+table)
	}
}

func (h *history) node(t *rapid.T) *repo.Node { return rapid.SampledFrom(h.dbs).Draw(t, "process") }

// begin lets a process derive, in parts of a random size.
func (h *history) begin(ctx context.Context, t *rapid.T, db *repo.Node) {
	db.SetHeard(rapid.SampledFrom([]int{2, 3, 5, 2000}).Draw(t, "page"), rapid.SampledFrom([]int{2, 3, 8, 2000, 2000}).Draw(t, "most"))
	if err := db.PrepareHeard(ctx); err != nil {
		t.Fatal(err)
	}
}

// say says one thing.
func (h *history) say(ctx context.Context, t *rapid.T) {
	kinds := []string{"store", "store", "absorb", "absorb", "log missed", "health", "health"}
	if len(h.records) > 0 {
		kinds = append(kinds, "correct", "correct", "purge")
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "step")
	db := h.node(t)
	var err error
	switch kind {
	case "store":
		r := model.Record{Entry: h.anyRecord(t).Entry}
		r.Normalize()
		h.tell(r)
		err = db.StoreEntry(ctx, r.Entry)
	case "absorb":
		var batch []model.Record
		for range rapid.IntRange(1, 6).Draw(t, "records") {
			r := h.anyRecord(t)
			batch = append(batch, r)
			h.merge(r)
		}
		_, err = db.Absorb(ctx, batch, rapid.Bool().Draw(t, "synced"))
	case "correct":
		i := rapid.IntRange(0, len(h.records)-1).Draw(t, "which")
		id := h.records[i].Entry.Fingerprint()
		c := anyCorrection(t)
		c.Entry = id
		h.merge(model.Record{Entry: h.records[i].Entry, Corrections: []model.Correction{c}})
		_, err = db.Correct(ctx, h.numbers(t)[id], func(model.Entry, []model.Correction) (model.Correction, error) { return c, nil })
	case "purge":
		h.purge(ctx, t, db)
	case "log missed":
		e, c := h.anyEntry(t), model.Correction{Kind: model.CorrectionLog, At: noon, By: "bob", Reason: "missed"}
		e.Manual = true
		r := model.Record{Entry: e, Corrections: []model.Correction{c}}
		r.Normalize()
		id := r.Entry.Fingerprint()
		if slices.ContainsFunc(h.records, func(known model.Record) bool {
			return known.Entry.Fingerprint() == id && c.Room(len(known.Corrections)) != nil
		}) {
			return // it would be refused
		}
		h.merge(r)
		_, _, err = db.LogMissed(ctx, e, c)
	case "health":
		s := h.anyHealth(t)
		h.mergeHealth(s)
		err = db.AbsorbHealths(ctx, []model.Health{s}, rapid.Bool().Draw(t, "synced"))
	}
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
}

// compareHeard reads, and fails if what was heard is not what the oracle says.
func (h *history) compareHeard(ctx context.Context, t *rapid.T) {
	t.Helper()
	db := h.node(t)
	plays := h.plays(ctx, t, db)
	n, err := db.Heard().CountEntries(ctx, model.EntryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	did, err := db.CatchUpHeard(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.IntRange(0, 2).Draw(t, "kept") == 0 {
		if err := h.node(t).KeepPlayedAt(ctx, midnight.AddDate(0, 0, rapid.IntRange(1, 5).Draw(t, "days later"))); err != nil {
			t.Fatal(err)
		}
	}
	if did { // it was too much for the read
		if n, err = db.Heard().CountEntries(ctx, model.EntryQuery{}); err != nil {
			t.Fatal(err)
		}
	}
	numbers := h.numbers(t)
	said := onairtest.Station{Rules: h.rules, Healths: h.healths}
	for _, r := range h.records {
		e := r.Entry
		e.ID = numbers[e.Fingerprint()]
		said.Entries = append(said.Entries, e)
	}
	total := 0
	var log []onair.Segment
	for source := 1; source <= h.sources; source++ {
		want := said.Source(source)
		total += len(want)
		log = append(log, want...)
		if got := heardLog(t, h.raw, source); !slices.Equal(got, want) {
			t.Fatalf("of source %d was heard\n%s, want\n%s", source, onairtest.Text(got), onairtest.Text(want))
		}
	}
	for _, p := range plays {
		p.compare(ctx, t, db.Heard())
	}
	compareHearings(ctx, t, db, said, log)
	wantDictionary(t, h.raw, "heard")
	if n != int64(total) {
		t.Fatalf("%d segments are counted, want %d", n, total)
	}
	q := model.EntryQuery{From: midnight.AddDate(0, 0, -1), To: midnight.AddDate(0, 0, 3)}
	if counted, err := db.CountEntries(ctx, q); err != nil || counted != h.visible(q) {
		t.Fatalf("%d entries are counted, want %d, %v", counted, h.visible(q), err)
	}
}

// play is what was said to play last and next at a moment; nil: nothing.
type play struct {
	at           time.Time
	latest, next *model.Entry
}

// plays asks what plays at moments of the history, and next to them, and at those
// from which a rule counts.
func (h *history) plays(ctx context.Context, t *rapid.T, db *repo.Node) (plays []play) {
	var moments []time.Time
	for _, r := range h.records {
		moments = append(moments, r.Entry.PlayedAt(), r.Entry.PlayedAt().Add(-time.Microsecond))
		if arrived := r.Entry.ReceivedAt; !arrived.IsZero() {
			moments = append(moments, arrived)
		}
	}
	for _, r := range h.rules {
		moments = append(moments, r.From, r.From.Add(-time.Microsecond))
	}
	for range min(4, len(moments)) {
		p := play{at: rapid.SampledFrom(moments).Draw(t, "moment")}
		var err error
		if p.latest, p.next, err = db.Playing().LatestAndNext(ctx, p.at); err != nil {
			t.Fatal(err)
		}
		if latest, err := model.Found(db.Playing().LatestEntry(ctx, p.at)); err != nil || !reflect.DeepEqual(latest, p.latest) {
			t.Fatalf("at %s the latest alone was %+v, %v, want %+v", p.at, latest, err, p.latest)
		}
		plays = append(plays, p)
	}
	return plays
}

// compare fails if the derived log says something else.
func (p play) compare(ctx context.Context, t *rapid.T, log *repo.OnAirLog) {
	t.Helper()
	latest, next, err := log.LatestAndNext(ctx, p.at)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		got, want *model.Entry
	}{{"latest", p.latest, latest}, {"next", p.next, next}} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Fatalf("at %s the %s was %s, want %s", p.at, c.name, shownEntry(c.got), shownEntry(c.want))
		}
	}
}

func shownEntry(e *model.Entry) string {
	if e == nil {
		return "nothing"
	}
	return fmt.Sprintf("%+v, %+v", *e, *e.Air)
}

// visible is how many entries were played then and are not void.
func (h *history) visible(q model.EntryQuery) (n int64) {
	for _, r := range h.records {
		if at := r.Entry.PlayedAt(); !r.Entry.Overlay.Void && !at.Before(q.From) && !at.After(q.To) {
			n++
		}
	}
	return n
}

// heardLog reads what was derived of a source.
func heardLog(t interface{ Fatal(...any) }, raw *sql.DB, source int) []onair.Segment {
	log := segments(t, raw, "heard")
	return slices.DeleteFunc(log, func(s onair.Segment) bool { return s.Source != source })
}
