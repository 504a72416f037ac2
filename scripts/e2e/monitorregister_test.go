package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo/repotest"
)

// register is the active source according to the contract. The effect and the
// answer of a request follow from the register and the request alone.
type register struct {
	source int
	epoch  int64
	pinned bool
}

// operation is a request for the register.
type operation struct {
	put     bool // otherwise a read
	source  int
	epoch   int64  // of If-Match; unsaid: no If-Match
	pin     string // true, false or ""
	monitor bool   // the client is a monitor, not a person
}

const unsaid = -1

// outcome is the result of an operation.
type outcome struct {
	status int // of the answer; 0: no answer
	read   register
	stored int64 // the epoch of the record that the operation left; 0 if it left none
}

func (o operation) String() string {
	if !o.put {
		return "read"
	}
	said := fmt.Sprintf("activate %d", o.source)
	if o.epoch != unsaid {
		said += fmt.Sprintf(" after %d", o.epoch)
	}
	if o.pin != "" {
		said += " pin=" + o.pin
	}
	if o.monitor {
		said += " (a monitor)"
	}
	return said
}

func (o outcome) String() string {
	text := strconv.Itoa(o.status)
	switch o.status {
	case 0:
		text = "no answer"
	case http.StatusOK:
		text = fmt.Sprintf("%+v", o.read)
	}
	if o.stored > 0 {
		text += fmt.Sprintf(", stored as %d", o.stored)
	}
	return text
}

// after returns the register after an operation, and the operation's outcome.
func (r register) after(o operation) (register, outcome) {
	samePin := o.pin == "" || o.pin == strconv.FormatBool(r.pinned)
	sameEpoch := o.epoch == unsaid || o.epoch == r.epoch
	switch {
	case !o.put:
		return r, outcome{status: http.StatusOK, read: r}
	case r.epoch > 0 && o.source == r.source && samePin && sameEpoch:
		return r, outcome{status: http.StatusNoContent}
	case !sameEpoch:
		return r, outcome{status: http.StatusPreconditionFailed}
	case r.pinned && (o.pin == "" || o.monitor):
		return r, outcome{status: http.StatusConflict}
	}
	return register{o.source, r.epoch + 1, o.pin == "true"}, outcome{status: http.StatusNoContent, stored: r.epoch + 1}
}

// oneRegister is the model that porcupine compares a history with.
var oneRegister = porcupine.Model{
	Init: func() any { return register{source: 1} },
	Step: func(state, input, output any) (bool, any) {
		next, answer := state.(register).after(input.(operation))
		seen := output.(outcome)
		if seen.status == 0 {
			answer.status = 0
		}
		return seen == answer, next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v: %v", input, output) },
}

// requests are the requests of all clients.
type requests struct {
	began time.Time
	mu    sync.Mutex
	all   []request
}

// request is an operation as a client saw it.
type request struct {
	porcupine.Operation
	by string // what its record says
}

func (r *requests) now() int64 { return time.Since(r.began).Nanoseconds() }

// add keeps a request that has just ended.
func (r *requests) add(client int, call int64, by string, o operation, seen outcome) {
	ended := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, request{porcupine.Operation{ClientId: client, Input: o, Call: call, Output: seen, Return: ended}, by})
}

// operations are the requests, completed with the records that the sync node says
// it stored. A request that was not answered may have been done at any time until
// now. If it left no record, it had no effect.
func (r *requests) operations(t *testing.T, records []switchRecord) []porcupine.Operation {
	t.Helper()
	stored := map[string]int64{}
	for _, record := range records {
		by, _, _ := strings.Cut(record.By, " (") // the token's name
		if stored[by] > 0 {
			t.Errorf("%s is in the history twice: %d and %d", by, stored[by], record.Epoch)
		}
		stored[by] = record.Epoch
	}
	var all []porcupine.Operation
	for _, request := range r.all {
		o, seen := request.Operation, request.Output.(outcome)
		seen.stored = stored[request.by]
		o.Output = seen
		if seen.status == 0 {
			o.Return = r.now()
		}
		if seen.status != 0 || seen.stored > 0 {
			all = append(all, o)
		}
	}
	return all
}

// checkTimeout bounds the search for an order.
func checkTimeout() time.Duration { return patience.Stretch(time.Minute) }

// linearizable checks that the operations are those of one register, if each takes
// effect at one instant between its call and its end.
func linearizable(t *testing.T, all []porcupine.Operation) {
	t.Helper()
	result, info := porcupine.CheckOperationsVerbose(oneRegister, all, checkTimeout())
	if result == porcupine.Ok {
		return
	}
	longest := slices.MaxFunc(info.PartialLinearizationsOperations()[0], func(a, b []porcupine.Operation) int { return cmp.Compare(len(a), len(b)) })
	placed := map[porcupine.Operation]bool{}
	state := oneRegister.Init().(register)
	for _, o := range longest {
		placed[o] = true
		state, _ = state.after(o.Input.(operation))
	}
	describe := func(o porcupine.Operation) string {
		return fmt.Sprintf("  %12d–%-12d %2d %v: %v\n", o.Call, o.Return, o.ClientId, o.Input, o.Output)
	}
	text := ""
	for _, o := range longest[max(0, len(longest)-8):] {
		text += describe(o)
	}
	text += fmt.Sprintf("and at %+v not one of\n", state)
	rest := slices.DeleteFunc(slices.Clone(all), func(o porcupine.Operation) bool { return placed[o] })
	slices.SortFunc(rest, func(a, b porcupine.Operation) int { return cmp.Compare(a.Return, b.Return) })
	for _, o := range rest[:min(8, len(rest))] {
		text += describe(o)
	}
	t.Errorf("no order of %d operations explains the answers (%s within %s). The longest ends with\n%s", len(all), result, checkTimeout(), text)
}

// TestRegister: the check finds mistakes.
func TestRegister(t *testing.T) {
	t.Parallel()
	did := func(call, end int64, o operation, status int, stored int64) porcupine.Operation {
		return porcupine.Operation{Call: call, Return: end, Input: o, Output: outcome{status: status, stored: stored}}
	}
	read := func(call, end int64, r register) porcupine.Operation {
		return porcupine.Operation{Call: call, Return: end, Input: operation{}, Output: outcome{status: http.StatusOK, read: r}}
	}
	activate := func(source int, epoch int64) operation { return operation{put: true, source: source, epoch: epoch} }
	pinned := func(source int) operation {
		return operation{put: true, source: source, epoch: unsaid, pin: "true"}
	}
	const (
		done  = http.StatusNoContent
		stale = http.StatusPreconditionFailed
		taken = http.StatusConflict
	)
	for _, test := range []struct {
		name string
		want bool
		all  []porcupine.Operation
	}{
		{"OneAfterTheOther", true, []porcupine.Operation{
			read(0, 1, register{1, 0, false}), did(2, 3, activate(2, 0), done, 1), read(4, 5, register{2, 1, false})}},
		{"StaleRead", false, []porcupine.Operation{
			did(0, 1, activate(2, 0), done, 1), read(2, 3, register{1, 0, false})}},
		{"ReadAtTheSameTime", true, []porcupine.Operation{
			did(0, 9, activate(2, 0), done, 1), read(2, 3, register{1, 0, false}), read(4, 5, register{2, 1, false})}},
		{"ReadGoesBack", false, []porcupine.Operation{
			did(0, 9, activate(2, 0), done, 1), read(2, 3, register{2, 1, false}), read(4, 5, register{1, 0, false})}},
		{"BothWin", false, []porcupine.Operation{
			did(0, 9, activate(2, 0), done, 1), did(0, 9, activate(3, 0), done, 2)}},
		{"OneWins", true, []porcupine.Operation{
			did(0, 9, activate(2, 0), done, 1), did(0, 9, activate(3, 0), stale, 0)}},
		{"StoredAndRefused", false, []porcupine.Operation{
			did(0, 9, activate(2, 0), done, 1), did(0, 9, activate(3, 0), stale, 2)}},
		{"LostUpdate", false, []porcupine.Operation{
			did(0, 1, activate(2, unsaid), done, 1), did(2, 3, activate(3, unsaid), done, 2), read(4, 5, register{2, 2, false})}},
		{"NotStored", false, []porcupine.Operation{
			did(0, 1, activate(2, unsaid), done, 0)}},
		{"RecordTwice", false, []porcupine.Operation{
			did(0, 1, activate(2, unsaid), done, 1), did(2, 3, activate(2, unsaid), done, 2)}},
		{"PinBroken", false, []porcupine.Operation{
			did(0, 1, pinned(1), done, 1), did(2, 3, activate(2, unsaid), done, 2)}},
		{"PinKept", true, []porcupine.Operation{
			did(0, 1, pinned(1), done, 1), did(2, 3, activate(2, unsaid), taken, 0), read(4, 5, register{1, 1, true})}},
		{"NoAnswer", true, []porcupine.Operation{
			did(0, 99, activate(2, 0), 0, 1), read(4, 5, register{2, 1, false})}},
		{"NoAnswerDoneLater", true, []porcupine.Operation{
			did(0, 99, activate(2, 0), 0, 1), read(4, 5, register{1, 0, false}), read(6, 7, register{2, 1, false})}},
		{"NoAnswerDoneTwice", false, []porcupine.Operation{
			did(0, 99, activate(2, unsaid), 0, 1), read(4, 5, register{2, 1, false}),
			did(6, 7, activate(3, 1), done, 2), read(8, 9, register{2, 3, false})}},
	} {
		if got := porcupine.CheckOperations(oneRegister, test.all); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// client reads the active source and activates sources, one request after another.
type client struct {
	number int
	role   string // of its token; "" for none
	url    string
	http   *http.Client
	random *rand.Rand
	// hasty: the client does not always wait for the answer.
	hasty bool
	known register // what the client read last
}

// These are the secrets of the roles that have tokens.
const (
	monitorSecret = "a-monitor-of-the-station"
	adminSecret   = "somebody-at-the-desk"
	roleTokens    = "AURA_API_TOKENS=night:monitor:" + monitorSecret + ",desk:admin:" + adminSecret
)

// next is the client's next request.
func (c *client) next() operation {
	o := operation{put: true, epoch: unsaid, monitor: c.role == "monitor"}
	// A source that only this request uses shows which of two requests was stored.
	// A source out of three is often active already.
	o.source = 1 + c.random.IntN(3)
	if c.random.IntN(2) == 0 {
		o.source = 10 + c.random.IntN(1_000_000)
	}
	switch dice := c.random.Float64(); {
	case c.role == "" || dice < 0.5:
		return operation{}
	case c.role == "monitor":
		if dice < 0.9 {
			o.epoch = c.known.epoch
		}
	case dice < 0.6:
		o.pin = "true"
	case dice < 0.85:
		o.pin = "false"
	}
	return o
}

// run makes the given number of requests.
func (c *client) run(ctx context.Context, t *testing.T, r *requests, times int) {
	for i := range times {
		o := c.next()
		ctx, cancel := context.WithTimeout(ctx, patience.Limit())
		if c.hasty && c.random.IntN(4) == 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(c.random.IntN(4000))*time.Microsecond)
		}
		called, by := r.now(), fmt.Sprintf("client %d request %d", c.number, i)
		seen, err := c.ask(ctx, o, by)
		cancel()
		if err != nil {
			t.Error(err)
			return
		}
		r.add(c.number, called, by, o, seen)
		if seen.status == http.StatusOK {
			c.known = seen.read
		}
	}
}

// ask makes one request. It returns an error if the answer is one that should not
// be.
func (c *client) ask(ctx context.Context, o operation, by string) (outcome, error) {
	method, url, body := http.MethodGet, c.url+"/api/v1/source/active", ""
	if o.put {
		method, url, body = http.MethodPut, url+"/"+strconv.Itoa(o.source), fmt.Sprintf(`{"by": %q}`, by)
		if o.pin != "" {
			url += "?pin=" + o.pin
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return outcome{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	if secret := map[string]string{"monitor": monitorSecret, "admin": adminSecret}[c.role]; secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	if o.epoch != unsaid && o.put {
		req.Header.Set("If-Match", strconv.Quote(strconv.FormatInt(o.epoch, 10)))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return outcome{}, nil // no answer is an outcome, too
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	seen := outcome{status: resp.StatusCode}
	switch {
	case err != nil || seen.status == http.StatusServiceUnavailable || seen.status == http.StatusInternalServerError:
		return outcome{}, nil // no useful answer is an outcome, too
	case seen.status == http.StatusOK && !o.put:
		var read struct {
			Source int   `json:"active_source"`
			Epoch  int64 `json:"epoch"`
			Pinned bool  `json:"pinned"`
		}
		err = json.Unmarshal(answer, &read)
		seen.read = register{read.Source, read.Epoch, read.Pinned}
		return seen, err
	case o.put && slices.Contains([]int{http.StatusNoContent, http.StatusPreconditionFailed, http.StatusConflict}, seen.status):
		return seen, nil
	}
	return outcome{}, fmt.Errorf("%s %s: %d %s", method, url, seen.status, answer)
}

// TestActiveSource: the active source is one register, whatever monitors and
// people request at once, and whichever answers get lost. The register is served
// by one process of the sync node, or by two over one database.
func TestActiveSource(t *testing.T) {
	t.Parallel()
	activeSource(t)
}

func activeSource(t *testing.T) {
	times := 100 // the search for an order takes ever longer, the more answers got lost
	if os.Getenv("AURA_SOAK") != "" {
		times = 400
	}
	t.Run("OneProcess", func(t *testing.T) {
		oneActiveSource(t, "sqlite://"+filepath.Join(t.TempDir(), "sync-node.db"), 1, times)
	})
	t.Run("TwoProcesses", func(t *testing.T) {
		oneActiveSource(t, repotest.MariaDB(t).URL(t), 2, times)
	})
}

// oneActiveSource lets clients send requests to the given number of processes over
// one database. Each client sends times requests.
func oneActiveSource(t *testing.T, database string, processes, times int) {
	seed := seedOf(t)
	logs := t.TempDir()
	urls := make([]string, processes)
	links := make([]*link, processes)
	for i := range processes {
		s := launch(t, logs, "sync-node", database, roleTokens, "AURA_DB_AUTO_MIGRATE=true", "AURA_LOG_LEVEL=error")
		t.Cleanup(func() { s.end(t) })
		awaitReady(t, s.url, s.exited)
		urls[i] = s.url
		links[i] = newLink(t, seed+uint64(i), func() string { return s.url })
		links[i].set(fault{lose: 0.05})
	}
	clients := []*client{
		{role: "monitor"}, {role: "monitor"}, {role: "admin"}, {role: "admin"},
		{role: "monitor"}, {role: "admin"}, // through a link
		{role: "monitor", hasty: true}, {role: "admin", hasty: true},
		{}, {}, {}, {}, // of websites: two for each process
	}
	r := &requests{began: time.Now()}
	var asking sync.WaitGroup
	for i, c := range clients {
		c.number, c.random, c.url = i, rand.New(rand.NewPCG(seed, uint64(i))), urls[i/2%processes]
		if i == 4 || i == 5 {
			c.url = links[i%processes].url
		}
		c.http = &http.Client{Transport: &http.Transport{}}
		t.Cleanup(c.http.CloseIdleConnections)
		asking.Go(func() { c.run(t.Context(), t, r, times) })
	}
	ended := make(chan struct{})
	go func() {
		asking.Wait()
		close(ended)
	}()
	// Now and then nothing passes in both directions, or only answers get lost.
	random := rand.New(rand.NewPCG(seed, 99))
	for partitioned := true; partitioned; {
		for _, f := range []fault{{lose: 0.05}, {cut: true}} {
			links[random.IntN(processes)].set(f)
			select {
			case <-ended:
				partitioned = false
			case <-time.After(time.Duration(10+random.IntN(40)) * time.Millisecond):
			}
		}
	}
	if t.Failed() {
		return
	}
	all := r.operations(t, switchRecords(t, urls[0], adminSecret))
	count := map[string]int{}
	for _, o := range all {
		count[http.StatusText(o.Output.(outcome).status)]++
	}
	t.Logf("%d operations in %s: %v", len(all), time.Since(r.began).Round(time.Millisecond), count)
	began := time.Now()
	linearizable(t, all)
	t.Logf("checked within %s", time.Since(began).Round(time.Millisecond))

	// The check must be able to find mistakes.
	reads := slices.DeleteFunc(slices.Clone(all), func(o porcupine.Operation) bool { return o.Output.(outcome).read.epoch < 2 })
	for _, doctored := range []func(*register){
		func(r *register) { r.epoch-- }, func(r *register) { r.source++ }, func(r *register) { r.pinned = !r.pinned },
	} {
		wrong := slices.Clone(all)
		i := slices.Index(wrong, reads[random.IntN(len(reads))])
		seen := wrong[i].Output.(outcome)
		doctored(&seen.read)
		wrong[i].Output = seen
		if porcupine.CheckOperationsTimeout(oneRegister, wrong, checkTimeout()) == porcupine.Ok {
			t.Errorf("nothing is wrong with a read of %v that was %v", seen, all[i].Output)
		}
	}
}

// switchRecord is an activation as the sync node reports it.
type switchRecord struct {
	Epoch    int64      `json:"epoch"`
	Source   int        `json:"source"`
	Previous int        `json:"previous_source"`
	From     time.Time  `json:"from"`
	To       *time.Time `json:"to"`
	By       string     `json:"by"`
	Reason   string     `json:"reason"`
	Recorded time.Time  `json:"recorded_at"`
	Pinned   bool       `json:"pinned"`
}

// switchRecords are all activations, newest first. secret is the secret of a
// token, or "".
func switchRecords(t testing.TB, base, secret string) []switchRecord {
	t.Helper()
	var all []switchRecord
	for page := 0; ; page++ {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s/api/v1/source/history?limit=1000&page=%d", base, page), nil)
		if err != nil {
			t.Fatal(err)
		}
		if secret != "" {
			req.Header.Set("Authorization", "Bearer "+secret)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var records []switchRecord
		err = json.NewDecoder(resp.Body).Decode(&records)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("GET /source/history: %d %v", resp.StatusCode, err)
		}
		all = append(all, records...)
		if len(records) < 1000 {
			return all
		}
	}
}
