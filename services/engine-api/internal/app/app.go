package app

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/answers"
	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/services/engine-api/internal/config"
)

// serviceName is engine-api in the contract's x-served-by.
const serviceName = "engine-api"

// App is the service.
type App struct {
	cfg    config.Config
	log    zerolog.Logger
	db     *repo.DB
	cache  *answers.Cache
	tracks *trackservice.Service
	server *httpserver.Server
}

// New wires the service. The database need not be there yet.
func New(cfg config.Config, version string, log zerolog.Logger) (*App, error) {
	a := &App{cfg: cfg, log: log, cache: answers.New(answers.Config{})}
	var err error
	if a.db, err = repo.Open(cfg.Database, component(log, "database")); err != nil {
		return nil, err
	}
	if a.server, err = httpserver.New(cfg.HTTP, httpserver.Options{
		Log:     component(log, "http"),
		Service: serviceName,
		Ready:   a.db.Ready,
		Wrap:    a.cache.Middleware,
	}); err != nil {
		return nil, errors.Join(err, a.db.Close())
	}
	a.tracks = trackservice.New(a.db, a.renderTrack, cfg.Tracks, component(log, "trackservice"))
	a.server.Register(&handler.API{
		Tracks:        a.db,
		Plays:         a.plays,
		Current:       a.tracks,
		Playlog:       a.db,
		Recorder:      playlog.New(a.db, component(log, "playlog"), time.Now, a.changed),
		Sources:       a.db,
		Healths:       a.db,
		Clocks:        a.db,
		Zone:          cfg.Zone,
		HostID:        cfg.HostID,
		DefaultSource: cfg.DefaultSource,
		Changed:       a.changed,
		Now:           time.Now,
		Log:           component(log, "api"),
	})
	a.server.Registry().MustRegister(a.cache, buildInfo(version))
	log.Info().Str("version", version).Int("host_id", cfg.HostID).Str("time_zone", cfg.Zone.Name()).Msg("engine-api starts")
	return a, nil
}

// plays are what the report of a month counts.
func (a *App) plays(month report.Month, now time.Time) report.Plays {
	return report.FromPlaylog(a.db, month, now)
}

func component(log zerolog.Logger, name string) zerolog.Logger {
	return log.With().Str("component", name).Logger()
}

func buildInfo(version string) prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "aura_build_info", Help: "Always 1; the labels tell which build runs.",
		ConstLabels: prometheus.Labels{"service": serviceName, "version": version},
	})
	info.Set(1)
	return info
}

// changed tells everything that keeps answers in memory that they are out of
// date. It is called after a write is durable and before it is acknowledged.
func (a *App) changed() {
	a.cache.Invalidate()
	a.tracks.Changed()
}

// renderTrack is a track as the stream shows it: as GET /trackservice/current.
func (a *App) renderTrack(e model.Entry) ([]byte, error) {
	return json.Marshal(handler.Track(a.cfg.Zone, e))
}

// Listen opens the port, so that Addr is known before Run.
func (a *App) Listen(ctx context.Context) error { return a.server.Listen(ctx) }

// Addr is where the service listens, nil before Listen.
func (a *App) Addr() net.Addr { return a.server.Addr() }

// Run serves until ctx ends, then drains and closes the database. It returns
// repo.ErrSchemaNewer or repo.ErrSchemaOlder, wrapped, where the database's
// schema is not this binary's, and nil after a stop that was asked for. Call
// it once.
func (a *App) Run(ctx context.Context) error {
	if err := a.server.Listen(ctx); err != nil {
		return errors.Join(err, a.db.Close())
	}
	a.log.Info().Stringer("address", a.Addr()).Msg("listening")
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.server.Run(ctx) })
	g.Go(func() error {
		if err := a.prepareDatabase(ctx); err != nil {
			return err
		}
		return a.tracks.Run(ctx)
	})
	g.Go(func() error { return a.watchdog(ctx) })
	// Requests end before the database does: their last entries are stored.
	err := errors.Join(g.Wait(), a.db.Close())
	if err == nil {
		a.log.Info().Msg("stopped")
	}
	return err
}
