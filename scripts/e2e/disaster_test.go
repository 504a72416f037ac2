package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/repo/repotest"
)

// extent is the size of a disaster, in each respect.
type extent struct {
	kills   int // of random processes
	backlog int // titles that are played while the sync node is away
	work    int // how much is acknowledged while something is wrong
	disk    int // size of a disk, in MiB
	fires   int // kills while a database comes and goes
}

// disaster is what happens to a station under load. When it returns, every process
// runs. Links may still be bad, because verify mends them.
type disaster struct {
	name   string
	strike func(s *station, t *testing.T, e extent)
}

// disasters are the ones that every station meets. Some stations meet more.
func disasters() []disaster {
	return []disaster{
		{"Kill", (*station).killAll},
		{"SyncNodeAway", (*station).isolate},
		{"LostReplies", func(s *station, t *testing.T, e extent) { s.disturb(t, e, fault{lose: 0.5}) }},
		{"Storm", func(s *station, t *testing.T, e extent) { s.disturb(t, e, fault{refuse: 0.7}) }},
		{"Latency", func(s *station, t *testing.T, e extent) { s.disturb(t, e, fault{delay: 300 * time.Millisecond}) }},
		{"Partition", (*station).split},
		{"SyncNodeLost", (*station).loseSyncNode},
		{"NodeLost", (*station).loseNode},
		{"WrongClock", (*station).misjudge},
	}
}

// killAll kills every process several times, at any instant.
func (s *station) killAll(t *testing.T, e extent) {
	var order []*node
	for range e.kills {
		if len(order) == 0 {
			order = s.all()
			s.random.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
		}
		s.work(t, 1+s.random.IntN(e.work))
		// The kill comes not only right after an answer, but anywhere within the
		// next commits.
		time.Sleep(time.Duration(s.random.IntN(5000)) * time.Microsecond)
		order[0].restart(t)
		order = order[1:]
	}
}

// isolate lets a long backlog pile up while the sync node is away.
func (s *station) isolate(t *testing.T, e extent) {
	s.sync[s.front].kill(t)
	for _, engine := range s.engines {
		engine.burst(t, e.backlog/len(s.engines))
	}
	for _, n := range s.nodes {
		state, err := stateOf(t.Context(), n.url())
		if err != nil || state.Outbox.Entries < int64(e.backlog/len(s.engines)*9/10) {
			t.Errorf("node %d has %d waiting (%v), the backlog is %d for all", n.number, state.Outbox.Entries, err, e.backlog)
		}
	}
	s.sync[s.front].start(t)
}

// disturb makes something go wrong on every link, in both directions.
func (s *station) disturb(t *testing.T, e extent, f fault) {
	for _, l := range s.links() {
		l.set(f)
	}
	s.work(t, e.work)
	s.met(t, 3)
}

// met returns when the fault of each link hit at least times requests. The sync
// node asks the engine-apis only when it compares itself with them. So it is told
// to do that repeatedly.
func (s *station) met(t *testing.T, times int) {
	t.Helper()
	askAgain := time.Time{}
	eventually(t, func() error {
		if time.Now().After(askAgain) {
			askAgain = time.Now().Add(100 * time.Millisecond)
			// If this is refused, it is asked again.
			_, _, _ = call(t.Context(), http.MethodPost, s.frontURL()+"/api/v1/sync/run", "")
		}
		for i, l := range s.links() {
			if l.met() < times {
				return fmt.Errorf("link %d met %d requests, want %d", i, l.met(), times)
			}
		}
		return nil
	})
}

// split cuts off one engine-api, then makes the network of the other one silent.
func (s *station) split(t *testing.T, e extent) {
	one := s.random.IntN(len(s.nodes))
	for i, f := range []fault{{cut: true}, {silent: true}} {
		for _, l := range s.links() {
			l.set(fault{})
		}
		s.up[(one+i)%2].set(f)
		s.down[(one+i)%2].set(f)
		s.work(t, e.work)
		eventually(t, func() error {
			if s.up[(one+i)%2].met() == 0 {
				return errors.New("nothing was sent into the partition")
			}
			return nil
		})
	}
}

// loseSyncNode deletes the sync node's database and lets it fill again while the
// load goes on. Other nodes know the activations within seconds, and the
// corrections that people made at the sync node itself after a reconcile.
// Everything else must come back in any case.
func (s *station) loseSyncNode(t *testing.T, e extent) {
	s.pause()
	before := s.ledger.switched()
	eventually(t, func() error {
		s.people.activate(t.Context())
		if n := s.ledger.switched() - before; n < 5 {
			return fmt.Errorf("%d switches were acknowledged", n)
		}
		return nil
	})
	s.reconcile(t)
	s.copied(t)
	for _, n := range s.sync {
		n.kill(t)
	}
	s.emptied(t, s.sync[0])
	s.resume()
	s.work(t, e.work)
	for _, n := range s.sync {
		n.start(t)
	}
	s.work(t, e.work)
}

// copied returns when every engine-api has a copy of all activations.
func (s *station) copied(t *testing.T) {
	t.Helper()
	all, err := history(t.Context(), s.frontURL())
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		for _, n := range s.nodes {
			copies, err := copies(t.Context(), n.url())
			if err != nil {
				return err
			}
			for _, a := range all {
				if !copies[a.Reason] {
					return fmt.Errorf("node %d has %d activations and lacks %q", n.number, len(copies), a.Reason)
				}
			}
		}
		return nil
	})
}

// loseNode deletes the database of an engine-api whose outbox is empty.
func (s *station) loseNode(t *testing.T, e extent) {
	s.pause()
	s.drain(t)
	lost := s.nodes[s.random.IntN(len(s.nodes))]
	lost.kill(t)
	s.emptied(t, lost)
	lost.start(t)
	s.resume()
	s.work(t, e.work)
}

// misjudge sets the clock of one host 90 s ahead. Both its engine's records and
// its engine-api show that.
func (s *station) misjudge(t *testing.T, e extent) {
	const ahead = 90 * time.Second
	wrong := s.random.IntN(len(s.nodes))
	s.engines[wrong].log(t.Context(), spin{s.engines[wrong].source, time.Now().Add(ahead).UnixMicro(), "from the future"}, 0)
	s.engines[wrong].setAhead(ahead)
	defer s.engines[wrong].setAhead(0)
	s.down[wrong].set(fault{ahead: ahead})
	s.work(t, e.work)
	s.reconcile(t)
	state, err := stateOf(t.Context(), s.frontURL())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range state.Nodes {
		want := 0.0
		if n.Number == s.nodes[wrong].number {
			want = ahead.Seconds()
		}
		if slack := ahead.Seconds() / 2; n.Offset < want-slack || n.Offset > want+slack { // an answer may take long
			t.Errorf("node %d: its clock is %g s ahead, want about %g", n.Number, n.Offset, want)
		}
	}
}

// fillDisks fills the disk of an engine-api, until its journal takes what its
// database can't store, and then the sync node's, until writes fail.
func (s *station) fillDisks(t *testing.T, e extent) {
	if os.Geteuid() != 0 {
		t.Skip("a disk of its own, which can be full, needs root")
	}
	unlucky := s.nodes[s.random.IntN(len(s.nodes))]
	before := keptPlays(t, unlucky.url())
	free := fill(t, unlucky)
	eventually(t, func() error {
		if n := keptPlays(t, unlucky.url()) - before; n < 5 {
			return fmt.Errorf("the disk is full, and the journal took only %d plays", n)
		}
		return nil
	})
	free()
	s.work(t, e.work)

	free = fill(t, s.sync[s.front])
	eventually(t, func() error {
		waiting := int64(0)
		for _, n := range s.nodes {
			state, err := stateOf(t.Context(), n.url())
			if err != nil {
				return err
			}
			waiting += state.Outbox.Entries
		}
		if waiting < int64(e.work) {
			return fmt.Errorf("the sync node's disk is full, and only %d records wait", waiting)
		}
		return nil
	})
	free()
}

// fill writes to the node's disk until nothing fits any more.
func fill(t *testing.T, n *node) (free func()) {
	t.Helper()
	name := filepath.Join(filepath.Dir(strings.TrimPrefix(n.database, "sqlite://")), "filler")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, size := range []int{1 << 20, 1 << 12, 1} {
		for err = nil; err == nil; {
			_, err = file.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// disk is a folder on a disk of its own, if this process may make one.
func disk(t *testing.T, e extent) string {
	t.Helper()
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		return dir
	}
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", e.disk), "tmpfs", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// meet lets a station meet disasters in random order. After each disaster it
// checks that everything is as it must be.
func (s *station) meet(t *testing.T, e extent, all []disaster) {
	t.Helper()
	all = slices.Clone(all)
	s.random.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	for _, d := range all {
		ok := t.Run(d.name, func(t *testing.T) {
			began := time.Now()
			d.strike(s, t, e)
			struck := time.Since(began)
			s.verify(t)
			t.Logf("the disaster took %s, all was well %s later", struck.Round(time.Millisecond), (time.Since(began) - struck).Round(time.Millisecond))
		})
		if !ok {
			return // later disasters would only repeat the failure
		}
	}
}

// short is the extent that `make test` has time for.
var short = extent{kills: 6, backlog: 2000, work: 60, disk: 256}

// TestStation: whatever happens to a redundant deployment on the embedded
// database, nothing that was acknowledged is lost or doubled, and the on-air log
// is true.
func TestStation(t *testing.T) {
	t.Parallel()
	overSQLite(t, short)
}

func overSQLite(t *testing.T, e extent) {
	file := func(name string) string { return "sqlite://" + filepath.Join(disk(t, e), name+".db") }
	s := startStation(t, places{nodes: [2]string{file("engine-api-1"), file("engine-api-2")}, sync: []string{file("sync-node")}})
	s.emptied = func(t testing.TB, n *node) { emptySQLite(t, n.database) }
	s.meet(t, e, append(disasters(), disaster{"DiskFull", (*station).fillDisks}))
}

// TestStation_MariaDB is the same over MariaDB, which is also killed and started
// again.
func TestStation_MariaDB(t *testing.T) {
	t.Parallel()
	overMariaDB(t, short)
}

func overMariaDB(t *testing.T, e extent) {
	server := privateMariaDB(t)
	database := func() string { return server.URL(t) }
	s := startStation(t, places{nodes: [2]string{database(), "sqlite://" + filepath.Join(t.TempDir(), "engine-api-2.db")}, sync: []string{database()}})
	s.emptied = func(t testing.TB, n *node) {
		name, onServer := strings.CutPrefix(n.database[strings.LastIndex(n.database, "/"):], "/test_")
		if !onServer {
			emptySQLite(t, n.database)
			return
		}
		if err := server.Exec(t.Context(), "DROP DATABASE test_"+name, "CREATE DATABASE test_"+name); err != nil {
			t.Fatal(err)
		}
	}
	s.meet(t, e, append(disasters(), disaster{"DatabaseRestart", func(s *station, t *testing.T, e extent) {
		server.Kill()
		s.engines[1].burst(t, e.work)
		server.Restart(t)
		s.work(t, e.work)
	}}))
}

// privateMariaDB is a server that the test may kill.
func privateMariaDB(t *testing.T) *repotest.Server {
	t.Helper()
	repotest.MariaDB(t) // skips if there is none
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout())
	defer cancel()
	server, err := repotest.StartMariaDB(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}
