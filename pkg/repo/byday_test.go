package repo_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// A long list: a play every three minutes, until now.
const (
	longList = 20_000
	aDay     = 24 * 60 / 3
)

// fillLong stores the list as a playlog and as an on-air log.
func fillLong(t *testing.T, raw *sql.DB, kind repotest.Kind) {
	t.Helper()
	at, fingerprint, day := "strftime('%Y-%m-%d %H:%M:%f000', '"+longFirst.Format(time.DateTime)+"', (3 * n) || ' minutes')", "CAST(printf('%016d', n) AS BLOB)", "substr(from_at, 1, 10)"
	if kind == repotest.KindMariaDB {
		at, fingerprint, day = "'"+longFirst.Format(time.DateTime)+"' + INTERVAL 3 * n MINUTE", "LPAD(n, 16, '0')", "DATE(from_at)"
	}
	insert := "INSERT INTO playlog (fingerprint, log_source, track_start, played_at, track_title) SELECT " + fingerprint + ", 1, " + at + ", " + at + ", 'title' FROM "
	if kind == repotest.KindMariaDB {
		execSQL(t, raw, fmt.Sprintf("%s (SELECT seq AS n FROM seq_0_to_%d) AS numbers", insert, longList-1))
	} else {
		execSQL(t, raw, fmt.Sprintf("WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) %s numbers", longList-1, insert))
	}
	execSQL(t, raw, "INSERT INTO onair (from_at, entry_id, fingerprint, source) SELECT played_at, id, fingerprint, log_source FROM playlog")
	execSQL(t, raw, "INSERT INTO onair_day (day, segments) SELECT "+day+", COUNT(*) FROM onair GROUP BY "+day)
	if kind == repotest.KindMariaDB {
		execSQL(t, raw, "ANALYZE TABLE playlog, onair, onair_day")
	}
}

var longFirst = time.Now().UTC().Truncate(time.Minute).Add(-3 * longList * time.Minute)

// TestDB_Entries_deep: a page at any depth is right, and reads at most as many rows
// as there are days and as two days have. That holds for the playlog and the on-air
// log, from both ends, and for a list with bounds.
func TestDB_Entries_deep(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		fillLong(t, raw, kind)
		if err := db.CountDays(t.Context()); err != nil {
			t.Fatal(err)
		}
		const limit = 50
		bound := 2*(longList/aDay+2) + 4*aDay + 10*limit // the days are summed up, and gone through once
		for name, log := range map[string]entries{"playlog": db, "on air": db.Station(t, 1).OnAir()} {
			for _, q := range []model.EntryQuery{
				{Offset: limit}, {Offset: longList / 2}, {Offset: longList - limit}, {Offset: longList}, {Offset: 1_000_000_000},
				{Offset: longList / 2, Oldest: true}, {Offset: longList - limit, Oldest: true},
				{Offset: longList / 2, From: longFirst.Add(time.Hour), To: longFirst.Add(3 * longList * time.Minute)},
			} {
				q.Limit = limit
				rows := rowsRead(t, db, raw, kind, func() error {
					_, err := log.Entries(t.Context(), q)
					return err
				})
				if rows > bound {
					t.Errorf("%s, %+v: reads %d rows, at most %d are needed", name, q, rows, bound)
				}
				wantTitles(t, log, q)
			}
		}
	})
}

// wantTitles: the page has the entries of its place, by their times.
func wantTitles(t *testing.T, log entries, q model.EntryQuery) {
	t.Helper()
	page := find(t, log, q)
	if q.Offset >= longList {
		if len(page) > 0 {
			t.Errorf("%+v: %d entries beyond the end", q, len(page))
		}
		return
	}
	for i, e := range page {
		n := longList - 1 - q.Offset - i
		if q.Oldest {
			n = q.Offset + i
		}
		if want := longFirst.Add(time.Duration(3*n) * time.Minute); !e.TrackStart.Equal(want) {
			t.Errorf("%+v: entry %d began %s, want %s", q, i, e.TrackStart, want)
			return
		}
	}
	if len(page) != q.Limit {
		t.Errorf("%+v: %d entries", q, len(page))
	}
}

// rowsRead is how many rows the statements of run read, in tables and in indexes.
// MariaDB counts them. Of SQLite's statements, which TestIndexes shows to follow an
// index, each reads what it counts, or what its page leaves out and has.
func rowsRead(t *testing.T, db *repo.Node, raw *sql.DB, kind repotest.Kind, run func() error) (n int) {
	t.Helper()
	type statement struct {
		text string
		args []any
	}
	var all []statement
	stop := db.Record(func(text string, args []any) { all = append(all, statement{text, args}) })
	err := run()
	stop()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := raw.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range all {
		if kind == repotest.KindMariaDB {
			n += handled(t, conn, s.text, s.args)
		} else {
			n += followed(t, conn, s.text, s.args)
		}
	}
	return n
}

// handled is how many rows MariaDB reads for a statement.
func handled(t *testing.T, conn *sql.Conn, text string, args []any) (n int) {
	t.Helper()
	ctx := t.Context()
	if _, err := conn.ExecContext(ctx, "FLUSH STATUS"); err != nil {
		t.Fatal(err)
	}
	drain(t, conn, text, args)
	rows, err := conn.QueryContext(ctx, "SHOW SESSION STATUS LIKE 'Handler_read%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var reads int
		if err := rows.Scan(&name, &reads); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(name, "_rnd") { // of a temporary table, in memory
			n += reads
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

var pageOf = regexp.MustCompile(`LIMIT (\d+)(?: OFFSET (\d+))?$`)

// followed is how many rows SQLite reads for a statement.
func followed(t *testing.T, conn *sql.Conn, text string, args []any) (n int) {
	t.Helper()
	if strings.Contains(text, "COUNT(*)") {
		var counted int
		if err := conn.QueryRowContext(t.Context(), text, args...).Scan(&counted); err != nil {
			t.Fatal(err)
		}
		return counted
	}
	n = drain(t, conn, text, args)
	if strings.Contains(text, "_day") {
		return longList/aDay + 2
	}
	if page := pageOf.FindStringSubmatch(text); page != nil {
		left, _ := strconv.Atoi(page[2]) // nothing is left out
		n += left
	}
	return 2 * n // the joined one, too
}

// drain executes a query and returns how many rows it has.
func drain(t *testing.T, conn *sql.Conn, text string, args []any) (n int) {
	t.Helper()
	rows, err := conn.QueryContext(context.WithoutCancel(t.Context()), text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
