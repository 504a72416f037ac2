package command

import (
	"context"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/checkup"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/engine-api/internal/config"
)

// check asks what works on an engine's host.
func check(ctx context.Context, r *checkup.Report, cfg config.Config, own *peer.Client, is checkup.Program) {
	is.HostID = cfg.HostID
	if state, answers := r.Service(ctx, own, is); answers {
		r.Kept(state, is.Instance, cfg.SyncHost != "")
		r.Life(ctx, own, "engine", cfg.HostID)
		r.Warnings(state)
	}
	if cfg.SyncHost == "" {
		return
	}
	syncNode, err := peer.New(cfg.SyncHost, cfg.Peers)
	if err != nil {
		r.Fails("sync node", "%v", err)
		return
	}
	defer syncNode.Close()
	if r.Node(ctx, checkup.Node{Subject: "sync node", Client: syncNode, HostID: 0, Version: is.Version, Zone: cfg.Station.Zone}) {
		back(ctx, r, syncNode, cfg.HostID)
	}
	r.CertificateOf(ctx, "sync node", cfg.SyncHost)
}

// back asks the sync node whether it reaches this host.
func back(ctx context.Context, r *checkup.Report, syncNode *peer.Client, host int) {
	var state api.SyncState
	if err := syncNode.Get(ctx, "/sync/state", nil, &state); err != nil {
		r.Fails("way back", "%s", checkup.Why(err))
		return
	}
	if state.Nodes != nil {
		for _, n := range *state.Nodes {
			if n.Number == host {
				r.Seen("way back", n)
				return
			}
		}
	}
	r.Fails("way back", "the sync node does not know node %d: it lacks AURA_MAIN_HOST_%d", host, host)
}
