package lifecycle

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// Options are the parts of a service.
type Options struct {
	// Name is the name of the binary, and of the service in the contract's
	// x-served-by.
	Name    string
	Version string
	// Instance is the name of the service's instance, which copies of its database bear.
	Instance instance.Name
	Log      zerolog.Logger
	HTTP     httpserver.Config
	Engines  httpserver.Engines
	// Database is nil if the service has none. The service closes it, even if
	// New fails.
	Database Database
	// Migrate: the database's schema is brought up to date at start.
	Migrate bool
	// Owner is whose the database must be. Alone: no other process may serve it.
	Owner model.Owner
	Alone bool
	// Meanwhile is asked if the database can't do its work now, or is not
	// prepared yet. If the service can do its own nevertheless, Meanwhile says
	// how. It may be nil.
	Meanwhile func(ctx context.Context, reason error) (how string, can bool)
	// Sessions keeps who signed in on the pages; nil if the service has none.
	Sessions httpserver.Sessions
	// Refused gets what engines sent and nobody understood; see
	// httpserver.Options. It may be nil.
	Refused func(ctx context.Context, r model.Refusal)
}

// Database is what the service itself needs of its database: *repo.Node and
// *repo.Station. It is open, but need not be reachable yet.
type Database interface {
	Ready(ctx context.Context) error
	// Writable tells what a write would meet now.
	Writable(ctx context.Context) error
	Migrate(ctx context.Context) error
	Belongs(ctx context.Context, o model.Owner) error
	Begin(ctx context.Context, o model.Owner, alone bool) (model.Identity, error)
	Hold(ctx context.Context) error
	// Reload takes the login of a configuration that was read again.
	Reload(cfg repo.Config) (changed []string, err error)
	// InPlace returns repo.ErrFileGone if its file was deleted or replaced.
	InPlace() error
	// Backup copies its file, if it has one, for an instance.
	Backup(ctx context.Context, instance string) (*os.File, error)
	// Size is the size of its file and of its log, in bytes, if it has any.
	Size() (file, log int64, known bool)
	Close() error
}

// Service is what every service has. Make it with New, register handlers and
// metrics, and Run it once.
type Service struct {
	// Cache holds the answers to public reads; every writer invalidates it.
	Cache  *answercache.Cache
	Server *httpserver.Server

	opts Options
	// preparing: the schema is not there yet, or Work.Prepare is not done.
	preparing atomic.Bool
	// identity is nil until the service has begun to serve the database.
	identity atomic.Pointer[model.Identity]
}

// New makes the server. An error means that the configuration is wrong.
func New(o Options) (*Service, error) {
	s := &Service{opts: o, Cache: answercache.New(answercache.Config{})}
	var err error
	if s.Server, err = httpserver.New(o.HTTP, httpserver.Options{
		Log:      s.Log("http"),
		Service:  o.Name,
		Engines:  o.Engines,
		Refused:  o.Refused,
		Sessions: o.Sessions,
		Ready:    s.ready,
		Wrap:     s.Cache.Middleware,

		Preparing: s.preparing.Load,
		Backup:    backupOf(o.Database, o.Instance),
	}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Server.Registry().MustRegister(s.Cache, buildInfo(o), droppedLines())
	if o.Database != nil {
		s.Server.Registry().MustRegister(databaseFile{o.Database})
	}
	return s, nil
}

// Log is the logger of one part of the service.
func (s *Service) Log(component string) zerolog.Logger { return Log(s.opts.Log, component) }

// Log is a service's logger for one part of it.
func Log(log zerolog.Logger, component string) zerolog.Logger {
	return log.With().Str("component", component).Logger()
}

func buildInfo(o Options) prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "aura_build_info", Help: "Always 1. The labels say which build runs.",
		ConstLabels: prometheus.Labels{"service": o.Name, "version": o.Version},
	})
	info.Set(1)
	return info
}

// droppedLines counts what no reader of the log got.
func droppedLines() prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "aura_log_dropped_total", Help: "Lines of the log that were dropped, because nobody read it.",
	}, func() float64 { return float64(logging.Dropped()) })
}

// Identity is that of the database and of this start, nil as long as the database
// was not there.
func (s *Service) Identity() *model.Identity { return s.identity.Load() }

// Listen opens the port, so that Addr is known before Run.
func (s *Service) Listen(ctx context.Context) error { return s.Server.Listen(ctx) }

// Addr is the address on which the service listens, nil before Listen.
func (s *Service) Addr() net.Addr { return s.Server.Addr() }

// Close closes the database of a service that is not run. Run does so itself.
func (s *Service) Close() error {
	if s.opts.Database == nil {
		return nil
	}
	return s.opts.Database.Close()
}

// Reload takes the tokens and the database's login, and reads the certificates
// again; see httpserver.Server.Reload and repo.DB.Reload.
func (s *Service) Reload(cfg Config) (changed []string, err error) {
	changed, err = s.Server.Reload(cfg.HTTP)
	if s.opts.Database == nil {
		return changed, err
	}
	login, refused := s.opts.Database.Reload(cfg.Database)
	return append(changed, login...), errors.Join(err, refused)
}

// Work is what a service does besides answering requests.
type Work struct {
	// Prepare updates the data that the service keeps in the database, once the
	// schema is there. Until it is done, /readyz says no. It is repeated while
	// its error is model.ErrUnavailable; any other error ends the service.
	Prepare func(ctx context.Context) error
	// Prepared is called when the database is ready. Answers that were given
	// without the database are out of date then.
	Prepared func()
	// Early tasks begin at once, whether the database is reachable or not.
	// Otherwise they are like Tasks.
	Early []func(ctx context.Context) error
	// Tasks begin when the database is ready. Each task runs until it is done or
	// its context ends, and returns nil; an error ends the service.
	Tasks []func(ctx context.Context) error
}

// Run serves until ctx ends, then drains and closes the database. It returns
// repo.ErrSchemaNewer or repo.ErrSchemaOlder, wrapped, if the database's schema
// is not this binary's, repo.ErrForeign if the database is not this service's,
// and repo.ErrServed if another process serves it. It returns nil after a
// requested stop.
func (s *Service) Run(ctx context.Context, w Work) error {
	if err := s.Server.Listen(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	s.opts.Log.Info().Stringer("address", s.Addr()).Msg("listening")
	s.preparing.Store(s.opts.Database != nil || w.Prepare != nil)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.Server.Run(ctx) })
	for _, task := range w.Early {
		g.Go(func() error { return task(ctx) })
	}
	g.Go(func() error {
		if err := s.prepare(ctx, w); err != nil || ctx.Err() != nil {
			return err
		}
		for _, task := range w.Tasks {
			g.Go(func() error { return task(ctx) })
		}
		if s.opts.Database == nil {
			return nil
		}
		return s.opts.Database.Hold(ctx)
	})
	g.Go(func() error { return s.watchdog(ctx) })
	g.Go(func() error { return s.watchFile(ctx) })
	// Requests end before the database does, so their last entries are stored.
	err := errors.Join(g.Wait(), s.Close())
	if err == nil {
		s.opts.Log.Info().Msg("stopped")
	}
	return err
}
