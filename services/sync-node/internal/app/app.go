package app

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web"
	"aura.radio/engine/services/sync-node/internal/config"
	"aura.radio/engine/services/sync-node/internal/follow"
	"aura.radio/engine/services/sync-node/internal/reconcile"
)

// Name is sync-node's name in the contract's x-served-by.
const Name = model.SyncNode

// App is the service.
type App struct {
	cfg      config.Config
	base     *lifecycle.Service
	station  *repo.Station
	health   *status.Healths
	sources  *sources
	known    *source.Watch
	onAir    *repo.OnAirLog
	tracks   *trackservice.Service
	links    links.Links
	follower follow.Follower
	clients  map[int]*peer.Client
	monitors []*peer.Client
	nodes    *reconcile.Reconciler
	purge    *status.Purge
	purged   *playlog.Purge
	pages    *web.Site
}

// New wires the service. The database need not be available yet.
func New(cfg config.Config, version string, log zerolog.Logger) (*App, error) {
	station, err := repo.OpenStation(cfg.Database, cfg.DefaultSource, lifecycle.Log(log, "database"))
	if err != nil {
		return nil, err
	}
	base, err := lifecycle.New(lifecycle.Options{
		Name: Name, Version: version, Instance: cfg.Instance, Log: log, HTTP: cfg.HTTP, Database: station, Migrate: cfg.Database.MigrateAtStart(),
		Owner: cfg.Owner(), Sessions: station,
	})
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, base: base, station: station, links: links.New(cfg.Links, cfg.Station.Zone)}
	a.sources = &sources{Station: a.station}
	active := source.New(a.sources, cfg.DefaultSource, a.changed, base.Log("source")).Knowing(newKnowledge(cfg, station).Knows)
	a.known = source.NewWatch(active, adviceUnknown, base.Log("source"))
	a.onAir = a.station.OnAir()
	a.tracks = trackservice.New(a.onAir, a.renderTrack, cfg.Tracks, base.Log("trackservice"))
	a.follower = follow.Follower{Sequence: a.station.Sequence, Changed: a.changed, Log: base.Log("follow")}
	a.health = status.NewHealths(a.station, cfg.Health, base.Log("status"))
	a.purge = status.NewPurge(a.station, cfg.Health, time.Now, base.Log("status"))
	a.purged = playlog.NewPurge(a.station, cfg.Station.Zone, a.changed, base.Log("purge"))
	clocks := status.NewClocks(a.station, cfg.HostID, cfg.DefaultSource)
	recorder := playlog.New(playlog.NewRuled(a.station), base.Log("playlog"), time.Now, a.changed)
	if a.clients, err = Clients(cfg); err != nil {
		return nil, errors.Join(err, base.Close())
	}
	origins := exchange.NewOrigins(a.station, Serves(a.clients), time.Now, base.Log("exchange"))
	a.nodes = NewReconciler(cfg, a.clients, a.station, recorder, origins, a.purged.Wake, base.Log("reconcile"))
	node := &handler.API{
		OnAir:      a.onAir,
		Titles:     a.onAir,
		Plays:      a.plays,
		Reports:    report.NewTurns(),
		Current:    a.tracks,
		Playlog:    a.station,
		Recorder:   recorder,
		Sources:    active,
		Healths:    a.health,
		Clocks:     clocks,
		Lives:      status.NewLives(time.Now),
		Sync:       a.station,
		Rules:      a.station,
		Purges:     a.station,
		Gate:       origins,
		State:      a.state,
		Links:      a.links,
		Zone:       cfg.Station.Zone,
		EngineZone: cfg.Station.Zone,
		Station:    cfg.Report.Station,
		Views:      cfg.Views,
		PageURL:    cfg.Pages.URL,
		HoleAfter:  cfg.Report.HoleAfter,
		Version:    version,
		HostID:     cfg.HostID,
		Now:        time.Now,
		Log:        base.Log("api"),
	}
	operations, err := handler.NewSyncNode(node, &handler.SyncNode{
		Leases:      a.station,
		Maintenance: status.NewMaintenances(a.station),
		Reconcile:   a.nodes.Trigger,
		Zone:        cfg.Station.Zone,
		Now:         time.Now,
	})
	if err != nil {
		return nil, errors.Join(err, base.Close())
	}
	base.Server.Register(operations)
	if a.monitors, err = newMonitors(cfg); err != nil {
		return nil, errors.Join(err, base.Close())
	}
	a.pages, err = web.New(web.Options{
		Config: cfg.Pages, Station: cfg.Report.Station, Zone: cfg.Station.Zone, Operations: operations, Now: time.Now, Log: base.Log("pages"),
		Links: a.links, CoverOrigin: cfg.Links.CoverOrigin(),
		Studio: web.Studio{
			Operations: operations, Maintenance: operations, SignIn: base.Server.SignIn, SignOut: base.Server.SignOut,
			Report: node.Overview, Sources: namedSources(cfg), Monitors: shownMonitors(cfg, a.monitors),
		},
	})
	if err != nil {
		return nil, errors.Join(err, base.Close())
	}
	a.pages.Mount(base.Server)
	base.Server.Registry().MustRegister(a.nodes, a.known, clocks, a.purge, a.purged, status.NewWatch(a.health, time.Now, slices.Sorted(maps.Keys(cfg.MainHosts))...))
	log.Info().Str("version", version).Int("nodes", len(cfg.MainHosts)).Str("time_zone", cfg.Station.Zone.Name()).Msg("sync-node starts")
	return a, nil
}

// plays are what a report counts.
func (a *App) plays(period report.Period, now time.Time) report.Plays {
	return report.FromOnAir(a.onAir, period, now)
}

// changed tells everything that keeps answers in memory that these are out of
// date. It is called after a write is durable and before the write is
// acknowledged, and when another process has written.
func (a *App) changed() {
	a.base.Cache.Invalidate()
	a.tracks.Changed()
}

// keepTitles notes in the background the titles of what an older program wrote.
func (a *App) keepTitles(ctx context.Context) error { return a.station.KeepTitles(ctx, a.changed) }

// renderTrack renders a track for the stream as it was at a time, in the same form as
// GET /trackservice/current.
func (a *App) renderTrack(e model.Entry, at time.Time) ([]byte, error) {
	return json.Marshal(handler.Track(a.cfg.Station.Zone, a.links, e, at))
}

// Reload implements cli.App.
func (a *App) Reload(cfg config.Config) (changed []string, err error) {
	changed, err = a.base.Reload(cfg.Base())
	token, refused := peer.Reload(cfg.Peers, slices.Concat(slices.Collect(maps.Values(a.clients)), a.monitors)...)
	return append(changed, token...), errors.Join(err, refused)
}

// Listen opens the port, so that Addr is known before Run.
func (a *App) Listen(ctx context.Context) error { return a.base.Listen(ctx) }

// Addr is where the service listens, nil before Listen.
func (a *App) Addr() net.Addr { return a.base.Addr() }

// Run serves until ctx ends, then drains and closes the database. It returns
// repo.ErrSchemaNewer or repo.ErrSchemaOlder, wrapped, if the database's schema
// is not this binary's. It returns nil after a requested stop. Call it once.
func (a *App) Run(ctx context.Context) error {
	return a.base.Run(ctx, lifecycle.Work{
		Prepare:  a.prepare,
		Prepared: a.changed,
		Early:    []func(context.Context) error{a.base.WatchingClock(nil)},
		Tasks:    []func(context.Context) error{a.tracks.Run, a.follower.Run, a.nodes.Run, a.known.Run, a.base.Counting(a.station), a.purge.Run, a.purged.Run, a.keepTitles, a.station.KeepPlayed, a.pages.Run},
	})
}
