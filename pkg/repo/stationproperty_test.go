package repo_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
)

// history is a random history of a station: two processes over one database,
// and what they must have stored by the rules of the model alone.
type history struct {
	sources       int // the sources that log something; one more source never does
	defaultSource int
	processes     []*repo.Station
	dbs           []*repo.Node
	raw           *sql.DB
	records       []model.Record
	healths       []model.Health
	activations   []model.Activation
	rules         []model.HeardRule
	sequence      int64
}

// TestStation_Oracle: after every step of a random history, the materialized
// on-air log is what the oracle derives from all that is stored. Records and
// activations arrive in any order and form.
//
// `make test` tries it on 12 histories with the race detector and, on SQLite,
// on 500 without. `make soak` tries it on a million. Package onair's own
// property, of the same derivation without a database, is tried as often.
func TestStation_Oracle(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, kind)
			dbs := []*repo.Node{repotest.OpenURL(t, url), repotest.OpenURL(t, url)}
			if kind == repotest.KindSQLite { // other tests show durability, and this is five times as fast
				for _, db := range dbs {
					if err := db.ExecRaw(t.Context(), "PRAGMA synchronous = OFF"); err != nil {
						t.Fatal(err)
					}
				}
			}
			raw := rawSQL(t, kind, url)
			rapid.Check(t, func(rt *rapid.T) {
				h := &history{sources: rapid.IntRange(1, 3).Draw(rt, "sources"), dbs: dbs, raw: raw}
				empty(t, raw)
				h.defaultSource = h.anySource(rt)
				h.rules = anyRules(rt)
				storeRules(t, raw, h.rules)
				for _, db := range dbs {
					h.processes = append(h.processes, h.start(rt, db))
				}
				for range rapid.IntRange(1, 16).Draw(rt, "steps") {
					h.step(t.Context(), rt)
				}
				differing, err := h.process(rt).Verify(t.Context(), nil)
				if err != nil || differing != 0 {
					rt.Fatalf("Verify finds %d segments different, %v", differing, err)
				}
			})
		})
	}
}

// start begins a process, which reads in parts of a random size.
func (h *history) start(t *rapid.T, db *repo.Node) *repo.Station {
	s := db.Station(t, h.defaultSource)
	s.SetPage(rapid.SampledFrom([]int{2, 3, 5, 2000}).Draw(t, "page"))
	return s
}

func (h *history) process(t *rapid.T) *repo.Station {
	return rapid.SampledFrom(h.processes).Draw(t, "process")
}

// keep keeps the titles of the days that are over some days later.
func (h *history) keep(ctx context.Context, t *rapid.T, s *repo.Station) {
	if err := s.KeepPlayedAt(ctx, midnight.AddDate(0, 0, rapid.IntRange(1, 5).Draw(t, "days later"))); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.sequence, err = s.Sequence(ctx); err != nil { // it may take a transaction
		t.Fatal(err)
	}
}

// step makes one thing happen, sometimes twice, and compares.
func (h *history) step(ctx context.Context, t *rapid.T) {
	kinds := []string{"store", "store", "absorb", "absorb", "absorb", "activate", "activate", "remember", "log missed", "restart", "default", "tamper", "health", "health", "rule"}
	if len(h.records) > 0 {
		kinds = append(kinds, "correct", "correct", "lose", "purge")
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "step")
	s := h.process(t)
	if rapid.Bool().Draw(t, "keep") {
		h.keep(ctx, t, h.process(t))
	}
	changed := false
	var do func() error
	switch kind {
	case "store":
		r := model.Record{Entry: h.anyRecord(t).Entry}
		r.Normalize()
		changed = h.tell(r)
		do = func() error { return s.StoreEntry(ctx, r.Entry) }
	case "absorb":
		var batch []model.Record
		for range rapid.IntRange(1, 6).Draw(t, "records") {
			r := h.anyRecord(t)
			batch = append(batch, r)
			if h.merge(r) {
				changed = true
			}
		}
		do = func() error { return h.absorb(ctx, s, batch) }
	case "correct":
		i := rapid.IntRange(0, len(h.records)-1).Draw(t, "which")
		id := h.records[i].Entry.Fingerprint()
		c := anyCorrection(t)
		c.Entry = id
		changed = h.merge(model.Record{Entry: h.records[i].Entry, Corrections: []model.Correction{c}})
		number := h.numbers(t)[id]
		do = func() error {
			_, err := s.Correct(ctx, number, func(model.Entry, []model.Correction) (model.Correction, error) { return c, nil })
			return err
		}
	case "log missed":
		e, c := h.anyEntry(t), model.Correction{Kind: model.CorrectionLog, At: noon, By: "bob", Reason: "missed"}
		e.Manual, e.ReceivedAt = true, time.Time{} // what a person logs never arrived
		r := model.Record{Entry: e, Corrections: []model.Correction{c}}
		r.Normalize()
		id := r.Entry.Fingerprint()
		if slices.ContainsFunc(h.records, func(known model.Record) bool {
			return known.Entry.Fingerprint() == id && c.Room(len(known.Corrections)) != nil
		}) {
			break // it would be refused
		}
		changed = h.merge(r)
		do = func() error { _, _, err := s.LogMissed(ctx, e, c); return err }
	case "activate":
		a := model.Activation{Source: h.anySource(t), From: anyMinute(t), RecordedAt: noon, By: "carol", Reason: "test"}
		d, err := s.Activate(ctx, asked(a), source.Admit)
		if err != nil {
			t.Fatal(err)
		}
		if !d.Stored {
			h.activations = append(h.activations, d.Activation)
			changed = true
		}
	case "remember": // an activation that the sync node has lost
		a := model.Activation{Epoch: int64(rapid.IntRange(1, 12).Draw(t, "epoch")), Source: h.anySource(t), From: anyMinute(t), RecordedAt: anyMinute(t)}
		changed = h.remember(a)
		do = func() error {
			_, err := s.RememberActivations(ctx, []model.Activation{a})
			return err
		}
	case "lose": // what a cluster had acknowledged; then it comes again
		r := rapid.SampledFrom(h.records).Draw(t, "lost")
		id := r.Entry.Fingerprint()
		for _, statement := range []string{"DELETE FROM playlog WHERE fingerprint = ?", "DELETE FROM correction WHERE entry = ?"} {
			if _, err := h.raw.ExecContext(ctx, statement, id[:]); err != nil {
				t.Fatal(err)
			}
		}
		changed = true
		do = func() error { return h.absorb(ctx, s, []model.Record{r}) }
	case "purge":
		h.purge(ctx, t, s)
		var err error
		if h.sequence, err = s.Sequence(ctx); err != nil { // it takes more than one transaction
			t.Fatal(err)
		}
	case "health":
		state := h.anyHealth(t)
		changed = h.mergeHealth(state)
		do = func() error { return s.AbsorbHealths(ctx, []model.Health{state}, true) }
	case "rule":
		h.setRule(ctx, t, s)
	case "tamper":
		changed = h.tamper(ctx, t, s)
	case "restart":
		i := slices.Index(h.processes, s)
		h.processes[i] = h.start(t, h.dbs[i])
	case "default":
		h.changeDefault(ctx, t)
		return
	}
	if do != nil {
		if err := do(); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	h.compare(ctx, t, kind, changed)
	if do != nil && rapid.Bool().Draw(t, "twice") {
		if err := do(); err != nil {
			t.Fatalf("%s again: %v", kind, err)
		}
		h.compare(ctx, t, kind+" again", false)
	}
}

// absorb stores a batch.
func (h *history) absorb(ctx context.Context, s *repo.Station, batch []model.Record) error {
	_, err := s.Absorb(ctx, batch, true)
	return err
}

// tamper changes the log behind the station's back and has it rebuilt.
func (h *history) tamper(ctx context.Context, t *rapid.T, s *repo.Station) (changed bool) {
	log := airLog(t, h.raw)
	if len(log) == 0 {
		return false
	}
	victim := rapid.SampledFrom(log).Draw(t, "segment")
	text := func(at time.Time) string { return at.Format("2006-01-02 15:04:05.000000") }
	how := rapid.SampledFrom([]string{
		"DELETE FROM onair WHERE from_at = ?",
		"UPDATE onair SET until_at = '" + text(onairtest.At(39)) + "' WHERE from_at = ?",
		"UPDATE onair SET entry_id = -1 WHERE from_at = ?",
		"UPDATE onair SET from_at = '" + text(onairtest.At(-60)) + "' WHERE from_at = ?",
		"UPDATE onair_day SET segments = segments + 1 WHERE day = SUBSTR(?, 1, 10)",
		"DELETE FROM onair_day WHERE day = SUBSTR(?, 1, 10)",
		"UPDATE onair SET title_id = 1 WHERE from_at = ?",
		"REPLACE INTO onair_day (day, segments) SELECT CONCAT(SUBSTR(?, 1, 2), '00-01-01'), 1",
	}).Draw(t, "tampering")
	if _, err := h.raw.ExecContext(ctx, how, text(victim.From)); err != nil {
		t.Fatal(err)
	}
	for _, examine := range []func(context.Context) (int, error){
		func(ctx context.Context) (int, error) { return s.Verify(ctx, nil) },
		func(ctx context.Context) (int, error) { return s.Rebuild(ctx, nil) },
	} {
		if differing, err := examine(ctx); err != nil || differing == 0 {
			t.Fatalf("after %q of %v: %d differ, %v", how, victim.From, differing, err)
		}
	}
	if differing, err := s.Verify(ctx, nil); err != nil || differing != 0 {
		t.Fatalf("after Rebuild: %d differ, %v", differing, err)
	}
	var err error
	if h.sequence, err = s.Sequence(ctx); err != nil { // Rebuild takes more than one transaction
		t.Fatal(err)
	}
	return false
}

// setRule lets another rule count from some minute on.
func (h *history) setRule(ctx context.Context, t *rapid.T, s *repo.Station) {
	r := anyRule(t)
	if len(h.rules) == 0 { // what counts without any
		h.rules = []model.HeardRule{model.DefaultHeardRule()}
	}
	if _, err := s.SetRule(ctx, r, nil); err != nil {
		t.Fatal(err)
	}
	h.rules = append(slices.DeleteFunc(h.rules, func(known model.HeardRule) bool { return !known.From.Before(r.From) }), r)
	var err error
	if h.sequence, err = s.Sequence(ctx); err != nil { // it takes more than one transaction
		t.Fatal(err)
	}
}

// changeDefault restarts all processes with another default source.
func (h *history) changeDefault(ctx context.Context, t *rapid.T) {
	h.defaultSource = h.anySource(t)
	for i, db := range h.dbs {
		h.processes[i] = h.start(t, db)
		if err := h.processes[i].Prepare(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if h.sequence, err = h.processes[0].Sequence(ctx); err != nil { // how far the sequence grew does not matter
		t.Fatal(err)
	}
	h.compare(ctx, t, "default", false)
}

// compare fails if the log is not what the oracle says, or if the sequence did
// not grow with the changes.
func (h *history) compare(ctx context.Context, t *rapid.T, step string, changed bool) {
	t.Helper()
	if changed {
		h.sequence++
	}
	if n, err := h.process(t).Sequence(ctx); err != nil || n != h.sequence {
		t.Fatalf("after %s the sequence is %d, want %d, %v", step, n, h.sequence, err)
	}
	numbers := h.numbers(t)
	if len(numbers) != len(h.records) {
		t.Fatalf("after %s %d entries are stored, want %d", step, len(numbers), len(h.records))
	}
	station := onairtest.Station{Rules: h.rules, Healths: h.healths, Activations: h.activations, DefaultSource: h.defaultSource}
	var records []onair.Record
	for _, r := range h.records {
		e := r.Entry
		e.ID = numbers[e.Fingerprint()]
		station.Entries = append(station.Entries, e)
		if !e.Overlay.Void {
			records = append(records, onair.NewRecord(e))
		}
	}
	want := station.Log()
	if len(h.rules) == 1 && h.rules[0].Version == model.RuleAsSaid {
		want = onairtest.Oracle(records, h.activations, h.defaultSource)
	}
	if got := airLog(t, h.raw); !slices.Equal(got, want) {
		t.Fatalf("after %s the log is\n%s, want\n%s", step, onairtest.Text(got), onairtest.Text(want))
	}
	h.count(ctx, t, step, want)
	wantDictionary(t, h.raw, "onair")
}

// count fails if a count of the log is too high or too low, as a whole or
// between two moments.
func (h *history) count(ctx context.Context, t *rapid.T, step string, log []onair.Segment) {
	t.Helper()
	moment := func(label string) time.Time {
		return rapid.SampledFrom([]time.Time{{}, anyMinute(t), midnight, midnight.Add(-time.Microsecond), midnight.AddDate(0, 0, -1), midnight.AddDate(0, 0, 1)}).Draw(t, label)
	}
	within := model.EntryQuery{From: moment("from"), To: moment("to")}
	for _, q := range []model.EntryQuery{{}, within} {
		var want int64
		for _, s := range log {
			if !s.From.Before(q.From) && (q.To.IsZero() || !s.From.After(q.To)) {
				want++
			}
		}
		if n, err := h.process(t).OnAir().CountEntries(ctx, q); err != nil || n != want {
			t.Fatalf("after %s %d segments are counted from %v to %v, want %d, %v", step, n, q.From, q.To, want, err)
		}
	}
	within.Oldest = rapid.Bool().Draw(t, "oldest")
	wantPlace(t, h.process(t).OnAir(), within, rapid.IntRange(0, len(log)+1).Draw(t, "offset"))
}
