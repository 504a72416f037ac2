package repo_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/titles"
)

// TestStation_KeepTitles: a program that knows no titles takes segments out of the
// log, and replaces others. Another one knows titles and no words. A newer one notes
// titles and words again in the background.
func TestStation_KeepTitles(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		for i := range 9 {
			if err := s.StoreEntry(t.Context(), playedAt(1, i, 1, []string{"a", "Á", "b"}[i%3])); err != nil {
				t.Fatal(err)
			}
		}
		wantDictionary(t, raw, "onair")
		execSQL(t, raw, "DELETE FROM onair WHERE entry_id = 1")
		execSQL(t, raw, "UPDATE onair SET title_id = NULL WHERE entry_id IN (4, 6)")
		execSQL(t, raw, "DELETE FROM title_word")
		execSQL(t, raw, "INSERT INTO changed (n, changed_at, known) SELECT MAX(n) + 1, MAX(changed_at), 33 FROM changed")
		if differing, err := s.Verify(t.Context(), nil); err != nil || differing != 1 {
			t.Errorf("%d differ, %v, want the segment, and no titles yet", differing, err)
		}
		s.SetPage(2)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if err := s.KeepTitles(ctx, stop); err != nil {
			t.Fatal(err)
		}
		wantDictionary(t, raw, "onair")
		var older int
		if err := raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM changed WHERE known <= 33").Scan(&older); err != nil || older != 0 {
			t.Errorf("%d changes are still to be followed, %v", older, err)
		}
	})
}

// TestStation_KeepTitles_older: changes of older programs are not forgotten before
// they are followed.
func TestStation_KeepTitles_older(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		if err := s.StoreEntry(t.Context(), playedAt(1, 0, 1, "a")); err != nil {
			t.Fatal(err)
		}
		execSQL(t, raw, "UPDATE changed SET known = 33")
		execSQL(t, raw, "INSERT INTO changed (n, changed_at, known) SELECT 2998, MAX(changed_at), 47 FROM changed")
		execSQL(t, raw, "INSERT INTO changed (n, changed_at, known) SELECT 2999, MAX(changed_at), 47 FROM changed")
		if err := s.StoreEntry(t.Context(), playedAt(1, 1, 1, "b")); err != nil { // its number is round
			t.Fatal(err)
		}
		if left := query(t, raw, "SELECT n FROM changed WHERE known = 33"); len(left) != 1 {
			t.Errorf("%v is left of an older program", left)
		}
	})
}

// TestHeard_titlesOlder: a program that derives what was heard, and knows no titles,
// takes back that they are noted. A newer one notes them again.
func TestHeard_titlesOlder(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		serves(t, db)
		for i := range 9 {
			store(t, db, entry(60*i, []string{"a", "Á", "b"}[i%3]))
		}
		catchUp := func(want bool) {
			t.Helper()
			if did, err := db.CatchUpHeard(ctx); err != nil || did != want {
				t.Fatalf("caught up: %t, %v", did, err)
			}
			wantDictionary(t, raw, "heard")
		}
		catchUp(true)
		catchUp(false)
		execSQL(t, raw, "DELETE FROM heard WHERE entry_id = 1")
		execSQL(t, raw, "UPDATE heard SET title_id = NULL WHERE entry_id IN (4, 6)")
		execSQL(t, raw, "DELETE FROM title_word")
		execSQL(t, raw, `UPDATE note SET body = REPLACE(body, ',"titled":true', '') WHERE name = 'heard'`)
		catchUp(true)
		catchUp(false)
	})
}

// TestStation_unlisted: while the words of some titles are not noted, they are found
// nevertheless, with their plays.
func TestStation_unlisted(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		for i, title := range []string{"Jóga", "Jóga", "other", "more"} {
			if err := s.StoreEntry(t.Context(), playedAt(1, i, 1, title)); err != nil {
				t.Fatal(err)
			}
		}
		wantJoga(t, s.OnAir(), "noted")
		execSQL(t, raw, "DELETE FROM title_word")
		execSQL(t, raw, "UPDATE changed SET known = 41")
		wantJoga(t, s.OnAir(), "not noted")
	})
}

// TestHeard_unlisted is TestStation_unlisted for what was heard.
func TestHeard_unlisted(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		serves(t, db)
		for i, title := range []string{"Jóga", "Jóga", "other", "more"} {
			store(t, db, entry(60*i, title))
		}
		if _, err := db.CatchUpHeard(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantJoga(t, db.Heard(), "noted")
		execSQL(t, raw, "DELETE FROM title_word")
		execSQL(t, raw, `UPDATE note SET body = REPLACE(body, ',"counted":true', '') WHERE name = 'heard'`)
		wantJoga(t, db.Heard(), "not noted")
	})
}

// wantJoga fails the test if a search does not find a title and both its plays, in
// each way in which plays are found.
func wantJoga(t *testing.T, log *repo.OnAirLog, when string) {
	t.Helper()
	words := titles.ParseWords("joga")
	if found, err := log.Titles(t.Context(), words, noon.Add(24*time.Hour), 5); err != nil || len(found) != 1 || found[0].Title != "Jóga" {
		t.Errorf("%s: titles %+v, %v, want Jóga", when, found, err)
	}
	for _, limits := range [][2]int{{500, 100}, {0, 100}, {0, 1}} { // few plays, the next plays, and all
		log.SetSearch(limits[0], limits[1])
		if plays, err := log.Search(t.Context(), words, model.EntryQuery{Limit: 2}); err != nil || titlesOf(plays) != "JógaJóga" {
			t.Errorf("%s, %v: plays %q, %v, want both of Jóga", when, limits, titlesOf(plays), err)
		}
	}
}

// TestOnAirLog_Title_future: what starts later is not known yet.
func TestOnAirLog_Title_future(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, _ *sql.DB) {
		for i, title := range []string{"Jóga", "other", "JOGA", "other", "joga"} {
			if err := s.StoreEntry(t.Context(), playedAt(1, i, 1, title)); err != nil {
				t.Fatal(err)
			}
		}
		first, log := playedAt(1, 0, 1, "").TrackStart, s.OnAir()
		key := titles.ID("", "joga")
		for _, c := range []struct {
			minute int
			want   titles.Title
		}{
			{9, titles.Title{Key: key, Title: "joga", Plays: 3, First: first, Last: first.Add(4 * time.Minute)}},
			{4, titles.Title{Key: key, Title: "joga", Plays: 3, First: first, Last: first.Add(4 * time.Minute)}},
			{3, titles.Title{Key: key, Title: "JOGA", Plays: 2, First: first, Last: first.Add(2 * time.Minute)}},
			{0, titles.Title{Key: key, Title: "Jóga", Plays: 1, First: first, Last: first}},
		} {
			now := first.Add(time.Duration(c.minute) * time.Minute)
			if got, err := log.Title(t.Context(), key, now); err != nil || got != c.want {
				t.Errorf("after %d minutes: %+v, %v, want %+v", c.minute, got, err, c.want)
			}
			if found, err := log.Titles(t.Context(), titles.ParseWords("jo"), now, 5); err != nil || !slices.Equal(found, []titles.Title{c.want}) {
				t.Errorf("after %d minutes is found %+v, %v, want %+v", c.minute, found, err, c.want)
			}
		}
		now := first.Add(-time.Minute)
		if got, err := log.Title(t.Context(), key, now); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("before the first: %+v, %v", got, err)
		}
		if found, err := log.Titles(t.Context(), titles.ParseWords("jo"), now, 5); err != nil || len(found) != 0 {
			t.Errorf("before the first is found %+v, %v", found, err)
		}
	})
}

// TestOnAirLog_Search: what is found is what a look at all plays would find, in
// any place of the list and whichever way it is found.
func TestOnAirLog_Search(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, _ string) {
		serves(t, db)
		for i := range 60 { // two sources play at once
			e := entry(60*(i/2), fmt.Sprintf("%s %d", []string{"Ärger", "love", "Loveless"}[i%3], i%7))
			e.LogSource, e.Artist = 1+i%2, fmt.Sprint("Artist ", i%5)
			store(t, db, e)
		}
		log := db.Heard()
		all := find(t, log, model.EntryQuery{})
		middle := model.PositionOf(all[31])
		for _, limits := range [][2]int{{0, 2}, {0, 17}, {0, 1000}, {5, 17}, {500, 2}} {
			log.SetSearch(limits[0], limits[1])
			log.SetCommon(1 + limits[1])
			for _, text := range []string{"love", "loveless", "arger", "3", "artist 2 love", "artist", "none"} {
				for name, q := range map[string]model.EntryQuery{
					"First": {Limit: 5}, "Second": {Limit: 5, Offset: 5}, "Oldest": {Limit: 4, Oldest: true}, "All": {Limit: 100},
					"After": {Limit: 5, After: &middle}, "AfterOldest": {Limit: 5, After: &middle, Oldest: true},
					"Between": {Limit: 9, From: noon.Add(3 * time.Minute), To: noon.Add(20 * time.Minute)},
				} {
					words := titles.ParseWords(text)
					every := q
					every.Offset, every.Limit = 0, 0
					want := slices.DeleteFunc(find(t, log, every), func(e model.Entry) bool { return !words.In(titles.Text(e.Artist, e.Title)) })
					want = want[min(q.Offset, len(want)):]
					want = want[:min(q.Limit, len(want))]
					got, err := log.Search(t.Context(), words, q)
					if err != nil || titlesOf(got) != titlesOf(want) || len(got) != len(want) {
						t.Errorf("%s, %s, %v: %v %s, want %s", text, name, limits, err, titlesOf(got), titlesOf(want))
					}
				}
			}
		}
	})
}

// TestOnAirLog_Titles: what is found is what a look at all titles would find, whether
// their words are rare or common.
func TestOnAirLog_Titles(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, _ string) {
		log, now := mixed(t, db, 1), noon.Add(24*time.Hour)
		all, err := log.MostPlayed(t.Context(), titles.Period{To: now}, now, false, 100)
		if err != nil || len(all) != 50 {
			t.Fatalf("%d titles, %v", len(all), err)
		}
		for _, common := range []int{1, 3, 5000} {
			log.SetCommon(common)
			for _, text := range []string{"love", "loveless", "arger", "3", "artist 2 love", "artist", "none", "夜に", "駆け 3", "る", "a l"} {
				words := titles.ParseWords(text)
				var want []string
				for _, c := range all {
					if words.In(titles.Text(c.Artist, c.Title.Title)) && len(want) < 5 {
						want = append(want, c.Key.String())
					}
				}
				found, err := log.Titles(t.Context(), words, now, 5)
				var got []string
				for _, f := range found {
					got = append(got, f.Key.String())
				}
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s, %d titles are common: %v %v, want %v", text, common, err, got, want)
				}
			}
		}
	})
}

// mixed stores plays of titles that are played now and then, some minutes apart.
func mixed(t *testing.T, db *repo.Node, minutes int) *repo.OnAirLog {
	serves(t, db)
	for i := range 120 {
		e := entry(60*minutes*i, fmt.Sprintf("%s %d", []string{"Ärger", "love", "Loveless", "夜に駆ける"}[i%4], i*i%7))
		e.Artist = fmt.Sprint("Artist ", i%3)
		if i%9 == 0 {
			e.Artist, e.Title = "New", fmt.Sprint("in ", i/30)
		}
		store(t, db, e)
	}
	return db.Heard()
}

// TestOnAirLog_MostPlayed: the titles that were played most in a period, and those
// that were new in it, are what counting its plays gives, of how many days ever the
// titles are kept.
func TestOnAirLog_MostPlayed(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		const minutes = 173 // so that the plays take two weeks
		log, now, raw := mixed(t, db, minutes), noon.AddDate(0, 1, 0), rawSQL(t, kind, url)
		plays := find(t, log, model.EntryQuery{Oldest: true})
		for _, kept := range []struct {
			name string
			days int
			keep func() error
		}{
			{"None", 0, func() error { return nil }},
			{"First", 6, func() error { return db.KeepPlayedAt(t.Context(), noon.AddDate(0, 0, 8)) }},
			{"All", 15, func() error { return db.KeepPlayedAt(t.Context(), now) }},
			{"Holes", 12, func() error { return marked(t, raw, noon, 3, 4, 8) }},
		} {
			if err := kept.keep(); err != nil {
				t.Fatal(err)
			}
			if days := query(t, raw, "SELECT day FROM heard_played WHERE segments IS NOT NULL"); len(days) != kept.days {
				t.Fatalf("%s: of %d days the titles are kept, want %d", kept.name, len(days), kept.days)
			}
			for _, period := range [][2]int{{0, 119}, {0, 10}, {30, 31}, {31, 90}, {60, 119}, {110, 500}, {200, 300}} {
				p := titles.Period{From: noon.Add(time.Duration(minutes*period[0]) * time.Minute), To: noon.Add(time.Duration(minutes*period[1]) * time.Minute)}
				wantTop(t, log, plays, p, now, kept.name)
				p.From, p.To = p.From.Truncate(24*time.Hour), p.To.Truncate(24*time.Hour).Add(-time.Microsecond)
				wantTop(t, log, plays, p, now, kept.name)
			}
		}
	})
}

// marked marks days of which something changed.
func marked(t *testing.T, raw *sql.DB, from time.Time, days ...int) error {
	for _, d := range days {
		execSQL(t, raw, "UPDATE heard_played SET segments = NULL WHERE day = '"+from.AddDate(0, 0, d).Format(time.DateOnly)+"'")
	}
	return nil
}

// wantTop fails if the most played titles of a period are not what counting gives.
func wantTop(t *testing.T, log *repo.OnAirLog, plays []model.Entry, p titles.Period, now time.Time, kept string) {
	t.Helper()
	for _, many := range []int{1, 5000} {
		log.SetNews(many)
		for _, newOnly := range []bool{false, true} {
			for _, limit := range []int{1, 3, 8, 100} {
				want := topOf(plays, p, newOnly, limit)
				found, err := log.MostPlayed(t.Context(), p, now, newOnly, limit)
				var got []string
				for _, f := range found {
					got = append(got, fmt.Sprint(f.InPeriod, " ", f.Key))
				}
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s kept, %v, new %t of %d, limit %d: %v %v, want %v", kept, p, newOnly, many, limit, err, got, want)
				}
			}
		}
	}
}

// topOf counts plays in a period, which are in order.
func topOf(plays []model.Entry, p titles.Period, newOnly bool, limit int) (top []string) {
	first, counts := map[titles.Key]time.Time{}, map[titles.Key]int{}
	for _, e := range plays {
		key, at := titles.ID(e.Artist, e.Title), e.Air.From
		if _, known := first[key]; !known {
			first[key] = at
		}
		if !at.Before(p.From) && !at.After(p.To) && (!newOnly || !first[key].Before(p.From)) {
			counts[key]++
		}
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b titles.Key) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(int64(a), int64(b)))
	})
	for _, k := range keys[:min(limit, len(keys))] {
		top = append(top, fmt.Sprint(counts[k], " ", k))
	}
	return top
}
