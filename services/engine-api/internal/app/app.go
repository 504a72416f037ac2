package app

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/engineclock"
	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/peer/original"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web"
	"aura.radio/engine/services/engine-api/internal/authority"
	"aura.radio/engine/services/engine-api/internal/config"
	"aura.radio/engine/services/engine-api/internal/heartbeat"
	"aura.radio/engine/services/engine-api/internal/journal"
	"aura.radio/engine/services/engine-api/internal/outbox"
	"aura.radio/engine/services/engine-api/internal/refused"
	"aura.radio/engine/services/engine-api/internal/rules"
)

// Name is engine-api's name in the contract's x-served-by.
const Name = model.EngineAPI

// adviceUnknown is what helps if nothing knows the active source.
const adviceUnknown = "activate another one, or, if there is a sync node, name it in AURA_SOURCE_NAMES there"

// App is the service.
type App struct {
	cfg     config.Config
	base    *lifecycle.Service
	db      *repo.Node
	heard   *repo.OnAirLog
	journal *journal.Journal
	health  *status.Healths
	refused *refused.Keeper
	tracks  *trackservice.Service
	links   links.Links
	clocks  *engineclock.Watch
	known   *source.Watch
	purge   *status.Purge
	purged  *playlog.Purge
	// prepared is closed when the database is ready.
	prepared chan struct{}
	pages    *web.Site
	relay    *heartbeat.Relay // nil if no heartbeats are relayed
	// The rest is nil if there is no sync node.
	syncNode  *peer.Client
	pusher    *outbox.Pusher
	authority *authority.Follower
	rules     *rules.Follower
}

// New wires the service. The database need not be available yet.
func New(cfg config.Config, version string, log zerolog.Logger) (_ *App, err error) {
	// First of all: whatever takes time below, the engine's heartbeats wait here.
	relay, err := heartbeat.Listen(cfg.Heartbeats, cfg.HostID, net.DefaultResolver, lifecycle.Log(log, "heartbeat"))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil && relay != nil {
			relay.Close()
		}
	}()
	db, err := repo.OpenNode(cfg.Database, lifecycle.Log(log, "database"))
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, db: db, heard: db.Heard(), relay: relay, prepared: make(chan struct{}), links: links.New(cfg.Links, cfg.Station.Zone)}
	ruled := playlog.NewRuled(db)
	journalLog := lifecycle.Log(log, "journal")
	a.journal = journal.New(journal.Options{
		File:  repo.NewJournal(cfg.Journal.File(cfg.Database.File()), cfg.Journal.Bytes(), journalLog),
		Plays: playlog.NewAtOnce(ruled), Database: db, Identity: a.identity,
		Kept: a.changed, Stored: a.stored, Now: time.Now, Log: journalLog,
	})
	a.refused = refused.New(refused.NewFolder(cfg.Journal.File(cfg.Database.File())), time.Now, lifecycle.Log(log, "refused"))
	base, err := lifecycle.New(lifecycle.Options{
		Name: Name, Version: version, Instance: cfg.Instance, Log: log, HTTP: cfg.HTTP, Engines: cfg.Engines, Database: database{db, a.journal}, Migrate: cfg.Database.MigrateAtStart(),
		Owner: cfg.Owner(), Alone: true, Meanwhile: a.journal.Meanwhile, Refused: a.refused.Keep, Sessions: db,
	})
	if err != nil {
		return nil, err
	}
	a.base = base
	a.tracks = trackservice.New(journal.NewShown(db.Playing(), a.journal), a.renderTrack, cfg.Tracks, base.Log("trackservice"))
	db.OnLate(a.stored)
	a.clocks = engineclock.New(engineclock.Zones{Engine: cfg.EngineZone(), Station: cfg.Station.Zone}, base.Log("clock"))
	recorder := playlog.New(ruled, base.Log("playlog"), time.Now, a.stored).Taking(a.journal).Witnessing(a.clocks.Note)
	base.Server.Registry().MustRegister(recorder, a.clocks)
	statuses := statuses{Node: db, journal: a.journal, healthStored: a.stored, clockStored: a.wake}
	a.health = status.NewHealths(statuses, cfg.Health, base.Log("status"))
	clocks := status.NewClocks(statuses, cfg.HostID, cfg.DefaultSource)
	base.Server.Registry().MustRegister(status.NewWatch(a.health, time.Now, cfg.HostID), clocks)
	a.purged = playlog.NewPurge(db, cfg.Station.Zone, a.changed, base.Log("purge"))
	var sources source.Store = db
	knows := source.NewKnowledge(db, cfg.HostID, cfg.DefaultSource).WithHistory(db).Knows
	if cfg.SyncHost != "" {
		if a.syncNode, err = peer.New(cfg.SyncHost, cfg.Peers); err != nil {
			return nil, errors.Join(err, base.Close())
		}
		a.pusher = outbox.New(db, recorder, a.syncNode, original.New(a.syncNode, cfg.Station.Zone), base.Identity, base.Log("outbox"))
		a.authority = authority.New(a.syncNode, db, cfg.DefaultSource, a.changed, base.Log("source"))
		a.rules = rules.New(a.syncNode, db, a.purged.Wake, base.Log("rule"))
		sources, knows = a.authority, a.authority.Knows
		base.Server.Registry().MustRegister(a.pusher, a.authority)
	}
	active := source.New(sources, cfg.DefaultSource, a.changed, base.Log("source")).Knowing(knows)
	a.known = source.NewWatch(active, adviceUnknown, base.Log("source"))
	a.purge = status.NewPurge(db, cfg.Health, time.Now, base.Log("status"))
	base.Server.Registry().MustRegister(a.journal, a.refused, a.known, a.purge, a.purged)
	if relay != nil {
		base.Server.Registry().MustRegister(relay)
	}
	node := &handler.API{
		OnAir:      a.heard,
		Titles:     a.heard,
		Plays:      a.plays,
		Reports:    report.NewTurns(),
		Current:    a.tracks,
		Playlog:    db,
		Recorder:   recorder,
		Sources:    active,
		Healths:    a.health,
		Clocks:     clocks,
		Lives:      status.NewLives(time.Now),
		Sync:       db,
		Rules:      db,
		Purges:     db,
		Gate:       exchange.Open{},
		State:      a.state,
		Links:      a.links,
		Zone:       cfg.Station.Zone,
		EngineZone: cfg.EngineZone(),
		Station:    cfg.Report.Station,
		Views:      cfg.Views,
		PageURL:    cfg.Pages.URL,
		HoleAfter:  cfg.Report.HoleAfter,
		Version:    version,
		HostID:     cfg.HostID,

		EngineAsSent: cfg.EngineSource.AsSent(),

		Now: time.Now,
		Log: base.Log("api"),
	}
	operations, err := handler.NewEngineAPI(node)
	if err != nil {
		return nil, errors.Join(err, base.Close())
	}
	base.Server.Register(operations)
	a.pages, err = web.New(web.Options{
		Config: cfg.Pages, Station: cfg.Report.Station, Zone: cfg.Station.Zone, Operations: operations, Now: time.Now, Log: base.Log("pages"),
		Links: a.links, CoverOrigin: cfg.Links.CoverOrigin(),
		Studio: web.Studio{
			Operations: operations, SignIn: base.Server.SignIn, SignOut: base.Server.SignOut, Report: node.Overview, Sources: map[int]string{cfg.HostID: ""},
		},
	})
	if err != nil {
		return nil, errors.Join(err, base.Close())
	}
	a.pages.Mount(base.Server)
	log.Info().Str("version", version).Int("host_id", cfg.HostID).Str("time_zone", cfg.Station.Zone.Name()).Msg("engine-api starts")
	return a, nil
}

// plays are what a report counts.
func (a *App) plays(period report.Period, now time.Time) report.Plays {
	return report.FromOnAir(a.heard, period, now)
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

// renderTrack renders a track for the stream as it was at a time, in the same form as
// GET /trackservice/current.
func (a *App) renderTrack(e model.Entry, at time.Time) ([]byte, error) {
	return json.Marshal(handler.Track(a.cfg.Station.Zone, a.links, e, at))
}

// Reload implements cli.App.
func (a *App) Reload(cfg config.Config) (changed []string, err error) {
	changed, err = a.base.Reload(cfg.Base())
	if a.relay != nil {
		key, refused := a.relay.Reload(cfg.Heartbeats)
		changed, err = append(changed, key...), errors.Join(err, refused)
	}
	if a.syncNode != nil {
		token, refused := peer.Reload(cfg.Peers, a.syncNode)
		changed, err = append(changed, token...), errors.Join(err, refused)
	}
	return changed, err
}

// Listen opens the port, so that Addr is known before Run.
func (a *App) Listen(ctx context.Context) error { return a.base.Listen(ctx) }

// Addr is where the service listens, nil before Listen.
func (a *App) Addr() net.Addr { return a.base.Addr() }

// Run serves until ctx ends, then drains and closes the database. It returns
// repo.ErrSchemaNewer or repo.ErrSchemaOlder, wrapped, if the database's schema
// is not this binary's. It returns nil after a requested stop. Call it once.
func (a *App) Run(ctx context.Context) error {
	tasks := []func(context.Context) error{a.journal.Run, a.known.Run, a.base.Counting(a.db), a.keepHeard, a.db.KeepPlayed, a.purge.Run, a.purged.Run, a.pages.Run}
	if a.pusher != nil {
		tasks = append(tasks, a.pusher.Run, a.authority.Run, a.rules.Run)
	}
	serve := func(ctx context.Context) error {
		return a.base.Run(ctx, lifecycle.Work{
			Prepare:  a.prepare,
			Prepared: func() { a.changed(); close(a.prepared) },
			Early:    []func(context.Context) error{a.publish, a.refused.Run, a.base.WatchingClock(a.afterStep)}, Tasks: tasks,
		})
	}
	return a.relaying(ctx, serve)
}

// relaying relays heartbeats while all else runs, from before its start until after
// its end. An error of the relay ends all.
func (a *App) relaying(ctx context.Context, serve func(context.Context) error) error {
	if a.relay == nil {
		return serve(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	relaying, end := context.WithCancel(context.WithoutCancel(ctx))
	relayed := make(chan error, 1)
	go func() {
		defer cancel()
		relayed <- a.relay.Run(relaying)
	}()
	err := serve(ctx)
	end()
	return errors.Join(err, <-relayed)
}

// prepare tells the journal in which file the database is, and derives what was
// heard in a database in which that was never done. From the first start on, the
// rule is part of the node's record.
func (a *App) prepare(ctx context.Context) error {
	if err := a.inherit(ctx); err != nil {
		return err
	}
	counts, err := a.db.StartRule(ctx, a.cfg.Heard.Rule())
	if err != nil {
		return err
	}
	if a.syncNode == nil { // otherwise that decides
		a.cfg.Heard.Warn(a.base.Log("rule"), counts, "engine-api rule")
	}
	return a.db.PrepareHeard(ctx)
}

// keepHeard derives what was heard in the background if it is too much for a read.
func (a *App) keepHeard(ctx context.Context) error { return a.db.KeepHeard(ctx, a.changed) }

// inherit tells the journal in which file the database is. A database is new at
// its first start, and, if the process was killed during that, as long as it is
// empty.
func (a *App) inherit(ctx context.Context) error {
	path := a.cfg.Database.File()
	if path == "" {
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	isNew := a.identity().Starts == 1
	if !isNew {
		if isNew, err = a.db.IsEmpty(ctx); err != nil {
			return err
		}
	}
	a.journal.Inherit(ctx, path, isNew)
	return nil
}

// afterStep is the command that moves what was logged while the clock of this
// host, and so of its engine, was wrong.
func (a *App) afterStep(step lifecycle.Step) string {
	shift := playlog.Shift{By: step.By, Reason: "the clock of the host was wrong"}
	return shift.Command(a.cfg.HostID, a.cfg.Station.Zone, step.Since, step.Until)
}

// publish streams the tracks, from when there is something to look at.
func (a *App) publish(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-a.prepared:
	case <-a.journal.Began():
	}
	return a.tracks.Run(ctx)
}

// identity is that of the database and of this start, nil as long as the
// database was not there.
func (a *App) identity() *model.Identity {
	if a.base == nil {
		return nil // the service is being wired
	}
	return a.base.Identity()
}

// database is the service's, with the journal that closes before it.
type database struct {
	*repo.Node
	journal *journal.Journal
}

// Close closes both.
func (d database) Close() error { return errors.Join(d.journal.Close(), d.Node.Close()) }
