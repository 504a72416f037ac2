package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/peer/original"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	syncconfig "aura.radio/engine/services/sync-node/internal/config"
	"aura.radio/engine/services/sync-node/internal/reconcile"
)

// Clients makes the clients of the configured nodes, by number. An error means
// that the configuration is wrong.
func Clients(cfg syncconfig.Config) (map[int]*peer.Client, error) {
	clients := map[int]*peer.Client{}
	for number, url := range cfg.MainHosts {
		client, err := peer.New(url, cfg.Peers)
		if err != nil {
			return nil, &config.Mistake{Variable: fmt.Sprintf("MAIN_HOST_%d", number), Rule: err.Error()}
		}
		clients[number] = client
	}
	return clients, nil
}

// Serves asks the node at a host's address which database it serves.
func Serves(nodes map[int]*peer.Client) exchange.Ask {
	return func(ctx context.Context, host int) (*model.Identity, error) {
		node := nodes[host]
		if node == nil {
			return nil, nil
		}
		state, _, err := node.State(ctx)
		return state.Database, err
	}
}

// NewReconciler makes the reconciler of nodes. purge is called when a node told of plays
// that are gone, and must not block.
func NewReconciler(cfg syncconfig.Config, nodes map[int]*peer.Client, station *repo.Station, recorder *playlog.Recorder, origins *exchange.Origins, purge func(), log zerolog.Logger) *reconcile.Reconciler {
	var peers []reconcile.Peer
	for _, number := range slices.Sorted(maps.Keys(nodes)) {
		client := nodes[number]
		peers = append(peers, reconcile.Peer{
			Number: number, Name: cfg.SourceNames[number], URL: cfg.MainHosts[number],
			Node: client, Original: original.New(client, cfg.Station.Zone),
		})
	}
	return reconcile.New(reconcile.Config{
		Interval: cfg.SyncInterval, BatchSize: cfg.SyncBatchSize, StepSleep: cfg.SyncStepSleep, Zone: cfg.Station.Zone, Origins: origins,
		HealthFrom: cfg.Health.HealthFrom, Purge: purge,
	}, store{station, recorder}, station, processName(), peers, log)
}

// store is where the reconciler keeps records. It is the station, but the
// recorder judges each record by itself.
type store struct {
	*repo.Station
	recorder *playlog.Recorder
}

// Receive implements reconcile.Store.
func (s store) Receive(ctx context.Context, records []model.Record, synced bool) ([]playlog.Receipt, error) {
	return s.recorder.Receive(ctx, records, synced)
}

// Occurrence implements reconcile.Store.
func (s store) Occurrence(ctx context.Context, e model.Entry, other time.Time) (model.Entry, error) {
	return s.recorder.Occurrence(ctx, e, other)
}

// processName returns a name that is unique among all processes that share the
// database, and that tells people which process it is.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8])
}
