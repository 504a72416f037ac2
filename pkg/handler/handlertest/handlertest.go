// Package handlertest gives tests of other packages the parts that a service
// serves. It promises that handlers are complete, so that a test sets only what
// it is about, and that answers are as the contract says.
package handlertest

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
)

// Store keeps what a node serves.
type Store interface {
	handler.Playlog
	handler.SyncStore
	handler.Rules
	handler.Purges
	playlog.Store
	source.Store
	status.HealthStore
	status.ClockStore
}

// OnAir is what listeners heard.
type OnAir interface{ handler.EntryLog }

// current is a log for the track service.
type current struct{ OnAir }

// LatestAndNext implements trackservice.Log.
func (c current) LatestAndNext(ctx context.Context, at time.Time) (latest, next *model.Entry, err error) {
	if latest, err = model.Found(c.LatestEntry(ctx, at)); err == nil {
		next, err = model.Found(c.NextEntry(ctx, at))
	}
	return latest, next, err
}

// untitled stands for the titles of a log that knows none. Nobody may ask for them.
type untitled struct{ unknown }

type unknown handler.Titles

// Node is a node in Vienna with that number, about which nothing was reported
// yet.
func Node(t testing.TB, number int, store Store, onAir OnAir) *handler.API {
	t.Helper()
	zone, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	titles, ok := onAir.(handler.Titles)
	if !ok { // it is a playlog
		titles = untitled{}
	}
	render := func(e model.Entry, at time.Time) ([]byte, error) {
		return json.Marshal(handler.Track(zone, links.Links{}, e, at))
	}
	return &handler.API{
		OnAir: onAir, Titles: titles, Playlog: store, Sync: store, Rules: store, Purges: store, Gate: exchange.Open{},
		Sources: source.New(store, 1, func() {}, zerolog.Nop()),
		Healths: status.NewHealths(store, status.Config{SilenceBelow: -60, NoPlayAfter: 30 * time.Minute}, zerolog.Nop()),
		Clocks:  status.NewClocks(store, number, 1),
		Lives:   status.NewLives(time.Now),
		Plays: func(report.Period, time.Time) report.Plays {
			return func(context.Context, func(report.Play) error) error { return nil }
		},
		Reports:  report.NewTurns(),
		Current:  trackservice.New(current{onAir}, render, trackservice.Config{}, zerolog.Nop()),
		Recorder: playlog.New(store, zerolog.Nop(), time.Now, func() {}),
		State: func(context.Context) (api.SyncState, error) {
			return api.SyncState{HostId: number, Now: stationtime.UTC(time.Now())}, nil
		},
		Zone: zone, EngineZone: zone, HostID: number, Now: time.Now, Log: zerolog.Nop(),
	}
}

// OwnStore keeps what only the sync node serves.
type OwnStore interface {
	handler.Leases
	status.MaintenanceStore
}

// Own is what only the sync node serves, in addition to what every node serves.
func Own(node *handler.API, store OwnStore) *handler.SyncNode {
	return &handler.SyncNode{Leases: store, Maintenance: status.NewMaintenances(store), Reconcile: func() {}, Zone: node.Zone, Now: node.Now}
}

// EngineAPI is an engine-api without the network.
func EngineAPI(t testing.TB, node *handler.API) http.Handler {
	t.Helper()
	operations, err := handler.NewEngineAPI(node)
	return serve(t, "engine-api", operations, err)
}

// SyncNode is the sync node without the network.
func SyncNode(t testing.TB, node *handler.API, own *handler.SyncNode) http.Handler {
	t.Helper()
	operations, err := handler.NewSyncNode(node, own)
	return serve(t, "sync-node", operations, err)
}

// Monitor is a status monitor without the network.
func Monitor(t testing.TB, own *handler.Monitor) http.Handler {
	t.Helper()
	operations, err := handler.NewMonitor(own)
	return serve(t, "status-monitor", operations, err)
}

func serve(t testing.TB, service string, operations api.StrictServerInterface, err error) http.Handler {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return httpservertest.New(t, operations, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Log, o.Service = zerolog.Nop(), service
	})
}
