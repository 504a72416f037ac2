package httpserver

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// cors lets scripts of CORS_ORIGINS read what is public. They never act for the
// person who looks at the page: no credentials are allowed. It runs in front of
// caches, because its headers depend on who asks.
type cors struct {
	origins []string
	// public says for the pattern of every GET whether it is public; paths
	// finds the pattern of a path.
	public map[string]bool
	paths  *http.ServeMux
}

func newCORS(origins []string, routes map[routeKey]route) *cors {
	c := &cors{origins: origins, paths: http.NewServeMux(), public: map[string]bool{}}
	for key, r := range routes {
		if key.method == http.MethodGet {
			pattern := muxPath(key.path)
			c.paths.Handle(pattern, http.NotFoundHandler()) // only looked up, never called
			c.public[pattern] = r.public
		}
	}
	return c
}

// allow sets the headers of an answer to a page of another origin. Every answer
// says that it varies: a proxy must not give one page's answer to another.
func (c *cors) allow(h http.Header, r *http.Request) {
	if len(c.origins) == 0 || !isRead(r.Method) && r.Method != http.MethodOptions {
		return
	}
	public, literal := c.public[r.URL.Path]
	if !literal { // the busiest paths are literal
		_, pattern := c.paths.Handler(r)
		public = c.public[pattern]
	}
	if !public {
		return
	}
	origin := "*"
	if !slices.Contains(c.origins, "*") {
		h["Vary"] = varyOrigin
		if origin = r.Header.Get("Origin"); !slices.Contains(c.origins, origin) {
			return
		}
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h["Access-Control-Expose-Headers"] = exposed
}

// Ready values of headers. Both are full, so that appending to one copies it.
var (
	varyOrigin = []string{"Origin"}
	exposed    = []string{"ETag, Link, X-Total-Count"}
)

// preflight answers a browser's question whether a script may read this path.
func preflight(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Allow", "GET, HEAD, OPTIONS")
	if h.Get("Access-Control-Allow-Origin") != "" {
		h.Set("Access-Control-Allow-Methods", "GET, HEAD")
		h.Set("Access-Control-Allow-Headers", "Last-Event-ID, If-None-Match, If-Modified-Since, Cache-Control")
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
