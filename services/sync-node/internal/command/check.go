package command

import (
	"context"
	"maps"
	"slices"
	"strings"

	"aura.radio/engine/pkg/checkup"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/sync-node/internal/config"
)

// check asks what works on the sync node's host.
func check(ctx context.Context, r *checkup.Report, cfg config.Config, own *peer.Client, is checkup.Program) {
	state, answers := r.Service(ctx, own, is)
	if answers {
		r.Warnings(state)
		monitors(ctx, r, own)
	}
	for _, number := range slices.Sorted(maps.Keys(cfg.MainHosts)) {
		node(ctx, r, cfg, number, is)
	}
	if answers && state.Nodes != nil {
		for _, n := range *state.Nodes {
			r.Seen(checkup.NodeName(n.Number), n)
		}
	}
}

// monitors says whether anybody decides.
func monitors(ctx context.Context, r *checkup.Report, own *peer.Client) {
	switch lease, err := own.Lease(ctx); {
	case err != nil:
		r.Fails("monitor", "%v", err)
	case lease.Holder == "" || lease.Remaining <= 0:
		r.Look("monitor", "no status monitor acts: nobody switches if an engine fails")
	default:
		name, _, _ := strings.Cut(lease.Holder, "/") // the rest tells its starts apart
		r.Works("monitor", "%s acts", name)
	}
}

// node checks a node, and whether it reaches this host.
func node(ctx context.Context, r *checkup.Report, cfg config.Config, number int, is checkup.Program) {
	name, address := checkup.NodeName(number), cfg.MainHosts[number]
	client, err := peer.New(address, cfg.Peers)
	if err != nil {
		r.Fails(name, "%v", err)
		return
	}
	defer client.Close()
	r.CertificateOf(ctx, name, address)
	if !r.Node(ctx, checkup.Node{Subject: name, Client: client, HostID: number, Version: is.Version, Zone: cfg.Station.Zone}) {
		return
	}
	switch active, err := client.ActiveSource(ctx); {
	case err != nil:
		r.Fails(name, "%v", err)
	case active.Stale:
		r.Fails(name, "it does not reach this host: `%s` there says why", is.As(model.EngineAPI).Command("check"))
	default:
		r.Works(name, "it reaches this host")
	}
	r.Life(ctx, client, name+"'s engine", number)
}
