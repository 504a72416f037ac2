package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo/repotest"
)

const (
	kills   = 10 // make soak kills stations more often
	clients = 8
)

// TestDurability_Kill kills engine-api at random instants while clients log to it.
// Every title that it answered with success must be there afterwards, exactly
// once.
func TestDurability_Kill(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	})
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, repotest.MariaDB(t).URL(t))
	})
}

func killUnderLoad(t *testing.T, database string) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	l := &load{acknowledged: map[string]bool{}, start: time.Now().Add(-24 * time.Hour)}
	for range kills {
		s := startService(t, database, "AURA_DB_AUTO_MIGRATE=true")
		var ended sync.WaitGroup
		reached := make(chan struct{})
		l.stop.Store(false)
		l.until(len(l.acknowledged)+1+random.IntN(300), reached)
		for range clients {
			ended.Go(func() { l.post(t, s.url) })
		}
		patience.Receive(t, "the clients are answered", reached)
		// The kill comes not only right after an answer, but anywhere within the
		// next commits.
		time.Sleep(time.Duration(random.IntN(5000)) * time.Microsecond)
		s.signal(t, syscall.SIGKILL)
		l.stop.Store(true)
		ended.Wait()
	}
	s := startService(t, database)
	var stored map[string]int
	eventually(t, func() error { // what the journal took comes after the start
		stored = titles(t, s.url)
		for title := range l.acknowledged {
			if stored[title] == 0 {
				return fmt.Errorf("%s was acknowledged and is lost", title)
			}
		}
		return nil
	})
	for title, n := range stored {
		if n > 1 {
			t.Errorf("%s is stored %d times", title, n)
		}
	}
	t.Logf("%d acknowledged, %d stored, after %d kills", len(l.acknowledged), len(stored), kills)
}

// load posts titles, each a new one, and remembers which were acknowledged.
type load struct {
	start time.Time
	next  atomic.Int64
	stop  atomic.Bool

	mu           sync.Mutex
	acknowledged map[string]bool
	target       int
	reached      chan struct{}
}

// until makes post close reached as soon as target titles are acknowledged.
func (l *load) until(target int, reached chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.target, l.reached = target, reached
}

// post posts until the service is gone.
func (l *load) post(t *testing.T, url string) {
	for !l.stop.Load() {
		n := l.next.Add(1)
		title := fmt.Sprintf("title %d", n)
		body := play(t, title, l.start.Add(time.Duration(n)*time.Millisecond))
		status, answer, err := call(t.Context(), http.MethodPost, url+"/api/v1/playlog", body)
		if err != nil {
			return // killed: this title may be stored or not
		}
		if status != http.StatusNoContent {
			t.Errorf("POST: %d %s", status, answer)
			return
		}
		l.acknowledge(title)
	}
}

func (l *load) acknowledge(title string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged[title] = true
	if len(l.acknowledged) == l.target {
		close(l.reached)
	}
}
