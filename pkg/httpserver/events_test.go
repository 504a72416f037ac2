package httpserver_test

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// TestAccess_Events: a stream for people ends soon after their session, and not while
// nobody can tell whether that is over.
func TestAccess_Events(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &sessions{kept: map[model.SessionID]model.Session{}}
		s := signing(t, store)
		began := make(chan struct{})
		s.Handle(http.MethodGet, "/stream", httpserver.Only(httpserver.RoleAdmin).Events(), func(c *gin.Context) {
			close(began)
			<-c.Request.Context().Done()
		})
		h := s.Handler()
		ann := signedIn(t, h, adminSecret)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			browse(h, http.MethodGet, "/stream", "", ann)
		}()
		<-began
		isOver := func() bool {
			select {
			case <-ended:
				return true
			default:
				return false
			}
		}
		time.Sleep(time.Minute)
		if isOver() {
			t.Fatal("the stream ended before the session")
		}
		_ = store.do(func() { store.Err = model.ErrUnavailable })
		time.Sleep(time.Minute)
		if isOver() {
			t.Fatal("the stream ended because the database was away")
		}
		store.mu.Lock()
		store.Err = nil
		clear(store.kept)
		store.mu.Unlock()
		time.Sleep(10 * time.Second)
		if !isOver() {
			t.Fatal("the stream goes on after the session")
		}
	})
}

// TestAccess_Events_refused: a browser that can't be served now is told when to ask
// again.
func TestAccess_Events_refused(t *testing.T) {
	t.Parallel()
	s := signing(t, &sessions{kept: map[model.SessionID]model.Session{}})
	s.Handle(http.MethodGet, "/stream", httpserver.Only(httpserver.RoleAdmin).Events(), func(c *gin.Context) { httpserver.Fail(c, model.ErrOverloaded) })
	h := s.Handler()
	ann := signedIn(t, h, adminSecret)
	w := browse(h, http.MethodGet, "/stream", "", ann, header("Accept", "text/event-stream"))
	said, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != http.StatusOK || len(said) < len("retry: 2000") || string(said[:7]) != "retry: " {
		t.Errorf("%d %q, %v", w.Code, said, err)
	}
	plain := browse(h, http.MethodGet, "/stream", "", ann)
	if plain.Code != http.StatusServiceUnavailable {
		t.Errorf("a program is answered %d", plain.Code)
	}
}
