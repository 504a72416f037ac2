package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"aura.radio/engine/pkg/titles"
)

// name is what a title is called.
type name struct{ artist, title string }

// vocabulary is how many words the names of searched titles have.
const vocabulary = 20_000

// searchedNames makes names of two words each for artist and title, most of rare
// words. Words are made of syllables, so that many begin alike.
func searchedNames(n int) (names []name, words []string) {
	random := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("ba be bi bo bu da de di do du fa fe ka ke ki ko la le li lo lu ma me mi mo mu na ne ni no ra re ri ro sa se si so ta te ti to va ve vi vo")
	for range vocabulary {
		word := ""
		for range 2 + random.IntN(3) {
			word += syllables[random.IntN(len(syllables))]
		}
		words = append(words, word)
	}
	zipf := rand.NewZipf(random, 1.2, 20, vocabulary-1)
	pair := func() string { return words[zipf.Uint64()] + " " + words[random.IntN(vocabulary)] }
	for range n {
		names = append(names, name{pair(), pair()})
	}
	return names, words
}

// auditedNames are the names of an audit's records.
func auditedNames() (names []name) {
	for n := range 60_000 {
		names = append(names, name{fmt.Sprint("Artist ", n%5000), fmt.Sprint("Title ", n)})
	}
	return names
}

// execute executes statements on a database.
type execute func(ctx context.Context, statements ...string) error

// storeNames puts names into table named, by their numbers from 0 on, and has them
// found by their words. Databases can't fold them.
func storeNames(ctx context.Context, exec execute, names []name) error {
	err := exec(ctx, "CREATE TABLE named (n INTEGER NOT NULL PRIMARY KEY, id BIGINT NOT NULL, artist VARCHAR(100) NOT NULL, title VARCHAR(100) NOT NULL, folded VARCHAR(200) NOT NULL)", "CREATE INDEX named_id ON named (id)")
	if err != nil {
		return err
	}
	var rows []string
	for n, name := range names {
		rows = append(rows, fmt.Sprintf("(%d, %d, '%s', '%s', '%s')", n, int64(titles.ID(name.artist, name.title)), name.artist, name.title, titles.Text(name.artist, name.title)))
		if len(rows) < 2000 && n < len(names)-1 {
			continue
		}
		if err := exec(ctx, "INSERT INTO named (n, id, artist, title, folded) VALUES "+strings.Join(rows, ", ")); err != nil {
			return err
		}
		rows = rows[:0]
	}
	return storeWords(ctx, exec, names)
}

// storeWords has titles found by their words.
func storeWords(ctx context.Context, exec execute, names []name) error {
	var rows []string
	for n, name := range names {
		for _, word := range titles.Beginnings(titles.Text(name.artist, name.title)) {
			rows = append(rows, fmt.Sprintf("('%s', %d)", word, int64(titles.ID(name.artist, name.title))))
		}
		if len(rows) < 2000 && n < len(names)-1 {
			continue
		}
		if err := exec(ctx, "REPLACE INTO title_word (word, title_id) VALUES "+strings.Join(rows, ", ")); err != nil { // names may be equal
			return err
		}
		rows = rows[:0]
	}
	return nil
}

// countNamed are the statements that fill a station's tables that are derived from
// table onair.
func countNamed() []string {
	return []string{
		"INSERT INTO onair_day (day, segments) SELECT SUBSTR(from_at, 1, 10), COUNT(*) FROM onair GROUP BY SUBSTR(from_at, 1, 10)",
		"INSERT INTO onair_title (id, folded, plays, first_at, last_at) SELECT title_id, (SELECT MIN(folded) FROM named WHERE id = title_id), COUNT(*), MIN(from_at), MAX(from_at) FROM onair GROUP BY title_id",
		"INSERT INTO onair_rule (id, default_source) VALUES (1, 1)",
		"DROP TABLE named",
	}
}
