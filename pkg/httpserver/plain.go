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

// choose hands on what the client wants. Answers say that they depend on that.
func (p plain) choose(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text, ok := p[r.URL.Path]; ok {
			h := w.Header()
			if outer := h["Vary"]; outer != nil {
				h["Vary"] = slices.Concat(outer, varyAccept)
			} else {
				h["Vary"] = varyAccept
			}
			if isRead(r.Method) && strings.HasPrefix(r.Header.Get("Accept"), "text/plain") {
				r = r.Clone(r.Context())
				r.URL.Path, r.URL.RawPath = text, ""
				r.RequestURI = r.URL.RequestURI()
			}
		}
		next.ServeHTTP(w, r)
	})
}
