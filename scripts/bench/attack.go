package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// What a station needs while visitors read the worst that they may.
const (
	attackers       = 64
	attackRecords   = 300_000
	attackLength    = 5 // runs' lengths
	attackPause     = 10 * time.Millisecond
	attackFailovers = 5

	activationBar = 100 * time.Millisecond
	postBar       = 50 * time.Millisecond
)

// benchAttack measures how long activations, POSTs and leases take at a sync node, and
// how soon the monitor switches, while visitors from many addresses read what takes
// most work. Each visitor has one request at a time, below the limit of an address.
func benchAttack(ctx context.Context, o options) error {
	return onEach(ctx, func(name, dir string, database newDatabase) error {
		url, err := database(ctx, "sync")
		if err != nil {
			return err
		}
		return benchAttackOn(ctx, o, name, dir, url)
	})
}

func benchAttackOn(ctx context.Context, o options, name, dir, database string) error {
	records := min(o.records, attackRecords)
	if err := archive(ctx, database, records, seedEntry); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	node, err := startService(ctx, o.syncNode, port, database, "AURA_TRUSTED_PROXIES=127.0.0.1")
	if err != nil {
		return err
	}
	quiet, err := measureNeeds(ctx, o, node.url)
	if err == nil {
		var reads *attack
		reads, err = underAttack(ctx, node.url, records, func() error {
			busy, err := measureNeeds(ctx, o, node.url)
			if err != nil {
				return err
			}
			for i, need := range needs {
				reportNeed(name+": "+need.name, need.bar, busy[i], quiet[i])
			}
			return failoverAttacked(ctx, o, name, dir, node.url)
		})
		if err == nil {
			fmt.Printf("  %-54s %d answered, %d told to come again, in %s\n", name+": reads of "+fmt.Sprint(attackers)+" visitors",
				reads.answered.Load(), reads.refused.Load(), reads.took.Round(time.Second))
		}
	}
	return errors.Join(err, node.stop())
}

// need is a request that must not wait for visitors.
type need struct {
	name string
	bar  time.Duration // of the 99th percentile; 0 means none
	make func(i int) (method, path, body string)
}

var needs = []need{
	{"activation", activationBar, func(i int) (method, path, body string) {
		return http.MethodPut, fmt.Sprintf("/api/v1/source/active/%d", 1+i%2), ""
	}},
	// Each play is over before the next one is sent. Otherwise all plays of the run
	// would be in one slot, which is derived as a whole: no station plays like that.
	{"POST", postBar, func(i int) (method, path, body string) {
		at := time.Now().UTC().Format(time.RFC3339Nano)
		return http.MethodPost, "/api/v1/playlog", fmt.Sprintf(`{"track_start": %q, "track_title": "Attack %d", "track_duration": 0.01, "log_source": 1}`, at, i)
	}},
	{"lease", 0, func(int) (method, path, body string) {
		return http.MethodPut, "/api/v1/source/lease", `{"holder": "bench", "seconds": 5}`
	}},
	{"active source", 0, func(int) (method, path, body string) {
		return http.MethodGet, "/api/v1/source/active", ""
	}},
}

// measureNeeds makes the requests of all needs side by side, and returns how long each
// took, sorted.
func measureNeeds(ctx context.Context, o options, url string) ([][]time.Duration, error) {
	took := make([][]time.Duration, len(needs))
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for i, n := range needs {
		g.Go(func() error {
			for k := 0; time.Since(began) < attackLength*o.length; k++ {
				sent := time.Now()
				if status, err := send(ctx, url, "", n.make, k); err != nil || status >= http.StatusMultipleChoices {
					return fmt.Errorf("%s: answered %d, %w", n.name, status, err)
				}
				took[i] = append(took[i], time.Since(sent))
				if err := pause(ctx, attackPause); err != nil {
					return err
				}
			}
			slices.Sort(took[i])
			return nil
		})
	}
	return took, g.Wait()
}

// send makes a request and reads the answer. from is the address that a proxy names,
// "" if there is none.
func send(ctx context.Context, url, from string, make func(int) (method, path, body string), k int) (status int, err error) {
	method, path, body := make(k)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if from != "" {
		req.Header.Set("X-Forwarded-For", from)
	}
	res, err := attackClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// attackClient keeps the connections of all visitors.
var attackClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * attackers}}

func reportNeed(name string, bar time.Duration, busy, quiet []time.Duration) {
	p50, p99 := busy[len(busy)/2], busy[len(busy)*99/100]
	q50, q99 := quiet[len(quiet)/2], quiet[len(quiet)*99/100]
	what := ""
	if bar > 0 {
		what = fmt.Sprintf(", bar %s: %s", bar, verdict(p99 > bar))
	}
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	fmt.Printf("  %-54s p50 %.1f ms, p99 %.1f ms; without attack %.1f and %.1f ms: ratio %.1f and %.1f%s\n", name,
		ms(p50), ms(p99), ms(q50), ms(q99), ms(p50)/ms(q50), ms(p99)/ms(q99), what)
}

// attack is what visitors read.
type attack struct {
	answered, refused atomic.Int64
	took              time.Duration
}

// underAttack runs do while visitors read.
func underAttack(ctx context.Context, url string, records int, do func() error) (*attack, error) {
	a := new(attack)
	began := time.Now()
	reading, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	failed := make(chan error, attackers)
	for i := range attackers {
		all.Go(func() {
			if err := a.read(reading, url, fmt.Sprintf("198.51.100.%d", i+1), records); err != nil && reading.Err() == nil {
				failed <- err
			}
		})
	}
	err := do()
	stop()
	all.Wait()
	close(failed)
	a.took = time.Since(began)
	return a, errors.Join(err, <-failed)
}

// read is one visitor, who asks below the limit of an address, and never twice for the
// same.
func (a *attack) read(ctx context.Context, url, from string, records int) error {
	const perSecond = 40
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	for k := 0; ; k++ {
		status, err := send(ctx, url, from, worstRead(records), k)
		switch {
		case err != nil:
			return err
		case status == http.StatusTooManyRequests:
			a.refused.Add(1)
		case status == http.StatusOK:
			a.answered.Add(1)
		default:
			return fmt.Errorf("a visitor is answered %d", status)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// worstRead are the reads that take most work, of a random place.
func worstRead(records int) func(int) (method, path, body string) {
	return func(k int) (method, path, body string) {
		place := rand.IntN(records)
		path = fmt.Sprintf("/api/v1/trackservice?limit=50&page=%d", place/50)
		switch k % 4 {
		case 1:
			path = fmt.Sprintf("/api/v1/trackservice?limit=1000&offset=%d", place)
		case 2:
			path = "/api/v1/trackservice/day/" + time.Now().AddDate(0, 0, -place/500).Format(time.DateOnly)
		case 3:
			path = fmt.Sprintf("/engine/api/v1/playlog?containsMusic=true&limit=1000&offset=%d", rand.IntN(maxNamedOffset))
		}
		return http.MethodGet, path, ""
	}
}

// maxNamedOffset is how deep a list of titles with a name may be read by offset.
const maxNamedOffset = 5000

// failoverAttacked measures the time from an engine's last heartbeat until another
// source is active, at a sync node that is under attack.
func failoverAttacked(ctx context.Context, o options, name, dir, node string) error {
	engines, err := newEngines(attackFailovers + 1)
	if err != nil {
		return err
	}
	defer engines.close()
	if status, err := send(ctx, node, "", func(int) (method, path, body string) { return http.MethodPut, "/api/v1/source/active/1", "" }, 0); err != nil || status >= http.StatusMultipleChoices {
		return fmt.Errorf("activate source 1: answered %d, %w", status, err)
	}
	monitor, to, err := startMonitor(ctx, o, filepath.Join(dir, name+"-monitor.db"), node, engines, time.Second)
	if err != nil {
		return err
	}
	took, err := fall(ctx, node, monitor.url, engines, to, time.Second, attackFailovers)
	if err = errors.Join(err, monitor.stop()); err != nil {
		return err
	}
	slices.Sort(took)
	fmt.Printf("  %-54s p50 %.3f s, worst %.3f s, bar %.1f s: %s\n", name+": last heartbeat to activated",
		took[len(took)/2].Seconds(), took[len(took)-1].Seconds(), failoverBar.Seconds(), verdict(took[len(took)-1] > failoverBar))
	return nil
}
