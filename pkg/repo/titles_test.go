package repo_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/titles"
)

// counted is what is known of a title, as the databases write it.
type counted struct {
	plays       int64
	first, last string
	folded      string
}

// wantDictionary fails if what is known of titles is not what counting the log gives.
func wantDictionary(t interface {
	Fatal(...any)
	Fatalf(string, ...any)
}, raw *sql.DB, table string) {
	want := map[titles.Key]counted{}
	named, seen := namedEntries(t, raw), map[int64]bool{}
	for _, s := range segments(t, raw, table) {
		e := named[s.Entry]
		key := titles.ID(e.Artist, e.Title)
		if seen[s.Entry] || key == 0 {
			continue
		}
		seen[s.Entry] = true
		c, at := want[key], s.From.Format("2006-01-02 15:04:05.000000")
		if c.plays++; c.plays == 1 {
			c.first, c.folded = at, titles.Text(e.Artist, e.Title)
		}
		c.last = at
		want[key] = c
	}
	if got := knownTitles(t, raw, table); !maps.Equal(got, want) {
		t.Fatalf("of the titles is known\n%v, want\n%v", got, want)
	}
	wantFound(t, raw, table)
	wantPlayed(t, raw, table)
}

// wantPlayed fails if the titles that are kept of a day are not those of its segments.
func wantPlayed(t interface {
	Fatal(...any)
	Fatalf(string, ...any)
}, raw *sql.DB, table string) {
	kept := playedOn(t, raw, "SELECT played.day, titles FROM "+table+"_played played JOIN "+table+"_day counted ON counted.day = played.day AND counted.segments = played.segments")
	counted := map[string][]byte{}
	for day, keys := range keysByDay(t, raw, table) {
		slices.Sort(keys)
		for _, k := range keys {
			counted[day] = binary.BigEndian.AppendUint64(counted[day], uint64(k))
		}
	}
	for day, got := range kept {
		if !bytes.Equal(got, counted[day]) {
			t.Fatalf("of %s are kept\n%x, want\n%x", day, got, counted[day])
		}
	}
}

func playedOn(t interface{ Fatal(...any) }, raw *sql.DB, query string) map[string][]byte {
	rows, err := raw.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	kept := map[string][]byte{}
	for rows.Next() {
		var day string
		var titles []byte
		if err := rows.Scan(&day, &titles); err != nil {
			t.Fatal(err)
		}
		kept[day] = titles
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return kept
}

// keysByDay are the numbers of the titles that segments name, by day.
func keysByDay(t interface{ Fatal(...any) }, raw *sql.DB, table string) map[string][]int64 {
	rows, err := raw.Query("SELECT SUBSTR(from_at, 1, 10), title_id FROM " + table + " WHERE title_id IS NOT NULL")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	keys := map[string][]int64{}
	for rows.Next() {
		var day string
		var key int64
		if err := rows.Scan(&day, &key); err != nil {
			t.Fatal(err)
		}
		keys[day] = append(keys[day], key)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return keys
}

// wantFound fails if a title is not found by its words.
func wantFound(t interface {
	Fatal(...any)
	Fatalf(string, ...any)
}, raw *sql.DB, table string) {
	want, got := map[titles.Key][]string{}, wordsOf(t, raw, "SELECT title_id, word FROM title_word JOIN "+table+"_title ON id = title_id ORDER BY word")
	for key, texts := range wordsOf(t, raw, "SELECT id, folded FROM "+table+"_title") {
		want[key] = titles.Beginnings(texts[0])
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Fatalf("words are\n%q, want\n%q", got, want)
	}
}

// wordsOf are the texts of titles that a query finds.
func wordsOf(t interface{ Fatal(...any) }, raw *sql.DB, query string) map[titles.Key][]string {
	rows, err := raw.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	texts := map[titles.Key][]string{}
	for rows.Next() {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			t.Fatal(err)
		}
		texts[titles.Key(id)] = append(texts[titles.Key(id)], text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

func knownTitles(t interface{ Fatal(...any) }, raw *sql.DB, table string) map[titles.Key]counted {
	rows, err := raw.Query("SELECT id, plays, first_at, last_at, folded FROM " + table + "_title WHERE plays <> 0")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	known := map[titles.Key]counted{}
	for rows.Next() {
		var id int64
		var c counted
		if err := rows.Scan(&id, &c.plays, &c.first, &c.last, &c.folded); err != nil {
			t.Fatal(err)
		}
		known[titles.Key(id)] = c
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return known
}

// namedEntries are all entries, as answers show them, by their numbers.
func namedEntries(t interface{ Fatal(...any) }, raw *sql.DB) map[int64]model.Entry {
	rows, err := raw.Query("SELECT id, track_artist, track_title, COALESCE(overlay, '{}') FROM playlog")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	entries := map[int64]model.Entry{}
	for rows.Next() {
		var e model.Entry
		var overlay string
		if err := rows.Scan(&e.ID, &e.Artist, &e.Title, &overlay); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(overlay), &e.Overlay); err != nil {
			t.Fatal(err)
		}
		entries[e.ID] = e.Effective()
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return entries
}
