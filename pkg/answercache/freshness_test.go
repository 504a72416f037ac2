package answercache_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/patience"
)

// TestCache_Freshness tests the promise: after Invalidate has returned, nothing
// that was rendered before is served as fresh. Writers count upwards and
// acknowledge a number after invalidating. A reader must not get a number older
// than the one acknowledged before it asked.
func TestCache_Freshness(t *testing.T) {
	t.Parallel()
	const writers, readers, keys = 2, 8, 3
	var stored, acknowledged atomic.Int64
	raise := func(to *atomic.Int64, n int64) {
		for old := to.Load(); old < n && !to.CompareAndSwap(old, n); old = to.Load() {
		}
	}
	s := newSite(answercache.Config{MaxEntries: keys - 1}, func(w http.ResponseWriter, r *http.Request) {
		n := stored.Load()
		if rand.N(4) == 0 {
			runtime.Gosched() // time for a write between reading and writing
		}
		p := answercache.Policy{}
		if rand.N(4) == 0 {
			p.Until = time.Now().Add(rand.N(100 * time.Microsecond))
		}
		answercache.Keep(r.Context(), p)
		_, _ = w.Write([]byte(strconv.FormatInt(n, 10)))
	})

	stop := make(chan struct{})
	stopped := func() bool {
		select {
		case <-stop:
			return true
		default:
			return false
		}
	}
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for !stopped() {
				n := stored.Add(1)
				s.cache.Invalidate()
				raise(&acknowledged, n)
				time.Sleep(rand.N(200 * time.Microsecond))
			}
		})
	}
	var reads atomic.Int64
	for range readers {
		all.Go(func() {
			for !stopped() {
				least := acknowledged.Load()
				res := s.do(http.MethodGet, "/"+strconv.Itoa(rand.N(keys)))
				got, err := strconv.ParseInt(res.Body, 10, 64)
				if err != nil || got < least {
					t.Errorf("read %q, %d was acknowledged before", res.Body, least)
					return
				}
				reads.Add(1)
			}
		})
	}
	<-time.After(time.Second)
	patience.Await(t, func() error {
		if hits := reads.Load() - s.renderings.Load(); !t.Failed() && (hits < 100 || stored.Load() < 100) {
			return fmt.Errorf("only %d reads from memory and %d writes: nothing is proved", hits, stored.Load())
		}
		return nil
	})
	close(stop)
	all.Wait()
}
