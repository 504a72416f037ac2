package repo_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
)

// rules stands for how the few rules are read.
const rules = "the rules"

func plannedOnAir(t *testing.T, s *repo.Station) []planned {
	ctx, log := t.Context(), s.OnAir()
	at := noon.Add(1000 * time.Minute)
	last, err := log.LatestEntry(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	entries := func(q model.EntryQuery) func() error {
		return func() error { _, err := log.Entries(ctx, q); return err }
	}
	// The segment comes first, then its entry.
	joined := []string{primaryKey, primaryKey}
	// What a change costs in addition to its own write.
	number, rule := []string{primaryKey}, []string{rules}
	reigns := []string{"activation_from", "activation_from"}
	segments := []string{primaryKey, primaryKey}
	said := slices.Repeat([]string{"playlog_source"}, 3) // before, stragglers, from then on
	health := []string{"health_received", "health_received"}
	follow := slices.Concat(rule, said, reigns, segments)
	// What is known of its title. The first segment of what was there before is looked at.
	title, looked := []string{primaryKey}, []string{"onair_entry", primaryKey}
	bounds := []string{primaryKey, "onair_titled", "onair_titled"} // of a title that lost a play
	day := []string{primaryKey, primaryKey}                        // what the table says, and what there is
	kept := []string{primaryKey}                                   // the titles of a day, which count no more
	return []planned{
		{"Entry", func() error { _, err := log.Entry(ctx, last.ID); return err }, []string{primaryKey, "onair_entry"}},
		{"Entries", entries(model.EntryQuery{Limit: 20}), joined},
		{"Entries/Oldest", entries(model.EntryQuery{Oldest: true, Limit: 20}), joined},
		{"Entries/Raw", entries(model.EntryQuery{Raw: true, Limit: 20}), joined},
		{"Entries/Between", entries(model.EntryQuery{From: at, To: at.Add(time.Hour)}), joined},
		{"Entries/Named", entries(model.EntryQuery{Named: true, Limit: 20}), joined},
		{"Entries/After", entries(model.EntryQuery{After: &model.Position{PlayedAt: at, ID: 1}, Limit: 20}), joined},
		{"CountEntries/Between", func() error {
			_, err := log.CountEntries(ctx, model.EntryQuery{From: at.Add(-30 * time.Hour), To: at}) // there is a whole day in between
			return err
		}, []string{primaryKey, primaryKey, primaryKey}},
		{"LatestEntry", func() error { _, err := log.LatestEntry(ctx, at); return err }, joined},
		{"NextEntry", func() error { _, err := log.NextEntry(ctx, at); return err }, joined},
		{"Sequence", func() error { _, err := s.Sequence(ctx); return err }, number},
		{"StoreEntry", func() error { return s.StoreEntry(ctx, entry(60*999+30, "new")) },
			slices.Concat(number, []string{"playlog_fingerprint", "correction_entry"}, follow, title, day)},
		{"StoreEntry/Fallback", func() error {
			e := entry(60*999+40, "fallback")
			e.ShowName, e.ReceivedAt = "Fallback", e.TrackStart
			return s.StoreEntry(ctx, e)
		}, slices.Concat(number, []string{"playlog_fingerprint", "correction_entry"}, rule, said, health, reigns, segments, title, day)},
		{"Activate", func() error {
			_, err := s.Activate(ctx, asked(model.Activation{Source: 1, From: at.Add(time.Second), RecordedAt: noon}), source.Admit)
			return err
		}, slices.Concat(number, number, []string{"activation_from"}, rule, []string{"activation_from"}, reigns, segments, said, []string{"playlog_source"}, health, looked, title, day)},
		{"Correct", func() error {
			_, err := s.Correct(ctx, last.ID, func(model.Entry, []model.Correction) (model.Correction, error) { return amend(1, "another"), nil })
			return err
		}, slices.Concat(number, []string{primaryKey, "correction_entry", primaryKey, primaryKey}, rule, said, health, reigns, segments,
			[]string{"playlog_fingerprint"}, looked, kept, title, bounds)},
	}
}

// TestIndexes_OnAir is TestIndexes for the on-air log and for the writes that
// keep it up to date.
func TestIndexes_OnAir(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		fill(t, db, raw, 2000)
		s := db.Station(t, 1)
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if kind == repotest.KindMariaDB {
			execSQL(t, raw, "ANALYZE TABLE playlog, correction, activation, onair, changed")
		}
		for _, q := range plannedOnAir(t, s) {
			t.Run(q.name, func(t *testing.T) {
				plans := explain(t, db, raw, kind, q.run)
				var used []string
				for _, p := range plans {
					if strings.Contains(p.text, "heard_rule") {
						p.index = rules
					}
					used = append(used, p.index)
					if p.sorts {
						t.Errorf("sorts: %s", p)
					}
					if p.index == "playlog_source" && strings.Contains(p.text, "key_len:4 ") {
						t.Errorf("reads all that a source played: %s", p)
					}
				}
				if !slices.Equal(used, q.indexes) {
					t.Errorf("uses %v, want %v\n%v", used, q.indexes, plans)
				}
			})
		}
	})
}
