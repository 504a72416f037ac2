package command

import (
	"context"
	"maps"
	"slices"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/checkup"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/config"
)

// check asks what works on a monitor's host.
func check(ctx context.Context, r *checkup.Report, cfg config.Config, own *peer.Client, is checkup.Program) {
	if status, err := own.MonitorStatus(ctx); err != nil {
		r.Away(is, err)
	} else {
		r.Runs(is, status.Version)
		r.Database(ctx, own)
		seen(r, status)
	}
	node(ctx, r, cfg, "sync node", cfg.SyncHost, 0, is.Version)
	for _, number := range slices.Sorted(maps.Keys(cfg.MainHosts)) {
		node(ctx, r, cfg, checkup.NodeName(number), cfg.MainHosts[number], number, is.Version)
	}
}

func node(ctx context.Context, r *checkup.Report, cfg config.Config, subject, address string, number int, version string) {
	client, err := peer.New(address, cfg.Peers)
	if err != nil {
		r.Fails(subject, "%v", err)
		return
	}
	defer client.Close()
	r.CertificateOf(ctx, subject, address)
	r.Node(ctx, checkup.Node{Subject: subject, Client: client, HostID: number, Version: version})
}

// seen adds what the monitor sees.
func seen(r *checkup.Report, s api.MonitorStatus) {
	switch {
	case s.Alarm != "":
		r.Fails("alarm", "%s", s.Alarm)
	case s.Acting:
		r.Works("monitor", "it acts: %s", s.ActingDetail)
	default:
		r.Look("monitor", "it does not act: %s", s.ActingDetail)
	}
	for _, source := range s.Sources {
		who := "source " + title(source.Number, source.Name)
		switch {
		case source.Heard == nil:
			r.Look(who, "no sign of life came yet; it is %s", source.Promise)
		case source.State != api.SourceUp:
			r.Look(who, "it is %s: %s; it is %s", source.State, source.Reason, source.Promise)
		case source.Sick:
			r.Look(who, "it is up, and sick: %s", source.Reason)
		default:
			r.Works(who, "it is up, %s", source.Promise)
		}
	}
	for _, w := range s.Waiting {
		if w.Error != "" {
			r.Look("delivery", "%d of %s wait: %s", w.Count, w.Channel, w.Error)
		}
	}
	for _, stranger := range s.Strangers.Recent {
		r.Look("heartbeats", "%d came from %s, which is the sender of no source", stranger.Count, stranger.From)
	}
}
