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
			if err := prepareSearch(ctx, o, database, exec, names, searchedInSQLite(o)); err != nil {
				return err
			}
			return searchOn(ctx, o, "SQLite", database, names, words, 0)
		}),
		onServer(ctx, func(server *repotest.Server) error {
			database, err := server.CreateDatabase(ctx, "search")
			if err != nil {
				return err
			}
			exec := func(ctx context.Context, statements ...string) error {
				return server.Exec(ctx, append([]string{"USE search"}, statements...)...)
			}
			if err := prepareSearch(ctx, o, database, exec, names, searchedInMariaDB(o)); err != nil {
				return err
			}
			return searchOn(ctx, o, "MariaDB", database, names, words, server.PID())
		}))
}

// prepareSearch fills a station's database with plays, and with what follows from
// them.
func prepareSearch(ctx context.Context, o options, database string, exec execute, names []name, fill filling) error {
	if err := migrate(ctx, database); err != nil {
		return err
	}
	began := time.Now()
	if err := storeNames(ctx, exec, names); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	for _, statements := range [][]string{fill.plays, {`INSERT INTO onair (from_at, until_at, entry_id, fingerprint, source, title_id)
		SELECT played_at, NULL, playlog.id, fingerprint, 1, named.id FROM playlog JOIN named ON named.n = playlist_id ORDER BY played_at`}, fill.indexes, countNamed(), fill.days} {
		if err := exec(ctx, slices.Concat(fill.before, statements)...); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	fmt.Printf("  %d plays of %d titles prepared in %s\n", o.audited, searchedTitles, time.Since(began).Round(time.Second))
	return nil
}

// searchOn asks a sync node over a database. server is the process of its server, if
// it has one.
func searchOn(ctx context.Context, o options, kind, database string, names []name, words []string, server int) error {
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
		if err = askOften(ctx, kind+": "+q.what, node, server, q.path); err != nil {
			break
		}
	}
	return errors.Join(err, node.stop())
}

// top asks for the titles of a period of some days.
func top(now time.Time, i, days int, more string) string {
	to := now.AddDate(0, 0, -3-i)
	return "/trackservice/top?from_date=" + to.AddDate(0, 0, -days).Format(time.DateOnly) + "&to_date=" + to.Format(time.DateOnly) + more
}

// askOften asks one question after the other, and prints how long the answers took,
// and how much of that processors worked in the service and in the database's server.
func askOften(ctx context.Context, what string, node *process, server int, path func(i int) string) error {
	var took []time.Duration
	size := 0
	before, err := workedBoth(node, server)
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
	after, err := workedBoth(node, server)
	if err != nil {
		return err
	}
	slices.Sort(took)
	round := func(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
	middle := took[len(took)/2]
	fmt.Printf("  %-54s median %s, worst %s, worked %s + %s, %d bytes, bar %s: %s\n", what, round(middle), round(took[len(took)-1]),
		round((after[0]-before[0])/searches), round((after[1]-before[1])/searches), size/searches, searchBar, verdict(middle > searchBar))
	return nil
}

// workedBoth is how long a service, and the server of its database, used a processor.
func workedBoth(node *process, server int) (both [2]time.Duration, err error) {
	if both[0], err = node.worked(); err != nil || server == 0 {
		return both, err
	}
	both[1], err = worked(server)
	return both, err
}
