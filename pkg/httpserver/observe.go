package httpserver

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// metrics measures the requests that reach the router. Labels are bounded: a
// route is one of the registered routes, or otherwise "none".
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aura_http_requests_total",
			Help: "Requests that reached the router, by method, route and status. A browser that the stream refuses counts as refused, although the answer is 200 and says when to ask again.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "aura_http_request_duration_seconds",
			Help:    "How long requests took, without streams.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "aura_http_requests_in_flight",
			Help: "Requests that are being answered, with streams.",
		}),
	}
	r.MustRegister(m.requests, m.seconds, m.inFlight)
	return m
}

// observe counts the request and writes it to the access log: our failures as
// errors, except of requests that came while the service prepared, refused writes
// as warnings, other writes as info, reads as debug. The query is left out, because
// people put secrets there.
func (s *Server) observe(c *gin.Context) {
	start, early := time.Now(), s.preparing()
	s.metrics.inFlight.Inc()
	defer func() { // even if a panic cuts the connection
		s.metrics.inFlight.Dec()
		took, this := time.Since(start), callOf(c)
		method, path, status := c.Request.Method, c.FullPath(), cmp.Or(this.refused, c.Writer.Status())
		if path == "" {
			method, path = "any", "none"
		}
		s.metrics.requests.WithLabelValues(method, path, strconv.Itoa(status)).Inc()
		if !this.route.streams {
			s.metrics.seconds.WithLabelValues(method, path).Observe(took.Seconds())
		}
		s.logRequest(c, this, status, took, early)
	}()
	c.Next()
}

func (s *Server) logRequest(c *gin.Context, this *call, status int, took time.Duration, early bool) {
	level := zerolog.InfoLevel
	switch {
	case status == http.StatusServiceUnavailable && early:
	case status >= http.StatusInternalServerError:
		level = zerolog.ErrorLevel
	case isRead(c.Request.Method):
		level = zerolog.DebugLevel
	case status >= http.StatusBadRequest:
		level = zerolog.WarnLevel // an engine does not resend what is refused
	}
	e := s.log.WithLevel(level)
	if last := c.Errors.Last(); last != nil {
		e.Err(last.Err)
		if p := new(panicError); errors.As(last.Err, &p) {
			e.Bytes("stack", p.stack)
		}
	}
	addr, _ := s.cfg.TrustedProxies.client(c.Request)
	e.Str("request_id", this.id).
		Str("method", c.Request.Method).
		Str("path", c.Request.URL.Path).
		Int("status", status).
		Int("bytes", max(c.Writer.Size(), 0)).
		Dur("took_ms", took).
		Stringer("client", addr).
		Str("caller", this.caller.Name).
		Msg("request")
}
