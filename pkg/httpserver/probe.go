package httpserver

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTimeout bounds the check whether the service is ready: a caller that
// asks every few seconds wants a quick no.
const readyTimeout = 3 * time.Second

// probes serves the endpoints for supervisors and monitoring.
func (s *Server) probes() {
	s.Handle(http.MethodGet, "/healthz", Public, func(c *gin.Context) {
		c.Header("Cache-Control", "no-store")
		c.String(http.StatusOK, "alive\n")
	})
	s.Handle(http.MethodGet, "/readyz", Public, s.readiness)
	metrics := promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
	s.Handle(http.MethodGet, "/metrics", Only(RoleMonitor, RoleAdmin), gin.WrapH(metrics))
	if s.backup != nil {
		s.Handle(http.MethodGet, "/backup", Only(RoleAdmin).Streaming(), s.sendBackup)
	}
}

func (s *Server) readiness(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	ctx, cancel := context.WithTimeout(c.Request.Context(), readyTimeout)
	defer cancel()
	detail, err := s.ready(ctx)
	// The reason may name hosts and schemas, so strangers don't get it.
	known := Caller(c.Request.Context()) != (Identity{})
	switch {
	case err != nil && known:
		fail(c, fmt.Errorf("%w: %w", &statusError{http.StatusServiceUnavailable, err.Error()}, err))
	case err != nil:
		fail(c, fmt.Errorf("%w: %w", &statusError{http.StatusServiceUnavailable, "This service is not ready."}, err))
	case detail != "" && known:
		c.String(http.StatusOK, "ready: %s\n", detail)
	default:
		c.String(http.StatusOK, "ready\n")
	}
}
