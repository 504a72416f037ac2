package httpserver

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/model"
)

const (
	// maxWaiting is how many costly reads of visitors wait for a place.
	maxWaiting = 64
	// maxWait is how long one waits. A website's reader does not wait longer.
	maxWait = 2 * time.Second
)

var busy = &statusError{http.StatusTooManyRequests, "Too many visitors ask for something that takes work. Try again in a second."}

// visitors bounds how many costly reads of visitors run at once. Some more wait, in the
// order in which they came. The others are refused.
type visitors struct {
	taken   chan struct{} // one for each that runs
	arrived chan struct{} // one for each that runs or waits
}

func newVisitors(n int) *visitors {
	return &visitors{taken: make(chan struct{}, n), arrived: make(chan struct{}, n+maxWaiting)}
}

// enter returns when there is a place, which leave gives back. Error: busy, or that
// of ctx.
func (v *visitors) enter(ctx context.Context) (leave func(), err error) {
	select {
	case v.arrived <- struct{}{}:
	default:
		return nil, busy
	}
	patience := time.NewTimer(maxWait)
	defer patience.Stop()
	select {
	case v.taken <- struct{}{}:
		return func() { <-v.taken; <-v.arrived }, nil
	case <-patience.C:
		err = busy
	case <-ctx.Done():
		err = ctx.Err()
	}
	<-v.arrived
	return nil, err
}

// visit lets a visitor's costly read wait for a place. Who shows a token is no
// visitor; a program on this host is, because it may be a website or a proxy. The
// place is given back before the answer is sent, so that nobody keeps it by reading
// slowly.
func (s *Server) visit(c *gin.Context) {
	this := callOf(c)
	if !this.route.costly || this.known {
		c.Next()
		return
	}
	ctx := c.Request.Context()
	leave, err := s.visitors.enter(ctx)
	if err != nil {
		fail(c, err)
		return
	}
	whole, client := c.Request, c.Writer
	held := &heldWriter{ResponseWriter: client}
	c.Request, c.Writer = whole.WithContext(model.ForVisitor(ctx)), held
	func() {
		defer func() { // even if the handler panics
			leave()
			c.Request, c.Writer = whole, client
		}()
		c.Next()
	}()
	if len(c.Errors) == 0 {
		held.send()
	}
}

// heldWriter holds the body of an answer until send.
type heldWriter struct {
	gin.ResponseWriter
	body  bytes.Buffer
	begun bool
}

func (w *heldWriter) Write(p []byte) (int, error) {
	w.begun = true
	return w.body.Write(p)
}

func (w *heldWriter) WriteString(p string) (int, error) { return w.Write([]byte(p)) }

func (w *heldWriter) WriteHeaderNow() { w.begun = true }

func (w *heldWriter) Written() bool { return w.begun }

// send sends the answer.
func (w *heldWriter) send() {
	w.ResponseWriter.WriteHeaderNow()
	_, _ = w.ResponseWriter.Write(w.body.Bytes()) // fails only if the client has gone
}
