package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// arriving is how many listeners connect at once.
const arriving = 64

// announcement is what a listener waits for in an event.
var announcement = regexp.MustCompile(`Announced \d+`)

func announce(number int) string { return fmt.Sprintf("Announced %d", number) }

// beCrowd is the process of a crowd. It listens until its input ends.
func beCrowd(ctx context.Context, url, listeners string) error {
	n, err := strconv.Atoi(listeners)
	if err != nil {
		return err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		leave()
	}()
	t := &tally{of: n, out: json.NewEncoder(os.Stdout), had: map[int]time.Time{}}
	doors := make(chan struct{}, arriving)
	g, listening := errgroup.WithContext(ctx)
	for listener := range n {
		g.Go(func() error {
			doors <- struct{}{}
			err := t.listen(listening, listener, url, sync.OnceFunc(func() { <-doors }))
			if errors.Is(err, errSentAway) && ctx.Err() == nil {
				return t.lose(listener)
			}
			return err
		})
	}
	if err := g.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// tally collects when each listener had an announcement.
type tally struct {
	out     *json.Encoder
	mu      sync.Mutex
	of      int // listeners that are still there
	lost    int
	awaited string // the announcement that some of them have
	had     map[int]time.Time
}

// add notes that a listener had an announcement.
func (t *tally) add(listener int, what string, at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.awaited = what
	t.had[listener] = at
	return t.tell()
}

// lose notes that a listener was sent away.
func (t *tally) lose(listener int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of--
	t.lost++
	delete(t.had, listener)
	return t.tell()
}

// tell prints an announcement as soon as all listeners that are there had it.
func (t *tally) tell() error {
	if len(t.had) == 0 || len(t.had) < t.of {
		return nil
	}
	all := slices.SortedFunc(maps.Values(t.had), time.Time.Compare)
	clear(t.had)
	return t.out.Encode(heardByAll{t.awaited, all[len(all)/2], all[len(all)-1], t.lost})
}

var errSentAway = errors.New("a listener was sent away")

// crowdClient gives each listener a connection.
var crowdClient = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// listen is a listener. It calls entered when it has its first event.
func (t *tally) listen(ctx context.Context, listener int, url string, entered func()) error {
	defer entered()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := crowdClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("a listener is answered %s", res.Status)
	}
	isFirst, last := true, ""
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		data, isData := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		what := string(announcement.Find(data))
		if !isData || !isFirst && (what == "" || what == last) { // a ping, or the same in other words
			continue
		}
		if isFirst {
			what = ""
		}
		if err := t.add(listener, what, time.Now()); err != nil {
			return err
		}
		isFirst, last = false, what
		entered()
	}
	return errSentAway
}
