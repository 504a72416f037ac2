package httpserver

import (
	"context"
	"errors"
	"net/http"
)

// headSees is how much of a body decides the header: net/http tells the length of an
// answer that ends before.
const headSees = 4 << 10

// head answers HEAD as GET would be answered. The handlers behind it see a GET, and
// net/http sends no body. Once the header is sent, nobody wants what follows, so
// the request's context ends.
func head(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		only := &headWriter{ResponseWriter: w, end: cancel}
		defer func() {
			// A handler that is told to stop cuts the connection, as the body of a
			// GET would not be whole. The header is.
			v := recover()
			err, _ := v.(error)
			if isCut := only.ended && errors.Is(err, http.ErrAbortHandler); v != nil && !isCut {
				panic(v)
			}
		}()
		get := r.WithContext(ctx)
		get.Method = http.MethodGet
		next.ServeHTTP(only, get)
	})
}

// headWriter ends the request when the header is sent.
type headWriter struct {
	http.ResponseWriter
	end     func()
	written int
	ended   bool
}

func (w *headWriter) Write(p []byte) (int, error) {
	if w.ended {
		return len(p), nil
	}
	n, err := w.ResponseWriter.Write(p)
	if w.written += n; w.written > headSees {
		w.stop()
	}
	return n, err
}

func (w *headWriter) stop() {
	w.ended = true
	w.end()
}

// Flush implements http.Flusher.
func (w *headWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *headWriter) FlushError() error {
	defer w.stop()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (w *headWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
