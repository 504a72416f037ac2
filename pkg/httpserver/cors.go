package httpserver

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// cors lets scripts of CORS_ORIGINS read what is public, and scripts of every origin
// what is made for foreign websites alone. By default both are every origin: everybody
// may read what is public anyhow, so a list protects nothing, and a widget works on
// each website. Scripts never act for the person who looks at the page: no credentials
// are allowed. Pages are for people, so no script reads them. It runs in front of
// caches, because its headers depend on who asks.
type cors struct {
	origins []string
	// readers says for the pattern of every GET whose scripts may read it; paths
	// finds the pattern of a path.
	readers map[string]readers
	paths   *http.ServeMux
}

// readers are the origins whose scripts may read an answer.
type readers int

const (
	ownOrigin readers = iota
	configured
	everyOrigin
)

func newCORS(origins []string, routes map[routeKey]route) *cors {
	c := &cors{origins: origins, paths: http.NewServeMux(), readers: map[string]readers{}}
	for key, r := range routes {
		if key.method == http.MethodGet {
			pattern := muxPath(key.path)
			c.paths.Handle(pattern, http.NotFoundHandler()) // only looked up, never called
			c.readers[pattern] = readersOf(r, origins)
		}
	}
	return c
}

func readersOf(r route, origins []string) readers {
	switch {
	case r.page:
		return ownOrigin
	case r.anyOrigin, r.public && slices.Contains(origins, "*"):
		return everyOrigin
	case r.public && len(origins) > 0:
		return configured
	}
	return ownOrigin
}

// allow sets the headers of an answer to a page of another origin. Every answer
// says that it varies: a proxy must not give one page's answer to another.
func (c *cors) allow(h http.Header, r *http.Request) {
	if !isRead(r.Method) && r.Method != http.MethodOptions {
		return
	}
	who, literal := c.readers[r.URL.Path]
	if !literal { // the busiest paths are literal
		_, pattern := c.paths.Handler(r)
		who = c.readers[pattern]
	}
	switch who {
	case ownOrigin:
		return
	case everyOrigin:
		h["Access-Control-Allow-Origin"] = anyOrigin
	case configured:
		h["Vary"] = varyOrigin
		origin := r.Header.Get("Origin")
		if !slices.Contains(c.origins, origin) {
			return
		}
		h.Set("Access-Control-Allow-Origin", origin)
	}
	h["Access-Control-Expose-Headers"] = exposed
}

// Ready values of headers. All are full, so that appending to one copies it.
var (
	anyOrigin  = []string{"*"}
	varyOrigin = []string{"Origin"}
	exposed    = []string{"ETag, Link, X-Total-Count"}
)

// allowedHeaders are those that widgets send without need: jQuery and its like
// X-Requested-With, others a Content-Type for a body that a GET does not have. None of
// them says who asks.
const allowedHeaders = "Accept, Accept-Language, Cache-Control, Content-Type, Expires, If-Modified-Since, If-None-Match, Last-Event-ID, Pragma, X-Requested-With"

// preflight answers a browser's question whether a script may read this path.
func preflight(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Allow", "GET, HEAD, OPTIONS")
	if h.Get("Access-Control-Allow-Origin") != "" {
		h.Set("Access-Control-Allow-Methods", "GET, HEAD")
		h.Set("Access-Control-Allow-Headers", allowedHeaders)
		h.Set("Access-Control-Max-Age", "86400")
	}
	c.Status(http.StatusNoContent)
}

// muxPath writes gin's /playlog/:id and /ui/*file as net/http does.
func muxPath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		} else if name, ok := strings.CutPrefix(p, "*"); ok {
			parts[i] = "{" + name + "...}"
		}
	}
	if path == "/" {
		return "/{$}"
	}
	return strings.Join(parts, "/")
}
