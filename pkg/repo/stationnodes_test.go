package repo_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
)

// speaker is one engine of a station with its engine-api, whose clock is apart from
// that of the other.
type speaker struct {
	*history
	number int
	apart  time.Duration
	node   *repo.Node
	// versions are the records and healths of the node, as they were at some time.
	versions []any
}

// TestStation_TwoNodes: two engines tell their engine-apis what they play, and tell
// it again and otherwise. The sync node gets each version of each record from both, in
// any order and any batches, some twice, and activations meanwhile. Its on-air log is
// what the oracle derives from what the engine-apis store in the end.
func TestStation_TwoNodes(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			var dbs []*repo.Node
			var raws []*sql.DB
			for range 3 {
				url := repotest.MigratedURL(t, kind)
				db := repotest.OpenURL(t, url)
				if kind == repotest.KindSQLite { // other tests show durability
					if err := db.ExecRaw(t.Context(), "PRAGMA synchronous = OFF"); err != nil {
						t.Fatal(err)
					}
				}
				dbs, raws = append(dbs, db), append(raws, rawSQL(t, kind, url))
			}
			rapid.Check(t, func(rt *rapid.T) {
				h := &history{sources: 2, dbs: dbs[2:], raw: raws[2], rules: anyRules(rt)}
				h.defaultSource = h.anySource(rt)
				var engines []*speaker
				for i := range 2 {
					emptyNode(t, raws[i])
					engines = append(engines, &speaker{
						history: &history{sources: 1, raw: raws[i]}, number: i + 1, node: dbs[i],
						apart: time.Duration(rapid.IntRange(-90, 90).Draw(rt, "seconds apart")) * time.Second,
					})
				}
				empty(t, raws[2])
				storeRules(t, raws[2], h.rules)
				for range rapid.IntRange(1, 14).Draw(rt, "steps") {
					e := rapid.SampledFrom(engines).Draw(rt, "engine")
					e.say(t.Context(), rt)
					e.note(t.Context(), rt)
				}
				h.hear(t.Context(), rt, engines)
			})
		})
	}
}

// say tells the engine-api one thing.
func (e *speaker) say(ctx context.Context, t *rapid.T) {
	kinds := []string{"play", "play", "play", "health"}
	if len(e.records) > 0 {
		kinds = append(kinds, "again", "correct")
	}
	var err error
	kind := rapid.SampledFrom(kinds).Draw(t, "says")
	switch kind {
	case "play":
		err = e.play(ctx, e.anyEntry(t))
	case "again":
		again := rapid.SampledFrom(e.records).Draw(t, "known").Entry
		again.ReceivedAt, again.Duration = anyMinute(t), anyDuration(t)
		err = e.play(ctx, again)
	case "correct":
		known := rapid.SampledFrom(e.records).Draw(t, "corrected").Entry
		id := known.Fingerprint()
		c := anyCorrection(t)
		c.Entry = id
		_, err = e.node.Correct(ctx, e.numbers(t)[id], func(model.Entry, []model.Correction) (model.Correction, error) { return c, nil })
	case "health":
		s := e.anyHealth(t)
		s.Source, s.ReceivedAt = e.number, s.ReceivedAt.Add(e.apart)
		if !s.Last.ReceivedAt.IsZero() {
			s.Last.ReceivedAt = s.Last.ReceivedAt.Add(e.apart)
		}
		err = e.node.AbsorbHealths(ctx, []model.Health{s}, false)
	}
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
}

func (e *speaker) play(ctx context.Context, said model.Entry) error {
	said.LogSource = e.number
	if !said.ReceivedAt.IsZero() {
		said.ReceivedAt = said.ReceivedAt.Add(e.apart)
	}
	r := model.Record{Entry: said}
	r.Normalize()
	return e.node.StoreEntry(ctx, r.Entry)
}

// note notes what the engine-api stores, and would send to the sync node now.
func (e *speaker) note(ctx context.Context, t *rapid.T) {
	q := model.RecordQuery{Source: e.number}
	records, _, err := e.node.Records(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	healths, _, err := e.node.HealthRecords(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		records[i].Normalize()
		e.versions = append(e.versions, records[i])
	}
	for _, s := range healths {
		e.versions = append(e.versions, s)
	}
	e.records, e.healths = records, healths
}

// hear delivers all versions to the sync node, and compares its log with the oracle.
func (h *history) hear(ctx context.Context, t *rapid.T, engines []*speaker) {
	s := h.start(t, h.dbs[0])
	versions := slices.Concat(engines[0].versions, engines[1].versions)
	versions = rapid.Permutation(append(versions, versions[:rapid.IntRange(0, len(versions)).Draw(t, "twice")]...)).Draw(t, "order")
	for len(versions) > 0 {
		n := rapid.IntRange(1, len(versions)).Draw(t, "batch")
		var records []model.Record
		var healths []model.Health
		for _, v := range versions[:n] {
			switch v := v.(type) {
			case model.Record:
				records = append(records, v)
			case model.Health:
				healths = append(healths, v)
			}
		}
		versions = versions[n:]
		if err := h.absorb(ctx, s, records); err != nil {
			t.Fatal(err)
		}
		if err := s.AbsorbHealths(ctx, healths, true); err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "activate") {
			d, err := s.Activate(ctx, asked(model.Activation{Source: h.anySource(t), From: anyMinute(t), RecordedAt: noon, By: "carol", Reason: "test"}), source.Admit)
			if err != nil {
				t.Fatal(err)
			}
			if !d.Stored {
				h.activations = append(h.activations, d.Activation)
			}
		}
	}
	numbers := h.numbers(t)
	said := onairtest.Station{Rules: h.rules, Activations: h.activations, DefaultSource: h.defaultSource}
	for _, e := range engines {
		said.Healths = append(said.Healths, e.healths...)
		for _, r := range e.records {
			r.Entry.ID = numbers[r.Entry.Fingerprint()]
			said.Entries = append(said.Entries, r.Entry)
		}
	}
	if got, want := airLog(t, h.raw), said.Log(); !slices.Equal(got, want) {
		t.Fatalf("the log is\n%s, want\n%s", onairtest.Text(got), onairtest.Text(want))
	}
	compareHearings(ctx, t, s, said, slices.Concat(said.Source(1), said.Source(2)))
}
