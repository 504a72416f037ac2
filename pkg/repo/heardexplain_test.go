package repo_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestIndexes_Heard is TestIndexes for what was heard at a node, and for what a read
// derives before.
func TestIndexes_Heard(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		fill(t, db, raw, 2000)
		if err := db.PrepareHeard(t.Context()); err != nil {
			t.Fatal(err)
		}
		if kind == repotest.KindMariaDB {
			execSQL(t, raw, "ANALYZE TABLE playlog, health, heard, heard_day, heard_pending")
		}
		ctx, log := t.Context(), db.Heard()
		at := noon.Add(1000 * time.Minute)
		last, err := log.LatestEntry(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		entries := func(q model.EntryQuery) func() error {
			return func() error { _, err := log.Entries(ctx, q); return err }
		}
		for _, q := range []struct {
			name  string
			run   func() error
			needs []string // among others
		}{
			{"Entry", func() error { _, err := log.Entry(ctx, last.ID); return err }, []string{"heard_entry"}},
			{"Entries", entries(model.EntryQuery{Limit: 20}), []string{primaryKey}},
			{"Entries/Oldest", entries(model.EntryQuery{Oldest: true, Limit: 20}), []string{primaryKey}},
			{"Entries/Between", entries(model.EntryQuery{From: at, To: at.Add(time.Hour)}), []string{primaryKey}},
			{"Entries/After", entries(model.EntryQuery{After: &model.Position{PlayedAt: at, ID: 1}, Limit: 20}), []string{primaryKey}},
			{"LatestEntry", func() error { _, err := log.LatestEntry(ctx, at); return err }, []string{primaryKey}},
			{"NextEntry", func() error { _, err := log.NextEntry(ctx, at); return err }, []string{primaryKey}},
			{"HeardEntry", func() error { _, err := db.HeardEntry(ctx, last.ID); return err }, []string{primaryKey, "playlog_source", "onair_entry"}},
			{"Unheard", func() error {
				_, _, err := db.Unheard(ctx, model.EntryQuery{From: at, To: at.Add(time.Hour), Limit: 20})
				return err
			}, []string{"playlog_source"}},
			{"New", func() error {
				if err := db.StoreEntry(ctx, entry(60*999+30, "new")); err != nil {
					return err
				}
				_, err := log.LatestEntry(ctx, at)
				return err
			}, []string{primaryKey, "playlog_uncounted", "playlog_source", "heard_source"}},
			{"Changed", func() error {
				correct(t, db, last.ID, amend(1, "x"))
				_, err := log.LatestEntry(ctx, at)
				return err
			}, []string{primaryKey, "playlog_source", "heard_source"}},
		} {
			t.Run(q.name, func(t *testing.T) {
				plans := explain(t, db, raw, kind, q.run)
				var used []string
				for _, p := range plans {
					used = append(used, p.index)
					if p.sorts {
						t.Errorf("sorts: %s", p)
					}
					isNext := strings.Contains(p.statement, "SELECT log_source ") // only looks for the next source
					if (p.index == "playlog_source" || p.index == "heard_source") && strings.Contains(p.text, "key_len:4 ") && !isNext {
						t.Errorf("reads all of a source: %s", p)
					}
				}
				for _, index := range q.needs {
					if !slices.Contains(used, index) {
						t.Errorf("uses %v, needs %s\n%v", used, index, plans)
					}
				}
			})
		}
	})
}
