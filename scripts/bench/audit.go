package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"aura.radio/engine/pkg/repo/repotest"
)

// auditStep is the time between the starts of two records, in seconds. Each record
// also lasts that long. Ten million such records are a lifetime of playlogs.
const auditStep = 120

// benchAudit measures how long `sync-node audit` takes to prove that a node and
// the sync node hold the same records, and that the on-air log follows from them.
// For comparison it measures CHECKSUM TABLE, MariaDB's own way to compare two
// tables.
func benchAudit(ctx context.Context, o options) error {
	return errors.Join(
		onServer(ctx, func(server *repotest.Server) error { return auditOnMariaDB(ctx, o, server) }),
		inFolder(func(dir string) error { return auditOnSQLite(ctx, o, dir) }))
}

// firstAudited is the start of the first record, in Unix time. It is chosen so
// that the last record ends now.
func firstAudited(o options) int64 { return time.Now().Unix() - int64(o.audited+1)*auditStep }

func auditOnMariaDB(ctx context.Context, o options, server *repotest.Server) error {
	var urls [2]string
	for i, name := range []string{"node", "sync"} {
		var err error
		if urls[i], err = server.CreateDatabase(ctx, name); err != nil {
			return err
		}
		if err := migrate(ctx, urls[i]); err != nil {
			return err
		}
	}
	began := time.Now()
	// The keys follow one another, so that no index has to be sorted.
	err := server.Exec(ctx,
		fmt.Sprintf(`INSERT INTO node.playlog
			(fingerprint, content, log_source, track_start, played_at, track_artist, track_title, duration_ms, is_synced)
			SELECT UNHEX(LPAD(HEX(n), 32, '0')), UNHEX(MD5(n)), 1, at, at, CONCAT('Artist ', n %% 5000), CONCAT('Title ', n %% 60000), %d, 1
			FROM (SELECT seq AS n, '1970-01-01' + INTERVAL %d + seq * %d SECOND AS at FROM node.seq_1_to_%d) AS numbers`,
			auditStep*1000, firstAudited(o), auditStep, o.audited),
		"INSERT INTO sync.playlog SELECT * FROM node.playlog")
	exec := func(ctx context.Context, statements ...string) error {
		return server.Exec(ctx, append([]string{"USE sync"}, statements...)...)
	}
	if err == nil {
		err = storeNames(ctx, exec, auditedNames())
	}
	if err == nil {
		err = exec(ctx, slices.Concat([]string{fmt.Sprintf(`INSERT INTO onair (from_at, until_at, entry_id, fingerprint, source, title_id)
			SELECT played_at, played_at + INTERVAL %d SECOND, playlog.id, fingerprint, 1, named.id FROM playlog STRAIGHT_JOIN named ON named.n = playlog.id %% 60000`, auditStep)}, countNamed())...)
	}
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	fmt.Printf("  %d records prepared in two databases in %s\n", o.audited, time.Since(began).Round(time.Second))

	began = time.Now()
	if err := server.Exec(ctx, "CHECKSUM TABLE node.playlog, sync.playlog"); err != nil {
		return err
	}
	checksum := time.Since(began)
	took, err := audit(ctx, o, "MariaDB", urls[0], urls[1])
	if err != nil {
		return err
	}
	report("MariaDB: audit, against CHECKSUM TABLE of both", 0,
		fmt.Sprintf("%s against %s", took.Round(10*time.Millisecond), checksum.Round(10*time.Millisecond)), []float64{checksum.Seconds() / took.Seconds()})
	return nil
}

func auditOnSQLite(ctx context.Context, o options, dir string) error {
	node, sync := filepath.Join(dir, "node.db"), filepath.Join(dir, "sync.db")
	if err := migrate(ctx, "sqlite://"+node); err != nil {
		return err
	}
	began := time.Now()
	err := execSQLite(ctx, node, fmt.Sprintf(`WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)
		INSERT INTO playlog (fingerprint, content, log_source, track_start, played_at, track_artist, track_title, duration_ms, is_synced)
		SELECT unhex(printf('%%032x', n)), randomblob(16), 1, at, at, 'Artist ' || (n %% 5000), 'Title ' || (n %% 60000), %d, 1
		FROM (SELECT n, datetime(%d + n * %d, 'unixepoch') || '.000000' AS at FROM numbers)`,
		o.audited, auditStep*1000, firstAudited(o), auditStep))
	if err == nil {
		err = copyFile(sync, node)
	}
	exec := func(ctx context.Context, statements ...string) error { return execSQLite(ctx, sync, statements...) }
	if err == nil {
		err = storeNames(ctx, exec, auditedNames())
	}
	if err == nil {
		err = exec(ctx, slices.Concat([]string{fmt.Sprintf(`INSERT INTO onair (from_at, until_at, entry_id, fingerprint, source, title_id)
			SELECT played_at, datetime(played_at, '%d seconds') || '.000000', playlog.id, fingerprint, 1, named.id
			FROM playlog CROSS JOIN named ON named.n = playlog.id %% 60000 ORDER BY played_at`, auditStep)}, countNamed())...)
	}
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	fmt.Printf("  %d records prepared in two files in %s\n", o.audited, time.Since(began).Round(time.Second))
	_, err = audit(ctx, o, "SQLite", "sqlite://"+node, "sqlite://"+sync)
	return err
}

// execSQLite executes statements on a file that nobody else has open, as fast as it
// goes: what is cut off is lost.
func execSQLite(ctx context.Context, file string, statements ...string) error {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=cache_size(-262144)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return errors.Join(err, db.Close())
		}
	}
	return db.Close()
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// audit starts a station on those databases and measures the audit. It fails if
// the audit does not prove the databases equal.
func audit(ctx context.Context, o options, name, nodeDatabase, syncDatabase string) (time.Duration, error) {
	s, err := startStation(ctx, o, nodeDatabase, syncDatabase)
	if err != nil {
		return 0, err
	}
	// The sync node compares by itself when it starts; that comparison must be
	// over.
	if err = s.reconciled(ctx); err == nil {
		began := time.Now()
		err = s.run(ctx, o, "audit")
		if took := time.Since(began); err == nil {
			fmt.Printf("  %-54s %d records in %s, %.0f/s\n", name+": audit", o.audited, took.Round(10*time.Millisecond), float64(o.audited)/took.Seconds())
			return took, s.stop()
		}
	}
	return 0, errors.Join(err, s.stop())
}
