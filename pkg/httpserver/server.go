package httpserver

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// Options are what a service gives its server, in addition to the
// configuration.
type Options struct {
	// Log gets one line per request, and the server's own troubles.
	Log zerolog.Logger
	// Service is the service's name in the contract's x-served-by; operations
	// of other services do not exist. If it is empty, as in tests, all are
	// served.
	Service string
	// Engines says which engines need no token.
	Engines Engines
	// Ready returns why the service can't do its work now, or nil. detail says
	// what an operator should know although the service is ready; "" is nothing.
	// Without Ready, the service is always ready.
	Ready func(ctx context.Context) (detail string, err error)
	// Sessions keeps who signed in on the pages; nil if nobody can.
	Sessions Sessions
	// Refused gets what engines sent and nobody understood. The answer waits for
	// it, so it must return within a second. It may be nil.
	Refused func(ctx context.Context, r model.Refusal)
	// Preparing reports whether the service still prepares its data after its
	// start. A request that fails meanwhile is no error in the log. Without
	// Preparing, that is never so.
	Preparing func() bool
	// Backup copies the database; nil if there is nothing to copy. GET /backup sends
	// the copy.
	Backup func(ctx context.Context) (*os.File, error)
	// Wrap puts a handler in front of the router, such as a cache of ready
	// answers. The handler must answer only what is public, because access is
	// decided after it.
	Wrap func(http.Handler) http.Handler
	// Registry gets the metrics, and is served at /metrics; nil makes a new one.
	Registry *prometheus.Registry
	// Listener is used instead of a new one at Config.Listen.
	Listener net.Listener
	// RequestTimeout is how long a handler that does not stream may take, and
	// DrainTimeout how long a stop waits for requests; zero means 15 s and 10 s.
	RequestTimeout, DrainTimeout time.Duration
	// OnMismatch is for tests: it is called with every answer that does not
	// match the contract.
	OnMismatch func(operation string, err error)
}

// Server serves one service's HTTP. Make it with New, Register the handlers,
// and Run it once.
type Server struct {
	cfg        Config
	engines    Engines
	log        zerolog.Logger
	engine     *gin.Engine
	base       string // where the contract's paths begin: /api/v1
	routes     map[routeKey]route
	places     map[routeKey][]string // by the contract's path: where it is served
	plain      plain
	limit      *addressLimit
	sessions   Sessions
	signIns    *addressLimit
	visitors   *visitors
	registry   *prometheus.Registry
	metrics    metrics
	ready      func(context.Context) (string, error)
	refused    func(context.Context, model.Refusal)
	preparing  func() bool
	backup     func(context.Context) (*os.File, error)
	wrap       func(http.Handler) http.Handler
	onMismatch func(string, error)
	// toDocumentation leads to the documentation.
	toDocumentation gin.HandlerFunc
	// showProblem shows a problem to a person; nil if there are no pages.
	showProblem func(*gin.Context, api.Problem)
	timeout     time.Duration
	drain       time.Duration
	listener    net.Listener
	// tokens and certificates change while the server runs; see Reload.
	tokens       atomic.Pointer[Tokens]
	certificates atomic.Pointer[certificates] // nil without HTTPS
	// stopping ends the streams that have no end of their own.
	stopping context.Context
	stop     context.CancelFunc
}

// New makes a server that so far serves only probes, metrics and documentation.
// It fails if the embedded contract or a certificate is unusable.
func New(cfg Config, o Options) (*Server, error) {
	doc, err := api.Contract()
	if err != nil {
		return nil, fmt.Errorf("load contract: %w", err)
	}
	s := &Server{
		cfg: cfg, engines: o.Engines, log: o.Log, engine: newEngine(), routes: map[routeKey]route{}, places: map[routeKey][]string{}, plain: plain{},
		limit: newAddressLimit(cfg.RateLimit, int(math.Ceil(2*cfg.RateLimit))), sessions: o.Sessions, signIns: newAddressLimit(signInRate, signInBurst), visitors: newVisitors(model.VisitorPlaces()), registry: o.Registry, refused: o.Refused, ready: o.Ready, preparing: o.Preparing, backup: o.Backup, wrap: o.Wrap,
		onMismatch: o.OnMismatch, timeout: o.RequestTimeout, drain: o.DrainTimeout, listener: o.Listener,
	}
	s.tokens.Store(&cfg.Tokens)
	present, err := cfg.certificates()
	if err != nil {
		return nil, err
	}
	s.certificates.Store(present)
	s.stopping, s.stop = context.WithCancel(context.Background())
	if s.registry == nil {
		s.registry = prometheus.NewRegistry()
	}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.registry.MustRegister(certificateDays{s})
	s.metrics = newMetrics(s.registry)
	if s.ready == nil {
		s.ready = func(context.Context) (string, error) { return "", nil }
	}
	if s.preparing == nil {
		s.preparing = func() bool { return false }
	}
	if s.wrap == nil {
		s.wrap = func(h http.Handler) http.Handler { return h }
	}
	if s.timeout == 0 {
		s.timeout = requestTimeout
	}
	if s.drain == 0 {
		s.drain = drainTimeout
	}

	s.engine.Use(s.begin, s.observe, s.headers, s.verify, s.problems, recovery, s.deadline, s.access, s.refusals, s.body, s.contract, s.visit)
	s.engine.NoRoute(unknownPath)
	s.engine.NoMethod(wrongMethod)
	if err := s.declare(doc, o.Service); err != nil {
		return nil, err
	}
	s.probes()
	if err := s.documentation(doc.Info.Title, o.Service); err != nil {
		return nil, fmt.Errorf("prepare documentation: %w", err)
	}
	return s, nil
}

// newEngine is gin without its global settings, its log, its redirects and its
// own choice of trusted proxies.
func newEngine() *gin.Engine {
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	e.ForwardedByClientIP = false
	e.ContextWithFallback = true
	return e
}

// gin prints its routes and warnings unless told otherwise, and looks into each
// byte of a body for rules in tags of structs. The contract has the rules instead.
// Both settings are global to the process.
func init() {
	gin.SetMode(gin.ReleaseMode)
	binding.Validator = nil
}

// Handler is the whole server except for the network. Register everything
// before calling it. Without a page of its own, / leads to the documentation.
func (s *Server) Handler() http.Handler {
	if !s.routes[routeKey{http.MethodGet, "/"}].served {
		s.Handle(http.MethodGet, "/", Public, s.toDocumentation)
	}
	return head(s.edge(s.plain.choose(s.wrap(s.engine))))
}

// Registry is where a service adds metrics of its own.
func (s *Server) Registry() *prometheus.Registry { return s.registry }
