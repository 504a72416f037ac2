package httpserver

import (
	"strings"

	"github.com/gin-gonic/gin"
)

// Content security policies. Data needs nothing; pages get their own resources.
const (
	dataPolicy = "default-src 'none'; frame-ancestors 'none'"
	pagePolicy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

// headers sets the headers that tell browsers how to treat every answer; a page
// may replace its Content-Security-Policy.
func (s *Server) headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	policy := pagePolicy
	if c.FullPath() == "" || callOf(c).route.contract != nil || strings.HasPrefix(c.Request.URL.Path, s.base+"/") {
		policy = dataPolicy
	}
	h.Set("Content-Security-Policy", policy)
	c.Next()
}
