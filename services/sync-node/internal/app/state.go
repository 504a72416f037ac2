package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/sync-node/internal/reconcile"
)

// state is what GET /sync/state shows. The sync node waits for nobody, and
// tells what it knows of the nodes.
func (a *App) state(ctx context.Context) (api.SyncState, error) {
	state := api.SyncState{HostId: a.cfg.HostID, Now: stationtime.UTC(time.Now()), Nodes: &[]api.NodeState{}}
	if err := a.station.InPlace(); err != nil {
		state.DatabaseWarning = err.Error()
	}
	for _, s := range a.nodes.Status() {
		node := api.NodeState{
			Number: s.Number, Name: s.Name, Url: s.URL, Reachable: s.Reachable, Detail: detail(s), Running: s.Running,
		}
		if !s.Seen.IsZero() {
			node.Seen, node.OffsetSeconds, node.Waiting = new(stationtime.UTC(s.Seen)), new(s.Offset.Seconds()), new(s.Said.Outbox.Entries)
			node.Version, node.TimeZone, node.Outbox = s.Said.Version, s.Said.Zone, new(api.NewOutbox(s.Said.Outbox))
			node.Journal, node.Refused = api.NewJournal(s.Said.Journal), api.NewRefused(s.Said.Refused)
		}
		if !s.Reconciled.IsZero() {
			node.Reconciled, node.Fetched = new(stationtime.UTC(s.Reconciled)), new(s.Fetched)
		}
		*state.Nodes = append(*state.Nodes, node)
	}
	if warnings, err := a.health.Warnings(ctx, time.Now(), slices.Sorted(maps.Keys(a.cfg.MainHosts))...); err == nil { // otherwise the database is away
		state.HealthWarnings = warnings
	}
	return state, nil
}

// detail is all that is wrong with a node.
func detail(s reconcile.Status) string {
	all := slices.DeleteFunc([]string{s.Detail, s.Zone, s.Clock, s.Twin}, func(wrong string) bool { return wrong == "" })
	return strings.Join(all, "; ")
}
