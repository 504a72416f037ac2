package answercache

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxKey is how long a URI may be, in bytes, for its answer to be kept.
	maxKey = 512
	// retryAfter is how long a failed rendering is not tried again.
	retryAfter = time.Second
)

// Config bounds the cache. The zero value means the defaults.
type Config struct {
	MaxEntries     int // answers held; default 1024
	MaxAnswerBytes int // a longer body is never kept; default 1 MiB
	MaxBytes       int // of all answers together; default 32 MiB
}

// Cache holds rendered answers. As a prometheus.Collector, it counts the
// requests by how they were answered.
type Cache struct {
	cfg Config
	// generation counts invalidations; an answer is fresh only in the
	// generation in which its rendering began.
	generation atomic.Uint64
	// held is replaced as a whole when an answer is added or removed, so a hit
	// takes no lock. A newer answer for the same key only replaces the content
	// of its slot.
	held atomic.Pointer[map[key]*slot]

	mu      sync.Mutex // guards replacing held, and the rest
	flights map[key]*flight
	bytes   int

	metrics
}

// key is the URI of a GET as it was sent: a kept answer may depend on nothing
// else.
type key string

type slot = atomic.Pointer[answer]

// flight is one rendering. All requests for the same key in the same generation
// wait for it.
type flight struct {
	generation uint64
	landed     chan struct{}
	// The fields below are written before landed is closed, and only read after
	// that.

	answer *answer // nil if there is nothing to share
	stale  bool    // the rendering failed; answer is an older one
	// abandoned: the client of the rendering request went away before there was
	// an answer.
	abandoned bool
}

// New returns an empty cache.
func New(cfg Config) *Cache {
	cfg.MaxEntries = cmp.Or(cfg.MaxEntries, 1024)
	cfg.MaxAnswerBytes = cmp.Or(cfg.MaxAnswerBytes, 1<<20)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 32<<20)
	c := &Cache{cfg: cfg, flights: map[key]*flight{}}
	c.held.Store(&map[key]*slot{})
	c.metrics = newMetrics(c)
	return c
}

// Invalidate makes every answer stale. Call it after a write is committed and
// before the write is acknowledged. Everybody who reads after the
// acknowledgement then sees the write.
func (c *Cache) Invalidate() { c.generation.Add(1) }

// Middleware answers GET from memory if it can, and otherwise asks next. Requests
// with an Authorization header bypass the cache, because what they may see depends
// on who asks. Headers that depend on Origin, that is CORS, must be set in front of
// it: headers that are already set when a request arrives are kept.
func (c *Cache) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header["Authorization"] != nil || len(r.RequestURI) > maxKey {
			next.ServeHTTP(w, r)
			return
		}
		k := key(r.RequestURI)
		// The generation is read before the answer. If it were read after, an
		// answer that was just outdated would pass for fresh.
		generation, now := c.generation.Load(), time.Now()
		if a := c.lookup(k); a != nil {
			if a.fresh(generation, now) {
				c.hits.Inc()
				if !a.wanted.Load() { // a read is cheaper than a write
					a.wanted.Store(true)
				}
				a.serve(w, r, now)
				return
			}
			if a.resting(generation, now) {
				c.stale.Inc()
				a.serveStale(w, r, now)
				return
			}
		}
		c.miss(w, r, next, k)
	})
}

func (c *Cache) lookup(k key) *answer {
	if s := (*c.held.Load())[k]; s != nil {
		return s.Load()
	}
	return nil
}

// miss renders, or waits for another request that does.
func (c *Cache) miss(w http.ResponseWriter, r *http.Request, next http.Handler, k key) {
	if a := c.lookup(k); a != nil && a.policy.Confirm {
		c.lead(w, r, next, k, c.newFlight()) // another rendering may have begun too early
		return
	}
	for {
		f, leads := c.join(k)
		if leads {
			c.lead(w, r, next, k, f)
			return
		}
		select {
		case <-f.landed:
		case <-r.Context().Done():
			w.WriteHeader(http.StatusServiceUnavailable) // nobody reads it
			return
		}
		switch {
		case f.answer != nil && f.stale:
			c.stale.Inc()
			f.answer.serveStale(w, r, time.Now())
		case f.answer != nil && !f.answer.policy.Confirm:
			c.shared.Inc()
			f.answer.serve(w, r, time.Now())
		case f.abandoned:
			continue // one of the waiting requests renders now
		default:
			// The answer can't be shared, so there was nothing to wait for.
			c.lead(w, r, next, k, c.newFlight())
		}
		return
	}
}

func (c *Cache) newFlight() *flight {
	return &flight{generation: c.generation.Load(), landed: make(chan struct{})}
}

// join returns the flight that renders k now, and whether the caller leads it.
// A rendering of an earlier generation is of no use to the caller.
func (c *Cache) join(k key) (f *flight, leads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f = c.newFlight()
	if a := c.lookup(k); a != nil && a.fresh(f.generation, time.Now()) {
		f.answer = a // rendered since the caller looked
		close(f.landed)
		return f, false
	}
	if other := c.flights[k]; other != nil && other.generation == f.generation {
		return other, false
	}
	c.flights[k] = f
	return f, true
}

// land releases those who wait for the flight.
func (c *Cache) land(k key, f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[k] == f {
		delete(c.flights, k)
	}
	close(f.landed)
}

// lead lets next render the answer, keeps the answer if a handler says so, and
// serves it.
func (c *Cache) lead(w http.ResponseWriter, r *http.Request, next http.Handler, k key, f *flight) {
	land := sync.OnceFunc(func() { c.land(k, f) })
	defer land() // even if next panics

	older := c.lookup(k)
	rec := &recorder{
		client: w,
		header: http.Header{},
		limit:  c.cfg.MaxAnswerBytes,
		older:  older != nil,
		passed: func() {
			f.abandoned = r.Context().Err() != nil
			land()
		},
	}
	inner := r.WithContext(context.WithValue(r.Context(), recorderKey{}, rec))
	next.ServeHTTP(rec, inner)
	rec.decide(http.StatusOK)

	now := time.Now()
	switch rec.fate {
	case keeping:
		c.rendered.Inc()
		a := newAnswer(rec, f.generation, now, older)
		c.store(k, a)
		f.answer = a
		land()
		a.serve(w, r, now)
	case failing:
		c.stale.Inc()
		if f.abandoned = r.Context().Err() != nil; !f.abandoned {
			older.failed.Store(&failure{generation: f.generation, retryAt: now.Add(retryAfter)})
			f.answer, f.stale = older, true
		}
		land()
		older.serveStale(w, r, now)
	default:
		c.passed.Inc()
		if older != nil && rec.status < http.StatusInternalServerError {
			c.drop(k, older)
		}
	}
}

// drop forgets an answer. There is now another answer, which is not held, so
// the old one must not come back when the handler fails.
func (c *Cache) drop(k key, a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := *c.held.Load()
	if s := held[k]; s == nil || s.Load() != a {
		return
	}
	held = maps.Clone(held)
	delete(held, k)
	c.bytes -= a.size()
	c.held.Store(&held)
}

// store holds a, unless a later rendering is held already.
func (c *Cache) store(k key, a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := *c.held.Load()
	s := held[k]
	if s != nil {
		older := s.Load()
		if older.generation > a.generation {
			return
		}
		c.bytes += a.size() - older.size()
		s.Store(a)
	}
	if s != nil && c.bytes <= c.cfg.MaxBytes {
		return
	}
	held = maps.Clone(held)
	if s == nil {
		s = &slot{}
		s.Store(a)
		k = key(strings.Clone(string(k))) // otherwise it would keep the request in memory
		held[k] = s
		c.bytes += a.size()
	}
	c.evict(held, k)
	c.held.Store(&held)
}

// evict removes answers until held is within its bounds: first those that nobody
// asked for again, stale ones before fresh ones, then others likewise, except k. So
// who asks for something else each time does not drive out what everybody reads.
func (c *Cache) evict(held map[key]*slot, k key) {
	generation, now := c.generation.Load(), time.Now()
	for _, spares := range []func(*answer) bool{
		func(a *answer) bool { return a.wanted.Load() || a.fresh(generation, now) },
		func(a *answer) bool { return a.wanted.Load() },
		func(a *answer) bool { return a.fresh(generation, now) },
		func(*answer) bool { return false },
	} {
		for other, s := range held {
			if len(held) <= c.cfg.MaxEntries && c.bytes <= c.cfg.MaxBytes {
				return
			}
			a := s.Load()
			if other == k || spares(a) {
				continue
			}
			delete(held, other)
			c.bytes -= a.size()
		}
	}
}
