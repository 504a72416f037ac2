package repo_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/titles"
)

// TestIndexes_Titles is TestIndexes for the titles of both logs. What is found by
// words is put in order afterwards, as are titles by their plays in a period.
func TestIndexes_Titles(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		fill(t, db, raw, 2000)
		s := db.Station(t, 1)
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.PrepareHeard(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.CatchUpHeard(t.Context()); err != nil { // notes that the words of all titles are noted
			t.Fatal(err)
		}
		if kind == repotest.KindMariaDB {
			execSQL(t, raw, "ANALYZE TABLE playlog, onair, onair_title, heard, heard_title, title_word")
		}
		for table, log := range map[string]*repo.OnAirLog{"onair": s.OnAir(), "heard": db.Heard()} {
			for _, q := range plannedTitles(t, log, table, kind) {
				t.Run(table+"/"+q.name, func(t *testing.T) {
					var used []string
					for _, p := range explain(t, db, raw, kind, q.run) {
						if p.index != "" && !strings.Contains(p.statement, "heard_pending") && !strings.Contains(p.statement, "`note`") { // what a subquery found, and whether anything pends or is not noted
							used = append(used, p.index)
						}
						if p.sorts && !slices.Contains([]string{"Titles", "MostPlayed", "MostPlayed/New", "Search/Common", "Search/Few", "Search/Old", "Search/Gathered"}, q.name) {
							t.Errorf("sorts: %s", p)
						}
					}
					if !slices.Equal(used, q.indexes) {
						t.Errorf("uses %v, want %v", used, q.indexes)
					}
				})
			}
		}
	})
}

func plannedTitles(t *testing.T, log *repo.OnAirLog, table string, kind repotest.Kind) []planned {
	ctx, at := t.Context(), noon.Add(1000*time.Minute)
	last, err := log.LatestEntry(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	key := titles.ID(last.Artist, last.Title)
	top := func(p titles.Period, newOnly bool) func() error {
		return func() error { _, err := log.MostPlayed(ctx, p, at.AddDate(1, 0, 0), newOnly, 10); return err }
	}
	week := titles.Period{From: at.AddDate(0, 0, -7), To: at}
	search := func(text string) func() error {
		return func() error {
			_, err := log.Search(ctx, titles.ParseWords(text), model.EntryQuery{Limit: 20})
			return err
		}
	}
	days := []string{primaryKey, primaryKey}                 // those that are over, and their titles
	oneByOne := []string{primaryKey, primaryKey, primaryKey} // what is not kept, and the ends of the week
	byPlays, first, played := table+"_title_plays", table+"_title_first", table+"_titled"
	known := []string{primaryKey, played, primaryKey} // titles, their last plays, and the entries of these
	walked, found := []string{primaryKey, primaryKey}, []string{primaryKey, primaryKey, primaryKey}
	if table == "heard" && kind == repotest.KindSQLite {
		walked = walked[1:] // that table itself is in order
	}
	walkedOld := []string{primaryKey, primaryKey}
	gathered := []string{primaryKey, primaryKey, played}
	if kind == repotest.KindMariaDB { // the plan names last what is found first
		gathered = []string{primaryKey, played, primaryKey}
	}
	word, words := []string{primaryKey}, []string{primaryKey, primaryKey}
	withWord := []string{primaryKey, primaryKey} // the words, and their titles
	old := model.EntryQuery{Limit: 20, To: noon.Add(5 * time.Minute)}
	searchOld := func() error { _, err := log.Search(ctx, titles.ParseWords("title"), old); return err }
	return []planned{
		{"Titles", func() error {
			_, err := log.Titles(ctx, titles.ParseWords("title 9"), at.AddDate(1, 0, 0), 10)
			return err
		}, slices.Concat(words, withWord, known)},
		{"Title", func() error { _, err := log.Title(ctx, key, at.AddDate(1, 0, 0)); return err }, known},
		{"PlaysOf", func() error { _, err := log.PlaysOf(ctx, key, model.EntryQuery{Limit: 20}); return err }, []string{played, primaryKey}},
		{"MostPlayed", top(week, false), slices.Concat(days, oneByOne, known)},
		{"MostPlayed/New", top(week, true), slices.Concat([]string{first, first, played}, known)},
		{"MostPlayed/ManyNew", func() error {
			log.SetNews(1)
			defer log.SetNews(5000)
			return top(week, true)()
		}, slices.Concat([]string{first}, days, oneByOne, []string{primaryKey}, known)},
		{"MostPlayed/Ever", top(titles.Period{To: at}, false), slices.Concat([]string{byPlays}, known)},
		{"Search/Common", search("title"), slices.Concat(word, walked, found)},
		{"Search/Few", search("title 912"), slices.Concat(words, withWord, []string{played}, found)},
		{"Search/Old", searchOld, slices.Concat(word, walkedOld, found)},
		{"Search/Gathered", func() error {
			log.SetSearch(500, 2)
			defer log.SetSearch(500, 10_000)
			return searchOld()
		}, slices.Concat(word, walkedOld, walkedOld, gathered, found)},
	}
}
