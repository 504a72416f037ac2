package httpserver

import (
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// plain is for each path of which a client may also want text, by its Accept header,
// the path that answers it. Ready answers depend on nothing but the URI, so the text
// has one of its own.
type plain map[string]string

// add notes what an operation says of itself.
func (p plain) add(op *openapi3.Operation, place string) {
	if text, ok := op.Extensions["x-plain"].(string); ok {
		p[place] = text
	}
}

// varyAccept is full, so that appending to it copies it.
var varyAccept = []string{"Accept"}

// choose returns the request for what the client wants. It notes in the answer's
// headers that the answer depends on that.
func (p plain) choose(h http.Header, r *http.Request) *http.Request {
	text, ok := p[r.URL.Path]
	if !ok {
		return r
	}
	if outer := h["Vary"]; outer != nil {
		h["Vary"] = slices.Concat(outer, varyAccept)
	} else {
		h["Vary"] = varyAccept
	}
	if !isRead(r.Method) || !strings.HasPrefix(r.Header.Get("Accept"), "text/plain") {
		return r
	}
	u := *r.URL
	u.Path, u.RawPath = text, ""
	there := r.WithContext(r.Context())
	there.URL, there.RequestURI = &u, u.RequestURI()
	return there
}
