package app

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/peer/original"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/services/engine-api/internal/authority"
	"aura.radio/engine/services/engine-api/internal/config"
	"aura.radio/engine/services/engine-api/internal/outbox"
)

// Name is engine-api's name in the contract's x-served-by.
const Name = model.EngineAPI

// App is the service.
type App struct {
	cfg    config.Config
	base   *lifecycle.Service
	db     *repo.Node
	tracks *trackservice.Service
	// syncNode, pusher and authority are nil if there is no sync node.
	syncNode  *peer.Client
	pusher    *outbox.Pusher
	authority *authority.Follower
}

// New wires the service. The database need not be available yet.
func New(cfg config.Config, version string, log zerolog.Logger) (*App, error) {
	db, err := repo.OpenNode(cfg.Database, lifecycle.Log(log, "database"))
	if err != nil {
		return nil, err
	}
	base, err := lifecycle.New(lifecycle.Options{
		Name: Name, Version: version, Log: log, HTTP: cfg.HTTP, Engines: cfg.Engines, Database: db, Migrate: cfg.Database.MigrateAtStart(),
		Owner: cfg.Owner(), Alone: true,
	})
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, base: base, db: db}
	a.tracks = trackservice.New(db, a.renderTrack, cfg.Tracks, base.Log("trackservice"))
	db.OnLate(a.stored)
	recorder := playlog.New(db, base.Log("playlog"), time.Now, a.stored)
	base.Server.Registry().MustRegister(recorder)
	statuses := statuses{Node: db, stored: a.wake}
	var sources source.Store = db
	knows := source.NewKnowledge(db, cfg.HostID, cfg.DefaultSource).WithHistory(db).Knows
	if cfg.SyncHost != "" {
		if a.syncNode, err = peer.New(cfg.SyncHost, cfg.Peers); err != nil {
			return nil, errors.Join(err, base.Close())
		}
		a.pusher = outbox.New(db, recorder, a.syncNode, original.New(a.syncNode, cfg.Station.Zone), base.Identity, base.Log("outbox"))
		a.authority = authority.New(a.syncNode, db, cfg.DefaultSource, a.changed, base.Log("source"))
		sources, knows = a.authority, a.authority.Knows
		base.Server.Registry().MustRegister(a.pusher, a.authority)
	}
	operations, err := handler.NewEngineAPI(&handler.API{
		OnAir:      db,
		Plays:      a.plays,
		Current:    a.tracks,
		Playlog:    db,
		Recorder:   recorder,
		Sources:    source.New(sources, cfg.DefaultSource, a.changed, base.Log("source")).Knowing(knows),
		Healths:    status.NewHealths(statuses, base.Log("status")),
		Clocks:     status.NewClocks(statuses, cfg.HostID, cfg.DefaultSource),
		Sync:       db,
		Gate:       exchange.Open{},
		State:      a.state,
		Zone:       cfg.Station.Zone,
		EngineZone: cfg.Station.Zone,
		Station:    cfg.Report.Station,
		HostID:     cfg.HostID,
		Now:        time.Now,
		Log:        base.Log("api"),
	})
	if err != nil {
		return nil, errors.Join(err, base.Close())
	}
	base.Server.Register(operations)
	log.Info().Str("version", version).Int("host_id", cfg.HostID).Str("time_zone", cfg.Station.Zone.Name()).Msg("engine-api starts")
	return a, nil
}

// plays are what a month's report counts.
func (a *App) plays(month report.Month, now time.Time) report.Plays {
	return report.FromPlaylog(a.db, month, now)
}

// changed tells everything that keeps answers in memory that these are out of
// date. It is called after a write is durable and before the write is
// acknowledged.
func (a *App) changed() {
	a.base.Cache.Invalidate()
	a.tracks.Changed()
}

// stored calls changed, and has what was stored sent on.
func (a *App) stored() {
	a.changed()
	a.wake()
}

// wake tells the pusher, if there is one, that something waits.
func (a *App) wake() {
	if a.pusher != nil {
		a.pusher.Wake()
	}
}

// renderTrack renders a track for the stream, in the same form as GET
// /trackservice/current.
func (a *App) renderTrack(e model.Entry) ([]byte, error) {
	return json.Marshal(handler.Track(a.cfg.Station.Zone, e, time.Now()))
}

// Reload implements cli.App.
func (a *App) Reload(cfg config.Config) (changed []string, err error) {
	changed, err = a.base.Reload(cfg.Base())
	if a.syncNode == nil {
		return changed, err
	}
	token, refused := peer.Reload(cfg.Peers, a.syncNode)
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
	tasks := []func(context.Context) error{a.tracks.Run, a.base.Counting(a.db)}
	if a.pusher != nil {
		tasks = append(tasks, a.pusher.Run, a.authority.Run)
	}
	return a.base.Run(ctx, lifecycle.Work{Prepared: a.changed, Tasks: tasks})
}
