package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
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
	named := make([]string, len(names))
	found := map[string]bool{} // names may be equal
	for n, name := range names {
		id, text := int64(titles.ID(name.artist, name.title)), titles.Text(name.artist, name.title)
		named[n] = fmt.Sprintf("(%d, %d, '%s', '%s', '%s')", n, id, name.artist, name.title, text)
		for _, word := range titles.Beginnings(text) {
			found[fmt.Sprintf("('%s', %d)", word, id)] = true
		}
	}
	words := slices.Sorted(maps.Keys(found)) // about in the order of the table
	return exec(ctx, slices.Concat([]string{
		"CREATE TABLE named (n INTEGER NOT NULL PRIMARY KEY, id BIGINT NOT NULL, artist VARCHAR(100) NOT NULL, title VARCHAR(100) NOT NULL, folded VARCHAR(200) NOT NULL)", "BEGIN",
	}, inserts("named (n, id, artist, title, folded)", named), inserts("title_word (word, title_id)", words), []string{
		"COMMIT", "CREATE INDEX named_id ON named (id)",
	})...)
}

// inserts are the statements that insert rows into a table.
func inserts(table string, rows []string) (statements []string) {
	for part := range slices.Chunk(rows, 2000) {
		statements = append(statements, "INSERT INTO "+table+" VALUES "+strings.Join(part, ", "))
	}
	return statements
}

// filling is how a database is filled fast.
type filling struct {
	before  []string // said first on each connection
	plays   []string // fill the playlog; a title's number is in playlist_id
	indexes []string // make those of table onair whose order is not that of the plays
	days    []string // keep which titles were played on each day
}

// searchedInSQLite: few titles are played often.
func searchedInSQLite(o options) filling {
	return filling{
		plays: []string{"DROP INDEX onair_titled", fmt.Sprintf(`WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d),
			drawn(n, u) AS (SELECT n, (abs(random()) %% 1000000) / 1e6 FROM numbers)
			INSERT INTO playlog (fingerprint, content, log_source, track_start, played_at, track_artist, track_title, duration_ms, is_synced, playlist_id)
			SELECT unhex(printf('%%032x', p.n)), randomblob(16), 1, at, at, artist, title, %d, 1, k
			FROM (SELECT n, CAST(%d * u * u * u AS INTEGER) AS k, datetime(%d + n * %d, 'unixepoch') || '.000000' AS at FROM drawn) p CROSS JOIN named ON named.n = k`,
			o.audited, auditStep*1000, searchedTitles, firstAudited(o), auditStep)},
		indexes: []string{"CREATE INDEX onair_titled ON onair (title_id, from_at) WHERE title_id IS NOT NULL"},
		days: []string{`INSERT INTO onair_played (day, segments, titles) SELECT SUBSTR(from_at, 1, 10) AS day, COUNT(*), unhex(group_concat(printf('%016x', title_id), '' ORDER BY title_id))
			FROM onair WHERE from_at < datetime('now', '-3 days') GROUP BY day`},
	}
}

// searchedInMariaDB lets InnoDB sort what is inserted into an empty table, before it
// makes the indexes. Titles are drawn by a hash, which needs no table in between, as
// random numbers do.
func searchedInMariaDB(o options) filling {
	return filling{
		before: []string{"SET unique_checks = 0, foreign_key_checks = 0, group_concat_max_len = 1048576"},
		plays: []string{fmt.Sprintf(`INSERT INTO playlog (fingerprint, content, log_source, track_start, played_at, track_artist, track_title, duration_ms, is_synced, playlist_id)
			SELECT UNHEX(LPAD(HEX(p.seq), 32, '0')), UNHEX(MD5(p.seq)), 1, '1970-01-01' + INTERVAL %d + seq * %d SECOND, '1970-01-01' + INTERVAL %d + seq * %d SECOND, artist, title, %d, 1, named.n
			FROM seq_1_to_%d p STRAIGHT_JOIN named ON named.n = FLOOR(%d * POW(CONV(LEFT(MD5(p.seq), 8), 16, 10) / 4294967296, 3))`,
			firstAudited(o), auditStep, firstAudited(o), auditStep, auditStep*1000, o.audited, searchedTitles)},
		days: []string{`INSERT INTO onair_played (day, segments, titles) SELECT SUBSTR(from_at, 1, 10) AS day, COUNT(*), UNHEX(GROUP_CONCAT(LPAD(HEX(title_id), 16, '0') ORDER BY title_id SEPARATOR ''))
			FROM onair WHERE from_at < NOW() - INTERVAL 3 DAY GROUP BY day`},
	}
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
