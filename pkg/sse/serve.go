package sse

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	// heartbeatEvery keeps proxies from ending a silent connection. It also
	// detects listeners that went away silently.
	heartbeatEvery = 15 * time.Second
	// writeTimeout is how long a client may take to receive an event.
	writeTimeout = 10 * time.Second
	// minRetry and maxRetry bound how long clients wait before they reconnect.
	// Each client gets its own time, so that they do not all reconnect at once
	// after a restart.
	minRetry = 2 * time.Second
	maxRetry = 6 * time.Second
)

// Serve writes to a client what its listener receives, in a form, until the client
// leaves or ended is closed. If the error is not nil, nothing is written.
func Serve(w http.ResponseWriter, r *http.Request, l *Listener, form Form, ended <-chan struct{}) error {
	ctx := r.Context()
	events, newer := l.Take()
	said, err := form.First(ctx, events)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	if h.Get("Cache-Control") == "" { // a private stream has its own
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("X-Accel-Buffering", "no")
	c := client{w, http.NewResponseController(w)}
	// The first heartbeat comes at a random moment, so that heartbeats stay
	// spread out if many clients connected at once.
	beat := time.NewTimer(rand.N(heartbeatEvery))
	defer beat.Stop()
	retry := fmt.Appendf(nil, "retry: %d\n\n", (minRetry + rand.N(maxRetry-minRetry)).Milliseconds())
	for err = c.send(retry, said); err == nil; err = c.send(said) {
		select {
		case <-newer:
			events, newer = l.Take()
			if said, err = form.Next(ctx, events); err != nil {
				return nil
			}
		case <-beat.C:
			said = form.Ping()
			beat.Reset(heartbeatEvery)
		case <-ctx.Done():
			return nil
		case <-ended:
			return nil
		}
	}
	return nil
}

// client is one listener's connection.
type client struct {
	http.ResponseWriter
	control *http.ResponseController
}

// send fails if the client went away or is too slow. Between two calls there is
// no deadline, because HTTP/2 would end the stream. A writer that supports no
// deadlines is used without them.
func (c client) send(parts ...[]byte) error {
	_ = c.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	for _, part := range parts {
		if _, err := c.Write(part); err != nil {
			return err
		}
	}
	if err := c.control.Flush(); err != nil {
		return err
	}
	_ = c.control.SetWriteDeadline(time.Time{})
	return nil
}
