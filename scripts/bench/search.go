package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/titles"
)

const (
	// searchedTitles are in the database that is searched.
	searchedTitles = 300_000
	searchBar      = 50 * time.Millisecond
	// searches is how often each question is asked, with other words each time.
	searches = 30
)

// benchSearch measures how long a sync node takes to search the titles of many
// plays. No question is asked twice, so no answer comes from memory.
func benchSearch(ctx context.Context, o options) error {
	names, words := searchedNames(searchedTitles)
	return errors.Join(
		inFolder(func(dir string) error {
			file := filepath.Join(dir, "search.db")
			database := "sqlite://" + file
			exec := func(ctx context.Context, statements ...string) error { return execSQLite(ctx, file, statements...) }
			if err := prepareSearch(ctx, o, database, exec, names, playsInSQLite); err != nil {
				return err
			}
			return searchOn(ctx, o, "SQLite", database, names, words)
		}),
		onServer(ctx, func(server *repotest.Server) error {
			database, err := server.CreateDatabase(ctx, "search")
			if err != nil {
				return err
			}
			exec := func(ctx context.Context, statements ...string) error {
				return server.Exec(ctx, append([]string{"USE search"}, statements...)...)
			}
			if err := prepareSearch(ctx, o, database, exec, names, playsInMariaDB); err != nil {
				return err
			}
			return searchOn(ctx, o, "MariaDB", database, names, words)
		}))
}

// playsInSQLite fills the playlog. A title's number is in playlist_id. Few titles are
// played often.
func playsInSQLite(o options) string {
	return fmt.Sprintf(`WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d),
		drawn(n, u) AS (SELECT n, (abs(random()) %% 1000000) / 1e6 FROM numbers)
		INSERT INTO playlog (fingerprint, content, log_source, track_start, played_at, track_artist, track_title, duration_ms, is_synced, playlist_id)
		SELECT unhex(printf('%%032x', p.n)), randomblob(16), 1, at, at, artist, title, %d, 1, k
		FROM (SELECT n, CAST(%d * u * u * u AS INTEGER) AS k, datetime(%d + n * %d, 'unixepoch') || '.000000' AS at FROM drawn) p CROSS JOIN named ON named.n = k`,
		o.audited, auditStep*1000, searchedTitles, firstAudited(o), auditStep)
}

func playsInMariaDB(o options) string {
	return fmt.Sprintf(`INSERT INTO playlog (fingerprint, content, log_source, track_start, played_at, track_artist, track_title, duration_ms, is_synced, playlist_id)
		SELECT UNHEX(LPAD(HEX(p.n), 32, '0')), UNHEX(MD5(p.n)), 1, at, at, artist, title, %d, 1, k
		FROM (SELECT seq AS n, FLOOR(%d * POW(RAND(1), 3)) AS k, '1970-01-01' + INTERVAL %d + seq * %d SECOND AS at FROM seq_1_to_%d) p STRAIGHT_JOIN named ON named.n = k`,
		auditStep*1000, searchedTitles, firstAudited(o), auditStep, o.audited)
}

// prepareSearch fills a station's database with plays, and with what follows from
// them.
func prepareSearch(ctx context.Context, o options, database string, exec execute, names []name, plays func(options) string) error {
	if err := migrate(ctx, database); err != nil {
		return err
	}
	began := time.Now()
	if err := storeNames(ctx, exec, names); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	err := exec(ctx, slices.Concat([]string{plays(o), `INSERT INTO onair (from_at, until_at, entry_id, fingerprint, source, title_id)
		SELECT played_at, NULL, playlog.id, fingerprint, 1, named.id FROM playlog JOIN named ON named.n = playlist_id ORDER BY played_at`}, countNamed())...)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	fmt.Printf("  %d plays of %d titles prepared in %s\n", o.audited, searchedTitles, time.Since(began).Round(time.Second))
	return nil
}

// searchOn asks a sync node over a database.
func searchOn(ctx context.Context, o options, kind, database string, names []name, words []string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	node, err := startService(ctx, o.syncNode, port, database)
	if err != nil {
		return err
	}
	rare := func(i int) name { return names[len(names)-1-i*97] }
	often := func(i int) name { return names[i] }
	query := url.QueryEscape
	now := time.Now()
	for _, q := range []struct {
		what string
		path func(i int) string
	}{
		{"completing 1 letter", func(i int) string { return "/titles?q=" + words[i][:1] + "&limit=" + fmt.Sprint(10+i) }},
		{"completing 3 letters", func(i int) string { return "/titles?q=" + words[i*31][:3] + "&limit=" + fmt.Sprint(10+i) }},
		{"completing a rare title", func(i int) string { return "/titles?q=" + query(rare(i).artist+" "+rare(i).title[:3]) }},
		{"completing what is not there", func(i int) string { return fmt.Sprintf("/titles?q=x%dq", i) }},
		{"plays with a common word", func(i int) string { return "/trackservice?q=" + words[i] }},
		{"plays with a rare word", func(i int) string { return "/trackservice?q=" + words[len(words)-1-i] }},
		{"plays of a rare title", func(i int) string { return "/trackservice?q=" + query(rare(i).artist+" "+rare(i).title) }},
		{"a title that is played often", func(i int) string { return "/titles/" + titles.ID(often(i).artist, often(i).title).String() }},
		{"most played ever", func(i int) string { return fmt.Sprintf("/trackservice/top?limit=%d", 10+i) }},
		{"most played in a month", func(i int) string { return top(now, i, 30, "") }},
		{"new in a month", func(i int) string { return top(now, i, 30, "&new=true") }},
		{"most played in a year", func(i int) string { return top(now, i, 364, "") }},
	} {
		if err = askOften(ctx, kind+": "+q.what, node, q.path); err != nil {
			break
		}
	}
	return errors.Join(err, node.stop())
}

// top asks for the titles of a period of some days.
func top(now time.Time, i, days int, more string) string {
	to := now.AddDate(0, 0, -1-i*40)
	return "/trackservice/top?from_date=" + to.AddDate(0, 0, -days).Format(time.DateOnly) + "&to_date=" + to.Format(time.DateOnly) + more
}

// askOften asks one question after the other, and prints how long the answers took,
// and how much of that the service's processor worked.
func askOften(ctx context.Context, what string, node *process, path func(i int) string) error {
	var took []time.Duration
	size := 0
	before, err := node.worked()
	if err != nil {
		return err
	}
	for i := range searches {
		began := time.Now()
		body, err := fetch(ctx, node.url+"/api/v1"+path(i))
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		took, size = append(took, time.Since(began)), size+len(body)
	}
	worked, err := node.worked()
	if err != nil {
		return err
	}
	slices.Sort(took)
	round := func(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
	middle := took[len(took)/2]
	fmt.Printf("  %-54s median %s, worst %s, worked %s, %d bytes, bar %s: %s\n", what, round(middle), round(took[len(took)-1]), round((worked-before)/searches), size/searches, searchBar, verdict(middle > searchBar))
	return nil
}
