package answercache

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"
)

// Policy says how long an answer stays true.
type Policy struct {
	// Until is when the answer may change by itself; zero if only Invalidate
	// changes it.
	Until time.Time
	// MaxAge is how long browsers and proxies may use the answer without
	// asking, never beyond Until; whole seconds.
	MaxAge time.Duration
	// Confirm makes the cache ask the handler each time; the held answer is
	// served only while the handler fails. It is for answers that must never be
	// older than anybody has seen. Invalidate can't promise that: a write can
	// be seen in the database, or through another process, before Invalidate is
	// called.
	Confirm bool
}

// Keep says that the answer which the handler is about to write may be held and
// served to anybody. Everyone may read it, and it depends on nothing but the
// URI, not even on the Host. Call it before the first byte, in the handler's
// own goroutine. Only answers 200 and 204 are held, and none that sets a
// cookie, is encoded, varies by a header of the request, or has Cache-Control:
// no-store, as all that is not public. Without a cache in front, Keep does nothing. An
// answer that is made of several, each with its own Keep, is held as long as all of
// them are right.
func Keep(ctx context.Context, p Policy) {
	rec, ok := ctx.Value(recorderKey{}).(*recorder)
	if !ok {
		return
	}
	if rec.policy != nil {
		p = p.and(*rec.policy)
	}
	rec.policy = &p
}

// and is the policy of an answer that is right as long as two others are.
func (p Policy) and(q Policy) Policy {
	if p.Until.IsZero() || !q.Until.IsZero() && q.Until.Before(p.Until) {
		p.Until = q.Until
	}
	p.MaxAge = min(p.MaxAge, q.MaxAge)
	p.Confirm = p.Confirm || q.Confirm
	return p
}

type recorderKey struct{}

// fate is what happens to an answer; it is decided at its first byte.
type fate int

const (
	undecided fate = iota
	keeping        // buffered, held, then served
	failing        // discarded: an older answer is served instead
	passing        // written straight to the client
)

// recorder is the ResponseWriter of handlers.
type recorder struct {
	client http.ResponseWriter
	header http.Header // until passing; then the client's
	policy *Policy
	limit  int    // of body, in bytes
	older  bool   // an answer is held that can be served instead of a 503 or 429
	passed func() // called once, when passing begins

	fate   fate
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (rec *recorder) Header() http.Header { return rec.header }

// WriteHeader implements http.ResponseWriter.
func (rec *recorder) WriteHeader(status int) {
	if rec.fate == passing {
		rec.client.WriteHeader(status) // net/http complains if it is too late
		return
	}
	rec.decide(status)
}

// Write implements http.ResponseWriter.
func (rec *recorder) Write(p []byte) (int, error) {
	rec.decide(http.StatusOK)
	if rec.fate == keeping && rec.body.Len()+len(p) > rec.limit {
		rec.pass()
		if _, err := rec.client.Write(rec.body.Bytes()); err != nil {
			return 0, err
		}
	}
	switch rec.fate {
	case keeping:
		return rec.body.Write(p)
	case passing:
		return rec.client.Write(p)
	default:
		return len(p), nil
	}
}

// Flush implements http.Flusher. A kept answer is sent whole, so it has no
// part to flush.
func (rec *recorder) Flush() { _ = rec.FlushError() }

// FlushError is Flush for http.ResponseController.
func (rec *recorder) FlushError() error {
	rec.decide(http.StatusOK)
	if rec.fate != passing {
		return nil
	}
	return http.NewResponseController(rec.client).Flush()
}

// Unwrap lets http.ResponseController set the client's deadlines.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.client }

// decide fixes the answer's fate, the first time it is called.
func (rec *recorder) decide(status int) {
	if rec.fate != undecided {
		return
	}
	rec.status = status
	switch {
	case rec.policy != nil && (status == http.StatusOK || status == http.StatusNoContent) && isShareable(rec.header):
		rec.fate = keeping
	case (status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests) && rec.older:
		rec.fate = failing
	default:
		rec.pass()
	}
}

// pass hands the answer over to the client.
func (rec *recorder) pass() {
	rec.fate = passing
	header := rec.client.Header()
	for name, values := range rec.header {
		if name == "Vary" {
			values = append(values, header[name]...) // the handlers in front of the cache vary too
		}
		header[name] = values
	}
	rec.header = header
	rec.passed()
	rec.client.WriteHeader(rec.status)
}

// isShareable refuses an answer that may be right only for the client that
// asked.
func isShareable(h http.Header) bool {
	if h["Set-Cookie"] != nil || h["Content-Encoding"] != nil || h.Get("Cache-Control") == "no-store" {
		return false
	}
	for _, list := range h["Vary"] {
		for name := range strings.SplitSeq(list, ",") {
			// The cache makes the encodings itself.
			if !strings.EqualFold(strings.TrimSpace(name), "Accept-Encoding") {
				return false
			}
		}
	}
	return true
}
