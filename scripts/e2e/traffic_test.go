package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// spin is one time that an engine played a title. It identifies the record as a
// test knows it.
type spin struct {
	source int
	start  int64 // Unix time in microseconds
	title  string
}

func (p spin) String() string {
	return fmt.Sprintf("%s of source %d at %s", p.title, p.source, time.UnixMicro(p.start).UTC().Format(time.RFC3339Nano))
}

// ledger holds everything that services acknowledged. All of it must stay stored.
type ledger struct {
	mu          sync.Mutex
	plays       map[spin]bool      // acknowledged
	lengths     map[spin][]telling // sent, also if that was not acknowledged
	corrections map[spin]string    // reason
	healths     map[string]bool    // details
	switches    map[string]bool    // reason
	clocks      map[int]int        // number of the last clock of each source
	total       int
	refused     map[int]int // answers that acknowledge nothing, by status
	trouble     []string    // answers that should not be
}

// telling is one POST of a title with a known length.
type telling struct {
	length time.Duration
	from   time.Time // when it was sent
	until  time.Time // when it was acknowledged; zero if it was not
}

// sends notes that a title is about to be sent with that length. The result is
// called when that is acknowledged, with the lock held.
func (l *ledger) sends(p spin, length time.Duration) (acknowledged func()) {
	if length == 0 {
		return func() { l.plays[p] = true }
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.lengths[p])
	l.lengths[p] = append(l.lengths[p], telling{length: length, from: time.Now()})
	return func() { l.plays[p], l.lengths[p][n].until = true, time.Now() }
}

// mayLast reports whether a title may be stored with that length: the one that
// was told last counts. Of tellings that overlapped, any may have been the last.
func (l *ledger) mayLast(p spin, length time.Duration) bool {
	told := l.lengths[p]
	acknowledged := func(t telling) bool { return !t.until.IsZero() }
	if length == 0 {
		return !slices.ContainsFunc(told, acknowledged)
	}
	return slices.ContainsFunc(told, func(t telling) bool {
		isReplaced := slices.ContainsFunc(told, func(later telling) bool {
			return acknowledged(t) && acknowledged(later) && later.from.After(t.until)
		})
		return t.length == length && !isReplaced
	})
}

func newLedger() *ledger {
	return &ledger{
		plays: map[spin]bool{}, lengths: map[spin][]telling{}, corrections: map[spin]string{}, healths: map[string]bool{},
		switches: map[string]bool{}, clocks: map[int]int{}, refused: map[int]int{},
	}
}

// acknowledged is how many requests were acknowledged.
func (l *ledger) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

// switched is how many switches were acknowledged.
func (l *ledger) switched() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.switches)
}

// post makes a request. If the answer is want, it calls keep to note what was
// requested. It notes nothing if there is no answer, or if the service answers
// that it cannot store now.
func (l *ledger) post(ctx context.Context, method, url string, body any, want int, keep func()) bool {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	status, answer, err := call(ctx, method, url, string(data))
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if status == want {
		keep()
		l.total++
		return true
	}
	l.refused[status]++
	if status != http.StatusServiceUnavailable && len(l.trouble) < 10 {
		l.trouble = append(l.trouble, fmt.Sprintf("%s %s %s: %d %s", method, url, data, status, answer))
	}
	return false
}

// engine behaves as a playout engine does towards its node. It logs what it plays,
// reports its health and what comes next, and retries nothing. Its programme
// depends only on its random numbers. The programme lies in the past, because it
// passes many times as fast as it would on air.
type engine struct {
	source int
	node   func() string // base URL
	ledger *ledger
	pace   time.Duration // from one request to the next

	mu     sync.Mutex
	random *rand.Rand
	now    time.Time // the present time of its programme
	ahead  time.Duration
	number int
	recent []spin // titles that may be sent again
}

// run lets the engine play until ctx ends.
func (e *engine) run(ctx context.Context) {
	tick := time.NewTicker(e.pace)
	defer tick.Stop()
	for {
		e.step(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// step sends the node one message. A request under way when ctx ends is finished,
// because otherwise nobody would know whether it was stored.
func (e *engine) step(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	e.mu.Lock()
	chance := e.random.Float64()
	e.mu.Unlock()
	switch {
	case chance < 0.86:
		e.play(ctx)
	case chance < 0.93:
		e.repeat(ctx)
	case chance < 0.97:
		e.tellHealth(ctx)
	default:
		e.tellClock(ctx)
	}
}

// play goes on to the next title.
func (e *engine) play(ctx context.Context) {
	e.mu.Lock()
	gap := time.Duration(e.random.Int64N(int64(4 * time.Minute)))
	title := ""
	switch chance := e.random.Float64(); {
	case chance < 0.03: // two at one instant
		gap = 0
	case chance < 0.06 && len(e.recent) > 0: // after a restart, it repeats the track
		title = e.recent[len(e.recent)-1].title
	}
	if title == "" {
		e.number++
		title = fmt.Sprintf("title %d of %d", e.number, e.source)
	}
	e.now = e.now.Add(gap).Truncate(time.Microsecond)
	p := spin{e.source, e.now.Add(e.ahead).UnixMicro(), title}
	if len(e.recent) == 500 {
		e.recent = e.recent[1:]
	}
	e.recent = append(e.recent, p)
	length := e.length()
	e.mu.Unlock()
	e.log(ctx, p, length)
}

// repeat logs a title again, perhaps with its length, which may be known by now.
func (e *engine) repeat(ctx context.Context) {
	e.mu.Lock()
	if len(e.recent) == 0 {
		e.mu.Unlock()
		return
	}
	p := e.recent[e.random.IntN(len(e.recent))]
	length := e.length()
	e.mu.Unlock()
	e.log(ctx, p, length)
}

// length is the length of a title. For one title in four it is unknown.
func (e *engine) length() time.Duration {
	if e.random.IntN(4) == 0 {
		return 0
	}
	return time.Duration(1+e.random.IntN(300_000)) * time.Millisecond
}

func (e *engine) log(ctx context.Context, p spin, length time.Duration) {
	body := map[string]any{
		"track_start": microseconds(p.start), "track_artist": "Mazzy Star", "track_title": p.title, "log_source": p.source,
	}
	path := "/api/v1/playlog/store"
	if length > 0 {
		body["track_duration"] = length.Seconds()
		path = "/api/v1/playlog"
	}
	e.ledger.post(ctx, http.MethodPost, e.node()+path, body, http.StatusNoContent, e.ledger.sends(p, length))
}

func (e *engine) tellHealth(ctx context.Context) {
	e.mu.Lock()
	e.number++
	details := "health " + inLetters(e.number) + " of " + inLetters(e.source)
	at := e.now.Add(e.ahead)
	e.mu.Unlock()
	e.ledger.post(ctx, http.MethodPost, fmt.Sprintf("%s/api/v1/source/health/%d", e.node(), e.source),
		map[string]any{"log_time": microseconds(at.UnixMicro()), "is_healthy": true, "details": details}, http.StatusNoContent,
		func() { e.ledger.healths[details] = true })
}

// inLetters is a number as letters. Numbers in details may change without saying
// anything new.
func inLetters(n int) string {
	return strings.Map(func(digit rune) rune { return digit - '0' + 'a' }, strconv.Itoa(n))
}

func (e *engine) tellClock(ctx context.Context) {
	e.mu.Lock()
	e.number++
	number := e.number
	e.mu.Unlock()
	e.ledger.post(ctx, http.MethodPut, e.node()+"/api/v1/clock",
		map[string]any{"engine_source": e.source, "number": number}, http.StatusNoContent,
		func() { e.ledger.clocks[e.source] = max(e.ledger.clocks[e.source], number) })
}

// position is the present time of the programme.
func (e *engine) position() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

// setAhead sets the engine's clock.
func (e *engine) setAhead(by time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ahead = by
}

// burst plays the given number of titles as fast as the node takes them. It fails
// the test if that takes too long.
func (e *engine) burst(t testing.TB, titles int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settleTimeout())
	defer cancel()
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range titles / 8 {
				if ctx.Err() != nil {
					return
				}
				e.play(context.WithoutCancel(ctx))
			}
		})
	}
	clients.Wait()
	if ctx.Err() != nil {
		t.Fatalf("%d titles were not taken within %s", titles, settleTimeout())
	}
}

func microseconds(unix int64) string {
	return time.UnixMicro(unix).UTC().Format("2006-01-02T15:04:05.000000Z")
}

// people switch sources and correct logged titles, at any of the services.
type people struct {
	ledger   *ledger
	random   *rand.Rand
	services []func() string
	engines  []*engine
	pace     time.Duration
	number   int
	touched  map[spin]bool // corrected, or perhaps corrected
}

func (p *people) run(ctx context.Context) {
	tick := time.NewTicker(p.pace)
	defer tick.Stop()
	for {
		if p.random.IntN(3) == 0 {
			p.correct(context.WithoutCancel(ctx))
		} else {
			p.activate(context.WithoutCancel(ctx))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// activate switches to any source, also to one that logs nothing, at a time of the
// programme. A switch that arrives late counts from its own time.
func (p *people) activate(ctx context.Context) {
	p.number++
	reason := fmt.Sprintf("switch %d", p.number)
	around := p.engines[p.random.IntN(len(p.engines))].position()
	at := around.Add(time.Duration(p.random.Int64N(int64(time.Hour))) - 50*time.Minute)
	url := fmt.Sprintf("%s/api/v1/source/active/%d", p.service(), 1+p.random.IntN(3))
	p.ledger.post(ctx, http.MethodPut, url,
		map[string]any{"at": microseconds(at.UnixMicro()), "by": "M. Tester", "reason": reason}, http.StatusNoContent,
		func() { p.ledger.switches[reason] = true })
}

func (p *people) service() string { return p.services[p.random.IntN(len(p.services))]() }

// correct amends or voids one of the last titles that a service shows.
func (p *people) correct(ctx context.Context) {
	url := p.service()
	status, answer, err := call(ctx, http.MethodGet, url+"/api/v1/playlog?source=all&limit=100", "")
	if err != nil || status != http.StatusOK {
		return
	}
	var entries []entry
	if json.Unmarshal([]byte(answer), &entries) != nil || len(entries) == 0 {
		return
	}
	e := entries[p.random.IntN(len(entries))]
	if e.Corrected || p.touched[e.spin()] {
		return
	}
	title := e.spin()
	p.touched[title] = true
	p.number++
	reason := fmt.Sprintf("correction %d", p.number)
	body := map[string]any{"kind": "amend", "by": "M. Tester", "reason": reason}
	switch p.random.IntN(4) {
	case 0:
		body["kind"] = "void"
	case 1:
		shift := time.Duration(p.random.Int64N(int64(4*time.Minute))) - 2*time.Minute
		body["changes"] = map[string]any{"track_start": microseconds(e.Start.Add(shift).UnixMicro())}
	case 2:
		body["changes"] = map[string]any{"track_duration": 1 + p.random.IntN(300)}
	default:
		body["changes"] = map[string]any{"track_composer": "Hope Sandoval"}
	}
	p.ledger.post(ctx, http.MethodPost, fmt.Sprintf("%s/api/v1/playlog/%d/corrections", url, e.ID), body, http.StatusCreated,
		func() { p.ledger.corrections[title] = reason })
}
