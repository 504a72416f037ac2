package httpserver

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"
)

// limitedKey marks a request that exceeds the limit, so that the router refuses
// it.
type limitedKey struct{}

// edge is what even a cached answer must pass, so it costs next to nothing:
// superfluous slashes, CORS, the rate limit, and a deadline for the body.
func (s *Server) edge(next http.Handler) http.Handler {
	cors := newCORS(s.cfg.CORSOrigins, s.routes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := r.URL.Path; len(path) > 1 && (path[len(path)-1] == '/' || strings.Contains(path, "//")) {
			r = withoutSlashes(r)
		}
		cors.allow(w.Header(), r)
		if r.ContentLength != 0 { // even if no handler reads it: net/http does, before it answers
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // tests have no connection
		}
		if s.overLimit(r) {
			// Past the cache, because the router knows how to refuse.
			s.engine.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), limitedKey{}, true)))
			return
		}
		if len(s.shown(r)) > 0 {
			s.engine.ServeHTTP(w, r) // past the cache, because pages look different to who is signed in
			return
		}
		next.ServeHTTP(w, r)
	})
}

// overLimit counts a request that has nothing to identify its caller.
func (s *Server) overLimit(r *http.Request) bool {
	if s.limit.perSecond <= 0 || claims(r) || r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return false
	}
	addr, sure := s.cfg.TrustedProxies.client(r)
	if sure && addr.IsLoopback() && !s.cfg.LocalToken {
		return false
	}
	return !s.limit.allow(addr)
}

// claims reports whether a request brings what might be a token. The edge then
// leaves the counting to access. An empty header also counts as a claim.
func claims(r *http.Request) bool { return r.Header["Authorization"] != nil }

// withoutSlashes answers //playlog/ as /playlog, without a redirect: a client
// that is redirected often loses the body of its POST.
func withoutSlashes(r *http.Request) *http.Request {
	u := *r.URL
	u.Path, u.RawPath = "/"+bareOf(u.Path), ""
	if raw := r.URL.RawPath; raw != "" {
		u.RawPath = "/" + bareOf(raw) // counts only if it still means Path
	}
	bare := r.WithContext(context.WithValue(r.Context(), sentPathKey{}, r.URL.Path))
	bare.URL, bare.RequestURI = &u, u.RequestURI()
	return bare
}

// sentPathKey holds the path as it was sent, with all its slashes.
type sentPathKey struct{}

// Relative writes the address of a path of this server as a reference that is
// relative to the address of the request. Only such a reference is also right
// below a proxy's sub-path.
func Relative(r *http.Request, path string) string {
	sent, ok := r.Context().Value(sentPathKey{}).(string)
	if !ok {
		sent = r.URL.Path
	}
	folder := sent[:strings.LastIndexByte(sent, '/')+1]
	common := 0 // what both have, up to a slash
	for i := 0; i < min(len(folder), len(path)) && folder[i] == path[i]; i++ {
		if path[i] == '/' {
			common = i + 1
		}
	}
	return cmp.Or(strings.Repeat("../", strings.Count(folder[common:], "/"))+path[common:], "./")
}

// bareOf is a path with single slashes, and none around it.
func bareOf(path string) string {
	return strings.Join(strings.FieldsFunc(path, func(r rune) bool { return r == '/' }), "/")
}
