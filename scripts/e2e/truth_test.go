package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/patience"
)

// entry is what the services answer about a record, or about one time that the
// record was on air.
type entry struct {
	ID          int64      `json:"id"`
	Fingerprint string     `json:"fingerprint"`
	Start       time.Time  `json:"track_start"`
	Title       string     `json:"track_title"`
	Seconds     float64    `json:"track_duration"` // 0: unknown
	Source      int        `json:"log_source"`
	Corrected   bool       `json:"is_corrected"`
	Synced      bool       `json:"is_synced"`
	From        time.Time  `json:"on_air_from"`
	Until       *time.Time `json:"on_air_until"`
}

func (e entry) spin() spin { return spin{e.Source, e.Start.UnixMicro(), e.Title} }

var nextLink = regexp.MustCompile(`<([^>]+)>; rel="?next"?`)

// list reads all of a list, following its Link headers.
func list[T any](ctx context.Context, base, path string) ([]T, error) {
	at, err := url.Parse(base + "/api/v1" + path)
	if err != nil {
		return nil, err
	}
	var all []T
	for {
		var page []T
		link, err := read(ctx, at.String(), &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		next := nextLink.FindStringSubmatch(link)
		if next == nil {
			return all, nil
		}
		if at, err = at.Parse(next[1]); err != nil {
			return nil, err
		}
	}
}

// read gets JSON and also returns the Link header.
func read(ctx context.Context, url string, into any) (link string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience.Limit())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	return resp.Header.Get("Link"), err
}

// complaints counts what does not hold, and describes the first cases.
type complaints struct {
	number int
	first  []string
}

func (c *complaints) add(format string, args ...any) {
	if c.number++; len(c.first) < 10 {
		c.first = append(c.first, fmt.Sprintf(format, args...))
	}
}

// err is nil if there are no complaints.
func (c *complaints) err() error {
	if c.number == 0 {
		return nil
	}
	return fmt.Errorf("%d times wrong, first:\n%s", c.number, strings.Join(c.first, "\n"))
}

// truth is everything that a service answers about what it holds.
type truth struct {
	raw         []entry        // every record as it was sent
	aired       []entry        // GET /playlog of the sync node
	said        []model.Entry  // every record, with its corrections
	states      []model.Health // every state of health
	tracks      []entry        // GET /trackservice
	activations []activation
	healths     []string // details
	clock       clock
	corrections map[int64][]string // reasons, for each record that is corrected
	// The list of tracks ends at some time between these two.
	asked, answered time.Time
}

// ask reads the truth of a service. corrected holds the records whose corrections
// matter.
func ask(ctx context.Context, service string, corrected map[spin]string) (truth, error) {
	t := truth{corrections: map[int64][]string{}, asked: time.Now()}
	var errs [6]error
	t.raw, errs[0] = list[entry](ctx, service, "/playlog?source=all&corrections=raw&limit=1000")
	t.said, t.states, errs[1] = said(ctx, service)
	t.aired, errs[2] = list[entry](ctx, service, "/playlog?limit=1000")
	t.tracks, errs[3] = list[entry](ctx, service, "/trackservice?limit=1000")
	t.answered = time.Now()
	t.activations, errs[4] = history(ctx, service)
	_, errs[5] = read(ctx, service+"/api/v1/clock", &t.clock)
	for _, h := range t.states {
		t.healths = append(t.healths, h.Details)
	}
	err := errors.Join(errs[:]...)
	for _, e := range t.raw {
		if _, wanted := corrected[e.spin()]; !wanted || err != nil {
			continue
		}
		var corrections []struct {
			Reason string `json:"reason"`
		}
		_, err = read(ctx, fmt.Sprintf("%s/api/v1/playlog/%d/corrections", service, e.ID), &corrections)
		for _, c := range corrections {
			t.corrections[e.ID] = append(t.corrections[e.ID], c.Reason)
		}
	}
	return t, err
}

// clock is the clock of the active source.
type clock struct {
	Source int `json:"engine_source"`
	Number int `json:"number"`
}

// activation is a switch, as GET /source/history reports it.
type activation struct {
	Epoch  int64     `json:"epoch"`
	Source int       `json:"source"`
	From   time.Time `json:"from"`
	Reason string    `json:"reason"`
}

func history(ctx context.Context, service string) ([]activation, error) {
	var all []activation
	for page := 0; ; page++ {
		var some []activation
		if _, err := read(ctx, fmt.Sprintf("%s/api/v1/source/history?limit=1000&page=%d", service, page), &some); err != nil || len(some) == 0 {
			return all, err
		}
		all = append(all, some...)
	}
}

// copies are the reasons of those activations of which an engine-api has a copy.
func copies(ctx context.Context, service string) (map[string]bool, error) {
	reasons := map[string]bool{}
	for after := int64(math.MinInt64); ; {
		var page []activation
		if _, err := read(ctx, fmt.Sprintf("%s/api/v1/sync/activations?limit=1000&after=%d", service, after), &page); err != nil || len(page) == 0 {
			return reasons, err
		}
		for _, a := range page {
			reasons[a.Reason] = true
			after = a.Epoch
		}
	}
}

// wrong returns which acknowledged data the sync node lacks or has too often, and
// where its on-air log differs from the oracle's. Nothing may change meanwhile.
func (l *ledger) wrong(sync truth) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var c complaints
	for _, trouble := range l.trouble {
		c.add("answer that should not be: %s", trouble)
	}
	l.judgePlays(&c, sync)
	l.judgeStatus(&c, sync)

	sync.judgeOnAir(&c)
	return c.err()
}

func (l *ledger) judgePlays(c *complaints, sync truth) {
	stored, fingerprints := map[spin]entry{}, map[string]bool{}
	for _, e := range sync.raw {
		if _, twice := stored[e.spin()]; twice || fingerprints[e.Fingerprint] {
			c.add("%s is stored twice", e.spin())
		}
		stored[e.spin()] = e
		fingerprints[e.Fingerprint] = true
	}
	for p := range l.plays {
		switch e, found := stored[p]; {
		case !found:
			c.add("%s was acknowledged and is lost", p)
		case !l.mayLast(p, time.Duration(math.Round(e.Seconds*1000))*time.Millisecond):
			c.add("%s: length is %v s, told was %v", p, e.Seconds, l.lengths[p])
		}
	}
	for p, reason := range l.corrections {
		if got := sync.corrections[stored[p].ID]; !slices.Equal(got, []string{reason}) {
			c.add("corrections of %s are %q, acknowledged was %q", p, got, reason)
		}
	}
}

// judgeStatus checks everything except plays.
func (l *ledger) judgeStatus(c *complaints, sync truth) {
	times := map[string]int{}
	for _, details := range sync.healths {
		times[details]++
	}
	for _, a := range sync.activations {
		times[a.Reason]++
	}
	for what, n := range times {
		if n > 1 {
			c.add("%s is there %d times", what, n)
		}
	}
	for _, acknowledged := range []map[string]bool{l.healths, l.switches} {
		for what := range acknowledged {
			if times[what] == 0 {
				c.add("%s was acknowledged and is lost", what)
			}
		}
	}
	if acknowledged := l.clocks[sync.clock.Source]; sync.clock.Number < acknowledged {
		c.add("clock of source %d is number %d, acknowledged was %d", sync.clock.Source, sync.clock.Number, acknowledged)
	}
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d acknowledged: %d plays, %d corrections, %d healths, %d switches; not acknowledged, by status: %v",
		l.total, len(l.plays), len(l.corrections), len(l.healths), len(l.switches), l.refused)
}

// wrongAtNode returns where an engine-api and the sync node differ about what that
// node's engine played. It also returns what the node believes to be unsynced.
func wrongAtNode(ctx context.Context, n *node, sync truth) error {
	var c complaints
	own, err := list[entry](ctx, n.url(), "/playlog?corrections=raw&limit=1000")
	if err != nil {
		return err
	}
	lacks := map[string]bool{}
	for _, e := range sync.raw {
		if e.Source == n.number {
			lacks[e.Fingerprint] = true
		}
	}
	for _, e := range own {
		if !lacks[e.Fingerprint] {
			c.add("%s is at node %d only, or twice", e.spin(), n.number)
		}
		if !e.Synced {
			c.add("%s waits at node %d", e.spin(), n.number)
		}
		delete(lacks, e.Fingerprint)
	}
	for _, e := range sync.raw {
		if lacks[e.Fingerprint] {
			c.add("%s is at the sync node only", e.spin())
		}
	}
	return c.err()
}

// airing is one time that a record was on air. Times are in microseconds.
type airing struct {
	fingerprint string
	from, until int64 // until 0: no end
}

func (a airing) String() string {
	text := a.fingerprint + " from " + microseconds(a.from)
	if a.until != 0 {
		text += " until " + microseconds(a.until)
	}
	return text
}

// aired is what the sync node reports, oldest first.
func aired(entries []entry) []airing {
	var log []airing
	for _, e := range entries {
		a := airing{fingerprint: e.Fingerprint, from: e.From.UnixMicro()}
		if e.Until != nil {
			a.until = e.Until.UnixMicro()
		}
		log = append(log, a)
	}
	slices.Reverse(log)
	return log
}

// onAir is the oracle. It derives all that was heard of each source, by the rule of
// what was heard, and only then looks which source was active. It knows nothing of
// how the sync node keeps its log up to date.
func (sync truth) onAir() (log []airing) {
	station := onairtest.Station{Entries: sync.said, Healths: sync.states, DefaultSource: 1}
	for _, a := range sync.activations {
		station.Activations = append(station.Activations, model.Activation{Epoch: a.Epoch, Source: a.Source, From: a.From.UTC()})
	}
	for _, s := range station.Log() {
		a := airing{fingerprint: s.Fingerprint.String(), from: s.From.UnixMicro()}
		if !s.Until.IsZero() {
			a.until = s.Until.UnixMicro()
		}
		log = append(log, a)
	}
	return log
}

// said reads all that a service was told, in the form in which nodes tell each
// other.
func said(ctx context.Context, service string) (entries []model.Entry, states []model.Health, err error) {
	for source := 1; source <= 3; source++ {
		err = eachPage(ctx, service, "entries", source, func(page api.SyncPage) {
			for _, w := range page.Records {
				r := w.Record()
				r.Entry.Overlay = model.Fold(r.Corrections)
				entries = append(entries, r.Entry)
			}
		})
		if err == nil {
			err = eachPage(ctx, service, "healths", source, func(page api.SyncPage) {
				for _, w := range page.Healths {
					states = append(states, w.Health())
				}
			})
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return entries, states, nil
}

// eachPage calls fn with each page of a source's records.
func eachPage(ctx context.Context, service, kind string, source int, fn func(api.SyncPage)) error {
	for next, first := "", true; first || next != ""; first = false {
		at := fmt.Sprintf("%s/api/v1/sync/records?kind=%s&source=%d&limit=1000", service, kind, source)
		if next != "" {
			at += "&after=" + url.QueryEscape(next)
		}
		var page api.SyncPage
		if _, err := read(ctx, at, &page); err != nil {
			return err
		}
		fn(page)
		next = page.Next
	}
	return nil
}

// judgeOnAir compares the on-air log with the oracle's. The list of full records
// also shows the future, but the list of tracks does not. In both, a time on air
// that ends later has no end yet.
func (sync truth) judgeOnAir(c *complaints) {
	want, got := sync.onAir(), aired(sync.aired)
	now, begun, mayHave := sync.asked.UnixMicro(), 0, 0
	for i := range want {
		if want[i].until > now {
			want[i].until = 0
		}
		if want[i].from <= now {
			begun++
		}
		if want[i].from <= sync.answered.UnixMicro() {
			mayHave++
		}
	}
	for i := range got {
		if got[i].until > now { // it ended while the service was asked
			got[i].until = 0
		}
	}
	judgeLog(c, got, want)
	if n := len(sync.tracks); n < begun || n > mayHave {
		c.add("GET /trackservice shows %d times on air, want %d to %d", n, begun, mayHave)
	}
}

// judgeLog compares times on air one by one. So a time that is merely shifted in
// the list counts only once.
func judgeLog(c *complaints, got, want []airing) {
	wanted := map[airing]bool{}
	for _, a := range want {
		wanted[a] = true
	}
	for _, a := range got {
		if !wanted[a] {
			c.add("on air is, and should not be, or is twice: %s", a)
		}
		delete(wanted, a)
	}
	for _, a := range want {
		if wanted[a] {
			c.add("on air should be, and is not: %s", a)
		}
	}
	if c.number == 0 && !slices.Equal(got, want) {
		c.add("the on-air log is not in the order of time")
	}
}
