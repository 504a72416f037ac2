package httpserver

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// requestTimeout is how long a handler may take, unless it streams.
	requestTimeout = 15 * time.Second
	// bodyTimeout is how long a client may take to send a body.
	bodyTimeout = 10 * time.Second
	// writeTimeout is how long a client may take to receive an answer, or one
	// piece of a stream.
	writeTimeout = 30 * time.Second
)

// deadline bounds how long a request may take: a stream per piece, an endless
// stream until the server stops, everything else as a whole.
func (s *Server) deadline(c *gin.Context) {
	r := callOf(c).route
	ctx := c.Request.Context()
	var cancel context.CancelFunc
	switch {
	case r.streams:
		ctx, cancel = context.WithCancel(ctx)
		if r.events {
			defer context.AfterFunc(s.stopping, cancel)()
		}
		w := &streamWriter{c.Writer, http.NewResponseController(c.Writer)}
		w.setDeadline(time.Time{})
		c.Writer = w
	default:
		ctx, cancel = context.WithTimeout(ctx, s.timeout)
	}
	defer cancel()
	whole := c.Request
	c.Request = whole.WithContext(ctx)
	c.Next()
	c.Request = whole // its context ends only with the client or the server
}

// streamWriter sets a deadline for each piece, instead of one for the whole
// stream. Between pieces there is no deadline, because HTTP/2 would end the
// stream.
type streamWriter struct {
	gin.ResponseWriter
	control *http.ResponseController
}

func (w *streamWriter) Write(p []byte) (int, error) {
	w.setDeadline(time.Now().Add(writeTimeout))
	defer w.setDeadline(time.Time{})
	return w.ResponseWriter.Write(p)
}

func (w *streamWriter) WriteString(p string) (int, error) { return w.Write([]byte(p)) }

// FlushError is Flush for http.ResponseController.
func (w *streamWriter) FlushError() error {
	w.setDeadline(time.Now().Add(writeTimeout))
	defer w.setDeadline(time.Time{})
	return w.control.Flush()
}

func (w *streamWriter) Flush() { _ = w.FlushError() }

// Unwrap is for http.ResponseController.
func (w *streamWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// setDeadline has no effect on writers of tests, which have no connection.
func (w *streamWriter) setDeadline(t time.Time) { _ = w.control.SetWriteDeadline(t) }
