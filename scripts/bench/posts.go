package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	_ "github.com/glebarez/go-sqlite"  // the bare peer's driver for SQLite
	_ "github.com/go-sql-driver/mysql" // and for MariaDB
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

const (
	oneClientBar   = 0.8
	manyClients    = 64
	manyClientsBar = 5
)

// target is a database under measurement. It has the service's own database and,
// on the same server, others for the repository alone and for bare INSERTs. The
// service begins with an empty one: what was stored before its first start has
// another rule, and would be derived while it is measured.
type target struct {
	name           string
	url            string
	storeURL       string
	bareURL        string
	driver, source string // how database/sql opens bareURL
}

// benchPosts compares acknowledged POSTs with bare prepared INSERTs of the same
// row, each committed, on the same server and settings.
func benchPosts(ctx context.Context, o options) error {
	return inFolder(func(dir string) error {
		return onServer(ctx, func(server *repotest.Server) error {
			targets, err := benchTargets(ctx, dir, server)
			if err != nil {
				return err
			}
			for _, t := range targets {
				err = errors.Join(err, benchTarget(ctx, o, dir, t))
			}
			return err
		})
	})
}

// bareSQLite are the settings of a bare SQLite file: those of the services.
const bareSQLite = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate"

func benchTargets(ctx context.Context, dir string, server *repotest.Server) ([]target, error) {
	mariadb := target{name: "MariaDB", driver: "mysql"}
	for name, url := range map[string]*string{"subject": &mariadb.url, "store": &mariadb.storeURL, "bare": &mariadb.bareURL} {
		var err error
		if *url, err = server.CreateDatabase(ctx, name); err != nil {
			return nil, err
		}
	}
	mariadb.source = server.DSN("bare")
	bare := filepath.Join(dir, "bare.db")
	return []target{
		{
			name: "SQLite", url: "sqlite://" + filepath.Join(dir, "subject.db"), storeURL: "sqlite://" + filepath.Join(dir, "store.db"),
			bareURL: "sqlite://" + bare, driver: "sqlite", source: "file:" + bare + bareSQLite,
		},
		mariadb,
	}, nil
}

func benchTarget(ctx context.Context, o options, dir string, t target) error {
	if err := migrate(ctx, t.bareURL); err != nil {
		return err
	}
	peer, err := openBare(ctx, t)
	if err != nil {
		return err
	}
	bare := func() (float64, error) { return peer.rate(ctx, o) }
	err = errors.Join(
		benchStore(ctx, o, t, bare),
		benchFloor(ctx, o, dir, t, peer, bare),
		benchService(ctx, o, dir, t, bare),
	)
	return errors.Join(err, peer.close())
}

// benchStore measures the repository alone, which shows how much HTTP costs on
// top.
func benchStore(ctx context.Context, o options, t target, bare func() (float64, error)) error {
	if err := migrate(ctx, t.storeURL); err != nil {
		return err
	}
	db, err := repo.OpenNode(repo.Config{URL: t.storeURL}, zerolog.Nop())
	if err != nil {
		return err
	}
	for _, c := range []struct {
		callers int
		bar     float64
	}{{1, oneClientBar}, {manyClients, manyClientsBar}} {
		err = errors.Join(err, pairs(o, fmt.Sprintf("%s: store without HTTP, %d at once", t.name, c.callers), c.bar,
			func() (float64, error) { return stores(ctx, o, db, c.callers) }, bare))
	}
	return errors.Join(err, db.Close())
}

// stores is the rate at which concurrent callers store entries.
func stores(ctx context.Context, o options, db *repo.Node, callers int) (float64, error) {
	var n atomic.Int64
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for range callers {
		g.Go(func() error {
			for ; time.Since(began) < o.length; n.Add(1) {
				start := nextStart()
				e := model.Entry{
					LogSource: 1, TrackStart: time.Unix(start, 0),
					Artist: "Mazzie Star", Album: "So Tonight That I Might See", Title: fmt.Sprint("Fade Into You ", start),
					TrackNum: 1, Duration: 295 * time.Second, ShowName: "Bench",
				}
				e.Normalize()
				if err := db.StoreEntry(ctx, e); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return float64(n.Load()) / time.Since(began).Seconds(), err
}

// benchFloor is what any HTTP server in Go can reach: net/http with only the bare
// INSERT behind it. It has no bar.
func benchFloor(ctx context.Context, o options, dir string, t target, peer *bareTable, bare func() (float64, error)) error {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if err = errors.Join(err, peer.insert(r.Context())); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	return pairs(o, t.name+": floor, net/http and bare INSERT, 1 client", 0,
		func() (float64, error) { return posts(ctx, o, dir, server.URL, 1) }, bare)
}

func benchService(ctx context.Context, o options, dir string, t target, bare func() (float64, error)) error {
	subject, err := startEngineAPI(ctx, o.binary, t.url)
	if err != nil {
		return err
	}
	err = errors.Join(
		pairs(o, t.name+": POST, 1 client", oneClientBar,
			func() (float64, error) { return posts(ctx, o, dir, subject.url, 1) }, bare),
		pairs(o, fmt.Sprintf("%s: POST, %d clients", t.name, manyClients), manyClientsBar,
			func() (float64, error) { return posts(ctx, o, dir, subject.url, manyClients) }, bare),
	)
	return errors.Join(err, subject.stop())
}

func migrate(ctx context.Context, url string) error {
	db, err := repo.OpenNode(repo.Config{URL: url}, zerolog.Nop())
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}

// played numbers the entries of the whole run, so that each is a new one.
var played atomic.Int64

// nextStart is when the next entry starts, in Unix time. Titles follow one another
// as on the radio, so that what was heard of one does not hang on all before.
func nextStart() int64 { return startOf(played.Add(1)) }

func startOf(number int64) int64 { return postEpoch + number*titleSeconds }

// titleSeconds is short, so that all entries are in the past.
const titleSeconds = 10

const postEpoch = 1_000_000_000 // Unix time: 2001; an engine means no start before 2000

// bareTable is the peer: one connection and one prepared statement.
type bareTable struct {
	db        *sql.DB
	statement *sql.Stmt
}

func openBare(ctx context.Context, t target) (*bareTable, error) {
	db, err := sql.Open(t.driver, t.source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	statement, err := db.PrepareContext(ctx, `INSERT INTO playlog
		(fingerprint, log_source, track_start, track_artist, track_album, track_title, track_num, duration_ms, show_name, played_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &bareTable{db, statement}, nil
}

func (b *bareTable) close() error { return errors.Join(b.statement.Close(), b.db.Close()) }

func (b *bareTable) insert(ctx context.Context) error {
	start := nextStart()
	at := time.Unix(start, 0).UTC().Format("2006-01-02 15:04:05.000000")
	_, err := b.statement.ExecContext(ctx, fmt.Appendf(nil, "%016d", start), 1, at,
		"Mazzie Star", "So Tonight That I Might See", fmt.Sprint("Fade Into You ", start), 1, 295000, "Bench", at)
	return err
}

// rate is the rate of a single client that inserts one row after another.
func (b *bareTable) rate(ctx context.Context, o options) (float64, error) {
	began, n := time.Now(), 0
	for ; time.Since(began) < o.length; n++ {
		if err := b.insert(ctx); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

//go:embed post.lua
var postScript []byte

// maxRate is more POSTs a second than any run makes. For each second of a run,
// that many entries are reserved.
const maxRate = 100_000

// posts is the rate of acknowledged POSTs from concurrent clients.
func posts(ctx context.Context, o options, dir, url string, clients int) (float64, error) {
	script := filepath.Join(dir, "post.lua")
	if err := os.WriteFile(script, postScript, 0o600); err != nil {
		return 0, err
	}
	first := played.Add(int64(o.length.Seconds() * maxRate)) // far from the starts that bare INSERTs use
	return wrk(ctx, o, clients, url+"/api/v1/playlog", "-s", script, "--", strconv.FormatInt(startOf(first), 10), strconv.Itoa(titleSeconds))
}
