package handler

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

// slowLog is an on-air log in which each read for a visitor takes until release.
type slowLog struct {
	EntryLog
	began   chan struct{}
	release chan struct{}
}

func (l slowLog) Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error) {
	if model.IsForVisitor(ctx) {
		l.began <- struct{}{}
		<-l.release
	}
	return l.EntryLog.Entries(ctx, q)
}

// TestSyncNode_visitors: however many visitors read lists, at most model.VisitorPlaces
// of them do so at once, and those who find no place are told to come again. Plays,
// activations, leases, health, and what nodes and monitors ask are served meanwhile.
func TestSyncNode_visitors(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			const more = 3
			places := model.VisitorPlaces()
			slow := slowLog{began: make(chan struct{}, 200), release: make(chan struct{})}
			s := newSyncNodeOn(t, kind, func(a *API) { slow.EntryLog = a.OnAir; a.OnAir = &slow })
			answers := make(chan *httptest.ResponseRecorder)
			visit := func(page int) {
				w := httptest.NewRecorder()
				s.http.ServeHTTP(w, httpservertest.Request(http.MethodGet, fmt.Sprintf("%s/trackservice?page=%d", v1, page), ""))
				answers <- w
			}
			for page := range places {
				go visit(page)
			}
			for range places {
				<-slow.began
			}
			const crowd = 64 + more // as many as may wait, and some more
			for page := range crowd {
				go visit(places + page)
			}
			for range crowd {
				if w := <-answers; w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
					t.Errorf("answered %d, %v: %s", w.Code, w.Header(), w.Body)
				}
				s.do(http.StatusOK, http.MethodGet, "/source/active", "")
			}
			s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "2020-06-27T12:00:00Z", "track_title": "Halah", "log_source": 1}`)
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", "")
			s.do(http.StatusOK, http.MethodPut, "/source/lease", `{"holder": "a", "seconds": 60}`)
			s.do(http.StatusNoContent, http.MethodPut, "/source/health/1", `{"is_healthy": true, "details": "{}", "log_time": "2020-06-27T12:00:00Z"}`)
			s.do(http.StatusNoContent, http.MethodPut, "/source/maintenance/1", `{"on": true, "by": "M. Tester"}`)
			for _, path := range []string{"/source/lease", "/source/health/1", "/source/history", "/sync/state", "/sync/digests?source=1", "/sync/records?source=1", "/clock", "/playlog?source=all"} {
				s.do(http.StatusOK, http.MethodGet, path, "")
			}
			s.do(http.StatusOK, http.MethodPost, "/sync/records", `{"node": 1, "records": []}`)
			if n := len(slow.began); n > 0 {
				t.Errorf("%d more than %d visitors read at once", n, places)
			}
			close(slow.release)
			for range places {
				if w := <-answers; w.Code != http.StatusOK {
					t.Errorf("answered %d: %s", w.Code, w.Body)
				}
			}
		})
	}
}
