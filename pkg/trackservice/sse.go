package trackservice

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

// heartbeat is a comment, which clients ignore.
var heartbeat = []*Event{{frame: []byte(":\n\n")}}

// Serve streams the current track and its changes as server-sent events until
// the client or Run ends, with a delay to the second. The error is ErrFull; in that
// case nothing is written.
func (s *Service) Serve(w http.ResponseWriter, r *http.Request, d Delay) error {
	l, err := s.Subscribe(r.Header.Get("Last-Event-ID"), d)
	if err != nil {
		return err
	}
	defer l.Close()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	c := client{w, http.NewResponseController(w)}
	// The first heartbeat comes at a random moment, so that heartbeats stay
	// spread out if many clients connected at once.
	beat := time.NewTimer(rand.N(heartbeatEvery))
	defer beat.Stop()
	retry := fmt.Appendf(nil, "retry: %d\n\n", (minRetry + rand.N(maxRetry-minRetry)).Milliseconds())
	events, newer := l.Take()
	events = append([]*Event{{frame: retry}}, events...)
	for {
		if c.send(events) != nil {
			return nil
		}
		select {
		case <-newer:
			events, newer = l.Take()
		case <-beat.C:
			events = heartbeat
			beat.Reset(heartbeatEvery)
		case <-r.Context().Done():
			return nil
		case <-s.streams.ended:
			return nil
		}
	}
}

// client is one listener's connection.
type client struct {
	http.ResponseWriter
	control *http.ResponseController
}

// send fails if the client went away or is too slow. Between two calls there is
// no deadline, because HTTP/2 would end the stream. A writer that supports no
// deadlines is used without them.
func (c client) send(events []*Event) error {
	_ = c.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	for _, e := range events {
		if _, err := c.Write(e.frame); err != nil {
			return err
		}
	}
	if err := c.control.Flush(); err != nil {
		return err
	}
	_ = c.control.SetWriteDeadline(time.Time{})
	return nil
}
