package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/status-monitor/internal/act"
	"aura.radio/engine/services/status-monitor/internal/authority"
	"aura.radio/engine/services/status-monitor/internal/check"
	monitorconfig "aura.radio/engine/services/status-monitor/internal/config"
	"aura.radio/engine/services/status-monitor/internal/decision"
	"aura.radio/engine/services/status-monitor/internal/heartbeat"
	"aura.radio/engine/services/status-monitor/internal/monitor"
	"aura.radio/engine/services/status-monitor/internal/probe"
)

// Name is status-monitor in the contract's x-served-by.
const Name = model.StatusMonitor

// App is the service.
type App struct {
	cfg     monitorconfig.Config
	version string
	base    *lifecycle.Service
	beats   *heartbeat.Listener
	monitor *monitor.Monitor
	node    *authority.Follower
	prober  *probe.Prober
	checker *check.Checker
	clients []*peer.Client
	actor   *act.Actor
	ledger  ledger
	// secret is the webhooks' present one; only Reload uses it.
	secret string
}

// New wires the service and opens the socket for heartbeats. The database need
// not be there yet.
func New(cfg monitorconfig.Config, version string, log zerolog.Logger) (_ *App, err error) {
	db, err := repo.OpenNode(cfg.Database, lifecycle.Log(log, "database"))
	if err != nil {
		return nil, err
	}
	base, err := lifecycle.New(lifecycle.Options{
		Name: Name, Version: version, Instance: cfg.Instance, Log: log, HTTP: cfg.HTTP, Database: db, Migrate: cfg.Database.MigrateAtStart(),
		Owner: cfg.Owner(), Alone: true,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, base.Close())
		}
	}()
	syncNode, err := peer.New(cfg.SyncHost, cfg.Peers)
	if err != nil {
		return nil, &config.Mistake{Variable: "SYNC_HOST", Rule: err.Error()}
	}
	clients := []*peer.Client{syncNode}
	nodes := map[int]probe.Node{}
	for _, number := range slices.Sorted(maps.Keys(cfg.MainHosts)) {
		client, err := peer.New(cfg.MainHosts[number], cfg.Peers)
		if err != nil {
			return nil, &config.Mistake{Variable: fmt.Sprintf("MAIN_HOST_%d", number), Rule: err.Error()}
		}
		nodes[number] = client
		clients = append(clients, client)
	}
	a := &App{cfg: cfg, version: version, base: base, clients: clients, ledger: ledger{db, make(chan struct{})}, secret: cfg.Act.WebhookSecret}
	by := authority.By + cfg.Name
	// An activation that the sync node refuses again and again must not cause
	// questions without a pause: the next round comes by itself.
	refreshes := rate.NewLimiter(rate.Every(time.Second), 3)
	overtaken := func() {
		a.monitor.Learn(decision.Overtaken{})
		if refreshes.Allow() {
			a.node.Refresh()
		}
	}
	lease := func() model.Lease { return a.node.View().Granted }
	if a.actor, err = act.New(cfg.Act, a.ledger, syncNode, by, lease, overtaken, base.Log("act")); err != nil {
		return nil, err
	}
	if a.beats, err = heartbeat.Listen(cfg.Heartbeats, net.DefaultResolver, base.Log("heartbeat")); err != nil {
		return nil, err
	}
	a.monitor = monitor.New(by, cfg.Decision, a.beats, a.actor, a.said, base.Log("monitor"))
	a.node = authority.New(cfg.Authority, syncNode, db, cfg.Name, cfg.Decision.DefaultSource, a.monitor.Learn, base.Log("authority"))
	a.prober = probe.New(cfg.Probe, nodes, a.monitor.Learn, base.Log("probe"))
	if a.checker, err = check.New(cfg.Checks, a.monitor.Learn, base.Log("check")); err != nil {
		return nil, err
	}

	operations, err := handler.NewMonitor(&handler.Monitor{Status: a.status})
	if err != nil {
		return nil, err
	}
	base.Server.Register(operations)
	base.Server.Handle(http.MethodGet, "/status", httpserver.Only(httpserver.RoleNode, httpserver.RoleMonitor, httpserver.RoleAdmin), a.showStatus)
	base.Server.Registry().MustRegister(a.monitor, a.actor, a.node, a.prober, heartbeats{a.beats})
	log.Info().Str("version", version).Str("name", cfg.Name).Ints("sources", cfg.Decision.Watched).
		Stringer("heartbeats", a.beats.Addr()).Msg("status-monitor starts")
	return a, nil
}

// said is what the sync node said last.
func (a *App) said() (by, reason string, history []model.Activation) {
	v := a.node.View()
	return v.LastBy, v.LastReason, v.History
}

// showStatus serves the status at the short path.
func (a *App) showStatus(c *gin.Context) {
	status, err := a.status(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, status)
}

// Reload implements cli.App.
func (a *App) Reload(cfg monitorconfig.Config) (changed []string, err error) {
	changed, err = a.base.Reload(cfg.Base())
	token, refused := peer.Reload(cfg.Peers, a.clients...)
	changed, err = append(changed, token...), errors.Join(err, refused)
	key, refused := a.beats.Reload(cfg.Heartbeats)
	changed, err = append(changed, key...), errors.Join(err, refused)
	if cfg.Act.WebhookSecret != a.secret {
		if wrong := a.actor.Reload(cfg.Act); wrong != nil {
			return changed, errors.Join(err, wrong)
		}
		a.secret = cfg.Act.WebhookSecret
		changed = append(changed, config.Prefix+"WEBHOOK_SECRET is another one")
	}
	return changed, err
}

// Listen opens the port, so that Addr is known before Run.
func (a *App) Listen(ctx context.Context) error { return a.base.Listen(ctx) }

// Addr is where the service listens, nil before Listen.
func (a *App) Addr() net.Addr { return a.base.Addr() }

// HeartbeatAddr is where heartbeats arrive.
func (a *App) HeartbeatAddr() net.Addr { return net.UDPAddrFromAddrPort(a.beats.Addr()) }

// Run serves until ctx ends, then stops all parts and closes the database. It
// returns repo.ErrSchemaNewer or repo.ErrSchemaOlder, wrapped, if the database's
// schema is not this binary's. It returns nil after a stop that was asked for.
// Call it once.
func (a *App) Run(ctx context.Context) error {
	return a.base.Run(ctx, lifecycle.Work{
		Prepared: func() { close(a.ledger.prepared) },
		// None of these waits for the database: an engine may fail at any time.
		Early: []func(context.Context) error{a.beats.Run, a.monitor.Run, a.node.Run, a.prober.Run, a.checker.Run, a.actor.Run, a.base.WatchingClock(nil)},
	})
}
