package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

const (
	catchUpRateBar  = 20_000 // records a second
	catchUpRatioBar = 0.3
	// askedShare is how many times longer the benchmark waits before the next
	// question than the last answer took. So the questions take little of what is
	// measured. The fewer entries wait, the sooner they are counted, so the end is
	// not noticed late.
	askedShare = 50
	// readPause is how long a website waits between two requests to the sync node
	// meanwhile.
	readPause = 5 * time.Millisecond
)

// playedOften is how often each title of an ordinary backlog is played.
const playedOften = 10

// backlogs are what a sync node catches up with: what a station plays, and the worst,
// because a new title costs more.
var backlogs = []struct {
	name  string
	entry newEntry
}{
	{fmt.Sprintf("each title %d times", playedOften), repeatedEntry}, {"each title once", distinctEntry},
}

// repeatedEntry is seedEntry with one of so few titles that each is played often.
func repeatedEntry(i, records int, now time.Time) model.Entry {
	e := seedEntry(i, records, now)
	title := rand.New(rand.NewPCG(1, uint64(i))).IntN(max(1, records/playedOften))
	e.Artist, e.Title = fmt.Sprintf("Artist %d", title/playedOften), fmt.Sprintf("Title %d", title)
	return e
}

// benchCatchUp measures how fast a sync node that was away, and lost all its data,
// gets a node's whole unsynced playlog. A website reads from it at the same time.
// For comparison it measures mariadb-dump | mariadb of the same table.
func benchCatchUp(ctx context.Context, o options) error {
	return errors.Join(
		onServer(ctx, func(server *repotest.Server) error { return catchUpOnMariaDB(ctx, o, server) }),
		inFolder(func(dir string) error { return catchUpOnSQLite(ctx, o, dir) }))
}

func catchUpOnMariaDB(ctx context.Context, o options, server *repotest.Server) error {
	for i, b := range backlogs {
		name := fmt.Sprint("node", i)
		node, err := server.CreateDatabase(ctx, name)
		if err != nil {
			return err
		}
		if err := backlog(ctx, node, o.backlog, b.entry); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		dump, err := dumpAndLoad(ctx, o, server, name)
		if err != nil {
			return err
		}
		database, err := server.CreateDatabase(ctx, fmt.Sprint("sync", i))
		if err != nil {
			return err
		}
		rate, err := catchUp(ctx, o, "MariaDB, "+b.name, node, database)
		if err != nil {
			return err
		}
		report("MariaDB, "+b.name+": against mariadb-dump | mariadb", catchUpRatioBar,
			fmt.Sprintf("%.0f/s against %.0f/s", rate, dump), []float64{rate / dump})
	}
	return nil
}

func catchUpOnSQLite(ctx context.Context, o options, dir string) error {
	for i, b := range backlogs {
		node := fmt.Sprintf("sqlite://%s/node%d.db", dir, i)
		if err := backlog(ctx, node, o.backlog, b.entry); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		if _, err := catchUp(ctx, o, "SQLite, "+b.name, node, fmt.Sprintf("sqlite://%s/sync%d.db", dir, i)); err != nil {
			return err
		}
	}
	return nil
}

// backlog fills a node's database with unsynced records that entry makes: they end now,
// one every three minutes.
func backlog(ctx context.Context, url string, records int, entry newEntry) error {
	db, err := repo.OpenNode(repo.Config{URL: url, QueryTimeout: time.Minute}, zerolog.Nop())
	if err != nil {
		return err
	}
	if err := db.Migrate(ctx); err != nil {
		return errors.Join(err, db.Close())
	}
	err = absorb(records, entry, func(batch []model.Record) error {
		_, err := db.Absorb(ctx, batch, false)
		return err
	})
	if err == nil {
		err = deriveHeard(ctx, db)
	}
	return errors.Join(err, db.Close())
}

// deriveHeard derives what was heard at a node, as its service does when titles are
// played. Otherwise the service would do that while it is measured.
func deriveHeard(ctx context.Context, db *repo.Node) error {
	defaults := heard.Defaults()
	_, err := db.StartRule(ctx, onair.Config{
		FallbackShows: defaults.FallbackShows, LongestFile: defaults.LongestFile, LongestLive: defaults.LongestLive,
	}.Rule())
	if err != nil {
		return err
	}
	return db.PrepareHeard(ctx)
}

// archive fills a sync node's database with the records that entry makes, and its
// on-air log.
func archive(ctx context.Context, url string, records int, entry newEntry) error {
	db, err := repo.OpenStation(repo.Config{URL: url, QueryTimeout: time.Minute}, 1, zerolog.Nop())
	if err != nil {
		return err
	}
	if err := db.Migrate(ctx); err != nil {
		return errors.Join(err, db.Close())
	}
	if err := db.Prepare(ctx); err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(absorb(records, entry, func(batch []model.Record) error {
		_, err := db.Absorb(ctx, batch, true)
		return err
	}), db.Close())
}

// absorb calls do with the records that entry makes, 1000 at once.
func absorb(records int, entry newEntry, do func([]model.Record) error) error {
	now := time.Now().UTC().Truncate(time.Second)
	batch := make([]model.Record, 0, 1000)
	for i := range records {
		r := model.Record{Entry: entry(i, records, now)}
		r.Normalize()
		if batch = append(batch, r); len(batch) < cap(batch) && i < records-1 {
			continue
		}
		if err := do(batch); err != nil {
			return err
		}
		batch = batch[:0]
	}
	return nil
}

// dumpAndLoad is the rate of mariadb-dump | mariadb when it copies the playlog of a
// node's database into a new one.
func dumpAndLoad(ctx context.Context, o options, server *repotest.Server, node string) (float64, error) {
	loaded := node + "loaded"
	to, err := server.CreateDatabase(ctx, loaded)
	if err != nil {
		return 0, err
	}
	u, err := url.Parse(to)
	if err != nil {
		return 0, err
	}
	password, _ := u.User.Password()
	account := []string{"--no-defaults", "--host=" + u.Hostname(), "--port=" + u.Port(), "--user=" + u.User.Username(), "--password=" + password}
	dump := exec.CommandContext(ctx, "mariadb-dump", append(slices.Clone(account), node, "playlog")...)
	load := exec.CommandContext(ctx, "mariadb", append(slices.Clone(account), loaded)...)
	var trouble strings.Builder
	load.Stderr = &trouble
	if load.Stdin, err = dump.StdoutPipe(); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := dump.Start(); err != nil {
		return 0, err
	}
	err = load.Run()
	if err := errors.Join(err, dump.Wait()); err != nil {
		return 0, fmt.Errorf("mariadb-dump | mariadb: %w: %s", err, trouble.String())
	}
	return float64(o.backlog) / time.Since(began).Seconds(), nil
}

// catchUp starts a station whose node has everything unsynced. It returns how many
// records a second arrive until none waits any more.
func catchUp(ctx context.Context, o options, name, nodeDatabase, syncDatabase string) (float64, error) {
	began := time.Now()
	s, err := startStation(ctx, o, nodeDatabase, syncDatabase)
	if err != nil {
		return 0, err
	}
	website := visit(ctx, s.sync.url)
	for {
		asked := time.Now()
		var waiting int64
		if waiting, err = s.waiting(ctx); err != nil || waiting == 0 {
			break
		}
		select {
		case <-ctx.Done(): // the next request reports it
		case <-time.After(askedShare * time.Since(asked)): // for each question the node counts all that waits
		}
	}
	took := time.Since(began)
	worked, failed := s.sync.worked()
	err = errors.Join(err, failed)
	reads := website.end()
	total := 0
	if err == nil {
		total, err = count(ctx, s.sync.url+"/api/v1/playlog?source=all&limit=1")
	}
	if err == nil && total != o.backlog {
		err = fmt.Errorf("%d arrived, want %d", total, o.backlog)
	}
	if err := errors.Join(err, s.stop()); err != nil {
		return 0, err
	}
	rate := float64(o.backlog) / took.Seconds()
	fmt.Printf("  %-54s %d in %s, %.0f/s, bar %d/s: %s; the sync node worked %s for each, reads included\n", name+": catching up", o.backlog, took.Round(100*time.Millisecond),
		rate, catchUpRateBar, verdict(rate < catchUpRateBar), (worked / time.Duration(o.backlog)).Round(time.Microsecond))
	fmt.Printf("  %-54s %s\n", name+": reads meanwhile, /trackservice", reads)
	return rate, nil
}

// count reads how many items a list has in total.
func count(ctx context.Context, url string) (n int, err error) {
	res, err := ask(ctx, url)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return strconv.Atoi(res.Header.Get("X-Total-Count"))
}

// visits are the reads of a website.
type visits struct {
	cancel context.CancelFunc
	gone   sync.WaitGroup
	began  time.Time
	failed int
	took   []time.Duration
}

// visit reads the track service, one request after the other, until end.
func visit(ctx context.Context, url string) *visits {
	ctx, cancel := context.WithCancel(ctx)
	v := &visits{cancel: cancel, began: time.Now()}
	paths := []string{"/api/v1/trackservice?limit=50", "/api/v1/trackservice?limit=10&page=1"}
	v.gone.Go(func() {
		tick := time.NewTicker(readPause)
		defer tick.Stop()
		for i := 0; ; i++ {
			asked := time.Now()
			if _, err := fetch(ctx, url+paths[i%len(paths)]); err == nil { // whether the answer is right does not matter here
				v.took = append(v.took, time.Since(asked))
			} else if ctx.Err() == nil {
				v.failed++
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return v
}

// end ends the visits and reports how they went.
func (v *visits) end() string {
	v.cancel()
	v.gone.Wait()
	if len(v.took) == 0 {
		return fmt.Sprintf("none was answered, %d failed", v.failed)
	}
	rate := float64(len(v.took)) / time.Since(v.began).Seconds()
	slices.Sort(v.took)
	return fmt.Sprintf("%.0f/s, p50 %.1f ms, p99 %.1f ms, worst %.0f ms, %d failed", rate, milliseconds(v.took[len(v.took)/2]),
		milliseconds(v.took[len(v.took)*99/100]), milliseconds(v.took[len(v.took)-1]), v.failed)
}
