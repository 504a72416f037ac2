package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// settleTimeout bounds how long a station may take until everything is as it must
// be.
func settleTimeout() time.Duration { return patience.Stretch(3 * time.Minute) }

// node is an engine-api or a sync node: a process that comes and goes over a
// database that stays.
type node struct {
	programs string // the folder of its program; "" is bin
	number   int    // 0 is the sync node
	database string
	env      []string
	logs     string // folder

	mu      sync.Mutex
	process *service // the latest one
}

func (n *node) program() string {
	if n.number == 0 {
		return "sync-node"
	}
	return "engine-api"
}

// start starts a process and returns when it is ready. The address is a new one
// each time, because another program may have taken the last one meanwhile.
func (n *node) start(t testing.TB) {
	t.Helper()
	process := launchFrom(t, cmp.Or(n.programs, bin), n.logs, n.program(), n.database, n.env...)
	n.mu.Lock()
	n.process = process
	n.mu.Unlock()
	awaitReady(t, process.url, process.exited)
}

func (n *node) last() *service {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process
}

// url is where the latest process listens. It is empty before the first start.
func (n *node) url() string {
	if last := n.last(); last != nil {
		return last.url
	}
	return "http://127.0.0.1:0"
}

// kill ends the process as a power cut would.
func (n *node) kill(t testing.TB) {
	t.Helper()
	n.last().signal(t, syscall.SIGKILL)
}

// restart kills the process and starts another one.
func (n *node) restart(t testing.TB) {
	t.Helper()
	n.kill(t)
	n.start(t)
}

// run executes a command of the program, with the configuration of the process.
func (n *node) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(cmp.Or(n.programs, bin), n.program()), args...)
	cmd.Env = environment(append([]string{"AURA_DATABASE_URL=" + n.database, "AURA_STATION_TIMEZONE=Europe/Vienna"}, n.env...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// station is a redundant deployment under load: two engines with their
// engine-apis, and a sync node. Between each engine-api and the sync node there is
// a link in each direction.
type station struct {
	seed    uint64
	random  *rand.Rand
	engines []*engine
	nodes   []*node // engine-apis
	sync    []*node // processes of the sync node over one database
	up      []*link // from each engine-api to the first process that is up
	down    []*link // from the sync node to each engine-api
	people  *people
	ledger  *ledger

	emptied func(testing.TB, *node) // deletes everything that a node's database holds

	front int // which process of the sync node the links lead to
	mu    sync.Mutex

	ctx     context.Context    // ends with the test whose station it is
	halt    context.CancelFunc // ends the load; nil if there is none
	working sync.WaitGroup
}

// places are the URLs of a station's databases.
type places struct {
	nodes [2]string // of the engine-apis
	sync  []string  // of each process of the sync node; all name one database
}

// seedOf is the seed of a test: AURA_TEST_SEED, or a new one. The log tells it.
func seedOf(t testing.TB) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if said := os.Getenv("AURA_TEST_SEED"); said != "" {
		var err error
		if seed, err = strconv.ParseUint(said, 10, 64); err != nil {
			t.Fatalf("AURA_TEST_SEED: %v", err)
		}
	}
	t.Logf("AURA_TEST_SEED=%d", seed)
	return seed
}

// startStation starts a station under load. It has one process of the sync node
// for each entry in databases.sync.
func startStation(t testing.TB, databases places) *station {
	t.Helper()
	seed := seedOf(t)
	s := &station{seed: seed, random: rand.New(rand.NewPCG(seed, 0)), ledger: newLedger(), ctx: t.Context()}
	logs := t.TempDir()
	past := time.Now().AddDate(-10, 0, 0) // no programme reaches the present
	hosts := []string{}
	for i, database := range databases.nodes {
		n := &node{number: i + 1, database: database, logs: logs}
		s.nodes = append(s.nodes, n)
		s.up = append(s.up, newLink(t, seed+uint64(i), s.frontURL))
		s.down = append(s.down, newLink(t, seed+uint64(2+i), n.url))
		s.engines = append(s.engines, &engine{
			source: n.number, node: n.url, ledger: s.ledger, pace: 10 * time.Millisecond, now: past,
			random: rand.New(rand.NewPCG(seed, uint64(n.number))),
		})
		hosts = append(hosts, fmt.Sprintf("AURA_MAIN_HOST_%d=%s", n.number, s.down[i].url))
	}
	common := []string{"AURA_DB_AUTO_MIGRATE=true", "AURA_LOG_LEVEL=warn", "AURA_SYNC_TIMEOUT=" + patience.Stretch(10*time.Second).String()}
	for _, database := range databases.sync {
		s.sync = append(s.sync, &node{database: database, logs: logs, env: append(append(hosts, common...), "AURA_SYNC_STEP_SLEEP=0")})
	}
	for i, n := range s.nodes {
		n.env = append([]string{fmt.Sprintf("AURA_HOST_ID=%d", n.number), "AURA_SYNC_HOST=" + s.up[i].url}, common...)
	}
	s.people = &people{
		ledger: s.ledger, random: rand.New(rand.NewPCG(seed, 9)), engines: s.engines, pace: 50 * time.Millisecond,
		services: []func() string{s.nodes[0].url, s.nodes[1].url, s.frontURL}, touched: map[spin]bool{},
	}
	for _, n := range s.all() {
		t.Cleanup(func() {
			if last := n.last(); last != nil {
				last.end(t)
			}
		})
		n.start(t)
	}
	t.Cleanup(s.pause)
	s.resume()
	return s
}

func (s *station) frontURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sync[s.front].url()
}

// lead makes the links lead to another process of the sync node.
func (s *station) lead(process int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.front = process
}

// resume begins the load.
func (s *station) resume() {
	ctx, halt := context.WithCancel(s.ctx)
	s.halt = halt
	for _, e := range s.engines {
		s.working.Go(func() { e.run(ctx) })
	}
	s.working.Go(func() { s.people.run(ctx) })
}

// pause ends the load and returns when nothing is under way.
func (s *station) pause() {
	if s.halt != nil {
		s.halt()
		s.working.Wait()
		s.halt = nil
	}
}

// links are all links.
func (s *station) links() []*link { return append(append([]*link{}, s.up...), s.down...) }

// all are the processes of all services.
func (s *station) all() []*node { return append(append([]*node{}, s.nodes...), s.sync...) }

// work returns when the given number of further requests was acknowledged.
func (s *station) work(t testing.TB, more int) {
	t.Helper()
	target := s.ledger.acknowledged() + more
	eventually(t, func() error {
		if n := s.ledger.acknowledged(); n < target {
			return fmt.Errorf("%d acknowledged, want %d", n, target)
		}
		return nil
	})
}

// eventually returns when condition holds. If that takes too long, it fails the
// test with the error that condition returned.
func eventually(t testing.TB, condition func() error) {
	t.Helper()
	patience.Within(t, settleTimeout(), condition)
}

// state is what a node says about itself.
type state struct {
	Now    time.Time `json:"now"`
	Outbox struct {
		Entries int64 `json:"entries"`
		Healths int64 `json:"healths"`
		Parked  int64 `json:"parked"`
	} `json:"outbox"`
	Nodes []struct {
		Number     int       `json:"number"`
		Reachable  bool      `json:"reachable"`
		Detail     string    `json:"detail"`
		Offset     float64   `json:"offset_seconds"`
		Reconciled time.Time `json:"reconciled"`
		Running    bool      `json:"running"`
	} `json:"nodes"`
}

func stateOf(ctx context.Context, url string) (state, error) {
	var s state
	status, answer, err := call(ctx, http.MethodGet, url+"/api/v1/sync/state", "")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET /sync/state: %d %s", status, answer)
	}
	if err == nil {
		err = json.Unmarshal([]byte(answer), &s)
	}
	return s, err
}

// drain returns when no engine-api has anything left for the sync node.
func (s *station) drain(t testing.TB) {
	t.Helper()
	for _, n := range s.nodes {
		eventually(t, func() error {
			state, err := stateOf(t.Context(), n.url())
			if err == nil && (state.Outbox.Entries > 0 || state.Outbox.Healths > 0) {
				err = fmt.Errorf("waiting at node %d: %+v", n.number, state.Outbox)
			}
			if err == nil && state.Outbox.Parked > 0 {
				t.Fatalf("%d records were refused for good", state.Outbox.Parked)
			}
			return err
		})
	}
}

// reconcile makes the sync node compare itself with the engine-apis, and returns
// when the comparison is done.
func (s *station) reconcile(t testing.TB) {
	t.Helper()
	var began time.Time // by the sync node's clock
	eventually(t, func() error {
		now, err := stateOf(t.Context(), s.frontURL())
		for _, n := range now.Nodes {
			if n.Running { // a running comparison may have missed something
				err = errors.New("a comparison that began before goes on")
			}
		}
		began = now.Now
		return err
	})
	askAgain := time.Time{}
	eventually(t, func() error {
		now, err := stateOf(t.Context(), s.frontURL())
		if err != nil {
			return err
		}
		if len(now.Nodes) != len(s.nodes) {
			return fmt.Errorf("the sync node knows %d nodes", len(now.Nodes))
		}
		for _, n := range now.Nodes {
			if n.Reachable && n.Reconciled.After(began) {
				continue
			}
			// Another process may be comparing already. A request while it runs
			// would make it run again, and on a slow machine it would never rest.
			if !n.Running && time.Now().After(askAgain) {
				askAgain = time.Now().Add(time.Second)
				if status, answer, err := call(t.Context(), http.MethodPost, s.frontURL()+"/api/v1/sync/run", ""); err != nil || status != http.StatusAccepted {
					return fmt.Errorf("POST /sync/run: %d %s %w", status, answer, err)
				}
			}
			return fmt.Errorf("reconcile: %+v", n)
		}
		return nil
	})
}

// verify brings the station to rest and checks everything that must hold. Then it
// resumes the load.
func (s *station) verify(t testing.TB) {
	t.Helper()
	for _, l := range s.links() {
		l.set(fault{}) // no request waits for an answer any more
	}
	s.pause()
	s.drain(t)
	s.reconcile(t)
	s.drain(t)
	out, err := s.sync[s.front].run(t.Context(), "audit")
	if err != nil {
		t.Fatalf("audit: %v\n%s", err, out)
	}
	for i, n := range s.sync {
		var sync truth
		judged := func() (err error) {
			sync, err = s.judge(t.Context(), n)
			return err
		}
		if i != s.front { // this process follows the front one
			eventually(t, judged)
		} else if err := judged(); err != nil {
			t.Fatal(err)
		}
		for _, own := range s.nodes {
			if err := wrongAtNode(t.Context(), own, sync); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Log(s.ledger)
	s.resume()
}

// judge returns what is wrong at a process of the sync node.
func (s *station) judge(ctx context.Context, sync *node) (truth, error) {
	s.ledger.mu.Lock()
	corrected := s.ledger.corrections
	s.ledger.mu.Unlock()
	t, err := ask(ctx, sync.url(), corrected)
	if err == nil {
		err = s.ledger.wrong(t)
	}
	return t, err
}

// emptySQLite deletes a database file.
func emptySQLite(t testing.TB, url string) {
	t.Helper()
	file := strings.TrimPrefix(url, "sqlite://")
	for _, name := range []string{file, file + "-wal", file + "-shm"} {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}
