package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	_ "github.com/glebarez/go-sqlite"  // the bare peer's driver for SQLite
	_ "github.com/go-sql-driver/mysql" // and for MariaDB
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

const (
	oneClientBar   = 0.8
	manyClients    = 64
	manyClientsBar = 5
)

// target is a database under measurement: the service's own, and beside it on
// the same server one for bare INSERTs.
type target struct {
	name           string
	url            string
	bareURL        string
	driver, source string // how database/sql opens bareURL
}

// benchPosts compares acknowledged POSTs with bare prepared INSERTs of the same
// row, each committed, on the same server and settings.
func benchPosts(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "aura-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := repotest.StartMariaDB(ctx)
	if err != nil {
		return err
	}
	targets, err := benchTargets(ctx, dir, server)
	if err == nil {
		for _, t := range targets {
			err = errors.Join(err, benchTarget(ctx, o, dir, t))
		}
	}
	return errors.Join(err, server.Close())
}

func benchTargets(ctx context.Context, dir string, server *repotest.Server) ([]target, error) {
	mariadb := target{name: "MariaDB", driver: "mysql"}
	for name, url := range map[string]*string{"subject": &mariadb.url, "bare": &mariadb.bareURL} {
		var err error
		if *url, err = server.CreateDatabase(ctx, name); err != nil {
			return nil, err
		}
	}
	mariadb.source = server.DSN("bare")
	bare := filepath.Join(dir, "bare.db")
	return []target{
		{
			name: "SQLite", url: "sqlite://" + filepath.Join(dir, "subject.db"), bareURL: "sqlite://" + bare, driver: "sqlite",
			source: "file:" + bare + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate",
		},
		mariadb,
	}, nil
}

func benchTarget(ctx context.Context, o options, dir string, t target) error {
	if err := migrate(ctx, t.bareURL); err != nil {
		return err
	}
	subject, err := startEngineAPI(ctx, o.binary, t.url)
	if err != nil {
		return err
	}
	bare := func() (float64, error) { return bareInserts(ctx, o, t) }
	err = errors.Join(
		pairs(o, t.name+": POST, 1 client", oneClientBar,
			func() (float64, error) { return posts(ctx, o, dir, subject.url, 1) }, bare),
		pairs(o, fmt.Sprintf("%s: POST, %d clients", t.name, manyClients), manyClientsBar,
			func() (float64, error) { return posts(ctx, o, dir, subject.url, manyClients) }, bare),
	)
	return errors.Join(err, subject.stop())
}

func migrate(ctx context.Context, url string) error {
	db, err := repo.Open(repo.Config{URL: url}, zerolog.Nop()) //nolint:contextcheck // its goroutine ends with Close
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}

// played numbers the entries of the whole run, so that each is a new one: it is
// the second after postEpoch at which an entry starts.
var played atomic.Int64

const postEpoch = 100_000_000 // Unix time: 1973

// bareInserts is the rate of one client with one prepared statement.
func bareInserts(ctx context.Context, o options, t target) (float64, error) {
	db, err := sql.Open(t.driver, t.source)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	insert, err := db.PrepareContext(ctx, `INSERT INTO playlog
		(fingerprint, log_source, track_start, track_artist, track_album, track_title, track_num, duration_ms, show_name, played_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	began, n := time.Now(), 0
	for ; time.Since(began) < o.length; n++ {
		start := postEpoch + played.Add(1)
		at := time.Unix(start, 0).UTC().Format("2006-01-02 15:04:05.000000")
		fingerprint := fmt.Appendf(nil, "%016d", start)
		if _, err := insert.ExecContext(ctx, fingerprint, 1, at, "Mazzie Star", "So Tonight That I Might See", "Fade Into You", n, 295000, "Bench", at); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

//go:embed post.lua
var postScript []byte

// maxRate is more POSTs a second than any run makes: so many seconds of the
// calendar are set aside for it.
const maxRate = 100_000

// posts is the rate of acknowledged POSTs of clients at once.
func posts(ctx context.Context, o options, dir, url string, clients int) (float64, error) {
	script := filepath.Join(dir, "post.lua")
	if err := os.WriteFile(script, postScript, 0o600); err != nil {
		return 0, err
	}
	first := played.Add(int64(o.length.Seconds() * maxRate)) // far from what bare INSERTs count
	return wrk(ctx, o, clients, url+"/api/v1/playlog", "-s", script, "--", strconv.FormatInt(postEpoch+first, 10))
}
