package answercache_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/answercache"
)

func TestCache_Singleflight(t *testing.T) {
	t.Parallel()

	t.Run("BurstRendersOnce", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Second)
				kept("x")(w, r)
			})
			for range 2 {
				var burst sync.WaitGroup
				for range 100 {
					burst.Go(func() { wantBody(t, s.get(), "x") })
				}
				burst.Wait()
				s.cache.Invalidate()
			}
			wantRenderings(t, s, 2)
		})
	})

	t.Run("LeaderGoesAway", func(t *testing.T) {
		t.Parallel()
		for name, status := range map[string]int{"Unavailable": 503, "Error": 500, "Nothing": 0} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
						select {
						case <-r.Context().Done():
							if status != 0 {
								w.WriteHeader(status)
							}
						case <-time.After(time.Second):
							kept("x")(w, r)
						}
					})
					leader, leave := context.WithCancel(t.Context())
					go s.doContext(leader, http.MethodGet, path)
					synctest.Wait()
					var burst sync.WaitGroup
					for range 10 {
						burst.Go(func() { wantBody(t, s.get(), "x") })
					}
					synctest.Wait()
					leave()
					burst.Wait()
					wantRenderings(t, s, 2)
				})
			})
		}
	})

	t.Run("FollowerGoesAway", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Hour)
				kept("x")(w, r)
			})
			go s.get()
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			s.doContext(ctx, http.MethodGet, path)
			if took := time.Since(start); took != time.Second {
				t.Errorf("waited %v", took)
			}
			time.Sleep(time.Hour)
		})
	})

	t.Run("WriteDuringRendering", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var title atomic.Value
			title.Store("old")
			s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
				read := title.Load().(string)
				time.Sleep(time.Second)
				kept(read)(w, r)
			})
			var first sync.WaitGroup
			first.Go(func() { wantBody(t, s.get(), "old") })
			synctest.Wait()
			title.Store("new")
			s.cache.Invalidate()
			wantBody(t, s.get(), "new") // neither waits for the old rendering nor is overwritten by it
			first.Wait()
			wantBody(t, s.get(), "new")
			wantRenderings(t, s, 2)
		})
	})
}

func TestCache_Outage(t *testing.T) {
	t.Parallel()

	// store is a database that can go away.
	type store struct {
		away  atomic.Bool
		value atomic.Value
	}
	open := func() (*store, *site) {
		db := &store{}
		db.value.Store("a")
		return db, newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
			if db.away.Load() {
				w.Header().Set("Retry-After", "9")
				http.Error(w, "database unavailable", http.StatusServiceUnavailable)
				return
			}
			kept(db.value.Load().(string))(w, r)
		})
	}

	t.Run("NotWhatWasTakenBack", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			status := http.StatusOK
			s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
				if status == http.StatusOK {
					kept("a")(w, r)
					return
				}
				http.Error(w, "no", status)
			})
			for _, status = range []int{http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable, http.StatusOK} {
				if res := s.get(); res.StatusCode != status {
					t.Errorf("answered %d %s, want %d", res.StatusCode, res.Body, status)
				}
				s.cache.Invalidate()
			}
			status = http.StatusServiceUnavailable
			wantBody(t, s.get(), "a")
		})
	})

	t.Run("TooManyVisitors", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			crowded := false
			s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
				if crowded {
					http.Error(w, "too many", http.StatusTooManyRequests)
					return
				}
				kept("a")(w, r)
			})
			s.get()
			crowded = true
			s.cache.Invalidate()
			res := s.get()
			wantBody(t, res, "a")
			wantHeader(t, res, "Warning", `111 - "Revalidation Failed"`)
			if res := s.do(http.MethodGet, path+"?page=1"); res.StatusCode != http.StatusTooManyRequests {
				t.Errorf("what is not held is answered %d", res.StatusCode)
			}
		})
	})

	t.Run("ServesTheOlderAnswer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			db, s := open()
			tag := s.get().Header.Get("Etag")
			time.Sleep(90 * time.Second)
			db.away.Store(true)
			s.cache.Invalidate() // another process wrote something
			for range 2 {        // rendered, then resting
				res := s.get()
				wantBody(t, res, "a")
				wantHeader(t, res, "Warning", `111 - "Revalidation Failed"`)
				wantHeader(t, res, "Age", "90")
				wantHeader(t, res, "Cache-Control", "no-cache")
				wantHeader(t, res, "Retry-After", "")
				wantHeader(t, res, "Etag", tag)
			}
			if res := s.get("If-None-Match", tag); res.StatusCode != http.StatusNotModified {
				t.Errorf("status %d", res.StatusCode)
			}
			wantRenderings(t, s, 2)
		})
	})

	t.Run("TriesOnceASecond", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			db, s := open()
			s.get()
			db.away.Store(true)
			s.cache.Invalidate()
			for range 100 { // 10 s
				var burst sync.WaitGroup
				for range 3 {
					burst.Go(func() { wantBody(t, s.get(), "a") })
				}
				burst.Wait()
				time.Sleep(100 * time.Millisecond)
			}
			wantRenderings(t, s, 1+10)
			db.away.Store(false)
			db.value.Store("b")
			wantHeader(t, s.get(), "Warning", "")
			wantBody(t, s.get(), "b")
		})
	})

	t.Run("AWriteEndsTheRest", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			db, s := open()
			s.get()
			db.away.Store(true)
			s.cache.Invalidate()
			s.get()
			db.away.Store(false)
			db.value.Store("b")
			wantBody(t, s.get(), "a")
			s.cache.Invalidate()
			wantBody(t, s.get(), "b")
		})
	})

	t.Run("WithoutAnOlderAnswer", func(t *testing.T) {
		t.Parallel()
		db, s := open()
		db.away.Store(true)
		res := s.get()
		if res.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("status %d", res.StatusCode)
		}
		wantHeader(t, res, "Retry-After", "9")
	})

	t.Run("AClientThatLeavesIsNoOutage", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var value atomic.Value
			value.Store("a")
			s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
				if errors.Is(r.Context().Err(), context.Canceled) {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				kept(value.Load().(string))(w, r)
			})
			s.get()
			value.Store("b")
			s.cache.Invalidate()
			gone, leave := context.WithCancel(t.Context())
			leave()
			s.doContext(gone, http.MethodGet, path)
			wantBody(t, s.get(), "b")
		})
	})
}
