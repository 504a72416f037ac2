package answercache_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/answercache"
)

// TestCache_Confirm: every request asks the handler itself if the answer must
// be confirmed. This includes the first requests and those that arrive
// meanwhile. The held answer is served only if the handler fails.
func TestCache_Confirm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var state atomic.Pointer[string]
		var away atomic.Bool
		set := func(s string) { state.Store(&s) }
		s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
			if away.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			read := *state.Load()
			time.Sleep(time.Second) // between reading and answering
			answercache.Keep(r.Context(), answercache.Policy{Confirm: true})
			_, _ = w.Write([]byte(read))
		})
		for range 2 { // first with nothing held, then with a held answer
			set("old")
			var asking sync.WaitGroup
			asking.Go(func() { wantBody(t, s.get(), "old") })
			synctest.Wait()
			set("new") // without an Invalidate
			asking.Go(func() { wantBody(t, s.get(), "new") })
			asking.Wait()
		}
		first := s.get()
		wantBody(t, first, "new")
		if res := s.get("If-None-Match", first.Header.Get("ETag")); res.StatusCode != http.StatusNotModified {
			t.Errorf("status %d of what did not change", res.StatusCode)
		}
		away.Store(true)
		res := s.get()
		wantBody(t, res, "new")
		wantHeader(t, res, "Warning", `111 - "Revalidation Failed"`)
		away.Store(false)
		set("newer")
		time.Sleep(time.Minute)
		wantBody(t, s.get(), "newer")
	})
}
