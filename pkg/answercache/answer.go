package answercache

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

const (
	// staleIfError is how long a proxy may continue to serve an answer while
	// this server fails.
	staleIfError = 10 * time.Minute
	// minCompressed is the size, in bytes, from which compressing is worth it.
	minCompressed = 1024
	// maxBest is the size, in bytes, up to which an answer is compressed as well as
	// possible. For a longer one that would take longer than to render it, and few
	// ask for it again.
	maxBest = 64 << 10
	// overhead is about what an answer takes in addition to its bodies.
	overhead = 1024
)

// field is a header that is put into an answer unchanged. Its values have no
// spare capacity, so that nobody appends to them in place.
type field struct {
	name   string
	values []string
}

// answer is a rendered answer, with everything prepared that can be prepared.
type answer struct {
	generation uint64
	renderedAt time.Time
	policy     Policy
	status     int
	header     []field // of every answer, 304 included
	content    []field // of answers with a body
	plain      variant
	packed     *variant // gzip; nil if it would not be smaller
	// modified is the full second after this body first appeared. The header
	// has a resolution of one second: from modified on, its date belongs to
	// this body alone.
	modified       time.Time
	modifiedValues []string

	cacheControl atomic.Pointer[cacheControl]
	failed       atomic.Pointer[failure]
	// wanted: this answer, or an earlier one in its place, was asked for again.
	wanted atomic.Bool
}

// variant is a body with the headers that belong to it.
type variant struct {
	body   []byte
	etag   []string
	length []string
}

// cacheControl is the header for a number of seconds left until the answer may
// change by itself.
type cacheControl struct {
	left   int64
	values []string
}

// failure is a rendering that did not replace the answer.
type failure struct {
	generation uint64
	retryAt    time.Time
}

var (
	gzipEncoding     = values("gzip")
	varyEncoding     = values("Accept-Encoding")
	revalidateFailed = values(`111 - "Revalidation Failed"`)
	noCache          = values("no-cache")
)

func values(v string) []string { return slices.Clip([]string{v}) }

// newAnswer prepares the answer that rec holds; older is the answer that it
// replaces, or nil.
func newAnswer(rec *recorder, generation uint64, now time.Time, older *answer) *answer {
	a := &answer{
		generation: generation,
		renderedAt: now,
		policy:     *rec.policy,
		status:     rec.status,
		plain:      newVariant(bytes.Clone(rec.body.Bytes()), ""),
		modified:   now.UTC().Truncate(time.Second).Add(time.Second),
	}
	a.wanted.Store(older != nil)
	ownTag := rec.header["Etag"]
	switch {
	case older != nil && older.status == a.status && bytes.Equal(older.plain.body, a.plain.body):
		a.packed, a.modified = older.packed, older.modified
	case ownTag == nil && len(a.plain.body) > minCompressed:
		a.packed = compress(a.plain)
	}
	if ownTag != nil {
		// The handler gets its own name of the version back in If-Match. A
		// compressed variant would need a tag that the handler does not know.
		a.plain.etag, a.packed = slices.Clip(ownTag), nil
	}
	a.modifiedValues = values(a.modified.Format(http.TimeFormat))
	a.setHeader(rec.header)
	return a
}

func newVariant(body []byte, tagSuffix string) variant {
	sum := sha256.Sum256(body)
	return variant{
		body:   body,
		etag:   values(`"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + tagSuffix + `"`),
		length: values(strconv.Itoa(len(body))),
	}
}

func compress(plain variant) *variant {
	var buf bytes.Buffer
	level := gzip.BestCompression
	if len(plain.body) > maxBest {
		level = gzip.BestSpeed
	}
	z, err := gzip.NewWriterLevel(&buf, level)
	if err != nil {
		panic(err) // both levels exist
	}
	_, _ = z.Write(plain.body) // a bytes.Buffer takes everything
	_ = z.Close()
	if buf.Len() >= len(plain.body) {
		return nil
	}
	v := newVariant(bytes.Clone(buf.Bytes()), "-gzip")
	return &v
}

// setHeader copies the handler's headers, except those that the answer makes
// itself and those that belong to one request.
func (a *answer) setHeader(h http.Header) {
	for name, list := range h {
		switch {
		case name == "Content-Length", name == "Cache-Control", name == "Expires", name == "Date",
			name == "Etag", name == "Last-Modified", name == "Vary", name == "X-Request-Id", name == "Connection":
		case strings.HasPrefix(name, "Content-"):
			a.content = append(a.content, field{name, slices.Clip(list)})
		default:
			a.header = append(a.header, field{name, slices.Clip(list)})
		}
	}
	if len(a.plain.body) > 0 && h["Content-Type"] == nil {
		a.content = append(a.content, field{"Content-Type", values(http.DetectContentType(a.plain.body))})
	}
}

// size is approximately the memory that the answer takes, in bytes.
func (a *answer) size() int {
	n := overhead + len(a.plain.body)
	if a.packed != nil {
		n += len(a.packed.body)
	}
	return n
}

// fresh reports whether the answer is still true.
func (a *answer) fresh(generation uint64, now time.Time) bool {
	return !a.policy.Confirm && a.generation == generation && (a.policy.Until.IsZero() || now.Before(a.policy.Until))
}

// resting reports whether rendering failed so recently that trying again would
// not help. A write since then shows that the database is back.
func (a *answer) resting(generation uint64, now time.Time) bool {
	f := a.failed.Load()
	return f != nil && f.generation == generation && now.Before(f.retryAt)
}

// serve writes the answer that the request asks for.
func (a *answer) serve(w http.ResponseWriter, r *http.Request, now time.Time) {
	w.Header()["Cache-Control"] = a.cacheControlAt(now)
	a.write(w, r, now)
}

// serveStale writes the answer although it may be outdated, and marks it as
// such.
func (a *answer) serveStale(w http.ResponseWriter, r *http.Request, now time.Time) {
	h := w.Header()
	h["Cache-Control"] = noCache
	h["Warning"] = revalidateFailed
	h["Age"] = []string{strconv.FormatInt(int64(max(now.Sub(a.renderedAt), 0)/time.Second), 10)}
	a.write(w, r, now)
}

func (a *answer) write(w http.ResponseWriter, r *http.Request, now time.Time) {
	h := w.Header()
	for _, f := range a.header {
		h[f.name] = f.values
	}
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	v := &a.plain
	if a.packed != nil {
		if outer := h["Vary"]; outer != nil {
			h["Vary"] = append(slices.Clip(outer), varyEncoding...)
		} else {
			h["Vary"] = varyEncoding
		}
		if acceptsGzip(r.Header["Accept-Encoding"]) {
			v = a.packed
		}
	}
	h["Etag"] = v.etag
	modified := !now.Before(a.modified)
	if modified {
		h["Last-Modified"] = a.modifiedValues
	}
	if isUnchanged(r.Header, v.etag[0], modified, a.modified) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	for _, f := range a.content {
		h[f.name] = f.values
	}
	if v == a.packed {
		h["Content-Encoding"] = gzipEncoding
	}
	h["Content-Length"] = v.length
	_, _ = w.Write(v.body) // fails only if the client has gone
}

// cacheControlAt never lets anybody use the answer beyond its Until. The header
// changes at most once a second, so it is made at most once a second.
func (a *answer) cacheControlAt(now time.Time) []string {
	maxAge, onError := int64(a.policy.MaxAge/time.Second), int64(staleIfError/time.Second)
	if a.policy.Confirm { // what must be current is not shown instead of an error
		onError = 0
	}
	left := maxAge + onError
	if !a.policy.Until.IsZero() {
		left = min(left, int64(max(a.policy.Until.Sub(now), 0)/time.Second))
	}
	c := a.cacheControl.Load()
	if c == nil || c.left != left {
		maxAge = min(maxAge, left)
		c = &cacheControl{left, values(fmt.Sprintf("public, max-age=%d, stale-if-error=%d", maxAge, left-maxAge))}
		a.cacheControl.Store(c)
	}
	return c.values
}
