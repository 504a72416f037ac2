package app

import (
	"context"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// maxStrangers is how many strangers the status shows.
const maxStrangers = 10

// status is what GET /status shows. It waits for nothing.
func (a *App) status(context.Context) (api.MonitorStatus, error) {
	seen, node := a.monitor.View(), a.node.View()
	status := api.MonitorStatus{
		Name: a.cfg.Name, Version: a.version, Now: stationtime.UTC(time.Now()),
		Acting: !seen.Standby && seen.Grace.IsZero(), ActingDetail: node.ActingDetail,
		Alarm: seen.Alarm, AlarmSince: shown(seen.Alarmed),
		Active:   a.active(seen.Active, node.Active),
		Sources:  make([]api.MonitorSource, len(seen.Sources)),
		SyncNode: api.MonitorSyncNode{Url: a.cfg.SyncHost, Reachable: node.Reachable, Detail: node.Detail, LeaseHolder: node.LeaseHolder, LeaseSeconds: max(0, node.LeaseRemaining.Seconds())},
		Waiting:  []api.MonitorWaiting{},
	}
	if !seen.Grace.IsZero() {
		status.ActingDetail = "only watches until " + seen.Grace.UTC().Format(time.TimeOnly) + " UTC, because it has just started"
	}
	received := a.beats.Received()
	for i, s := range seen.Sources {
		status.Sources[i] = a.source(s, int64(received[s.Number]))
		status.Sources[i].Active = seen.Active.Known && s.Number == seen.Active.Source
	}
	for _, w := range a.actor.Waiting() {
		status.Waiting = append(status.Waiting, api.MonitorWaiting{Channel: w.Channel, Count: w.Count, Oldest: shown(w.Oldest), Error: w.Error})
	}
	strangers, total := a.beats.Strangers()
	status.Strangers = api.MonitorStrangers{Total: int64(total), Recent: []api.MonitorStranger{}}
	for _, s := range strangers[:min(len(strangers), maxStrangers)] {
		status.Strangers.Recent = append(status.Strangers.Recent, api.MonitorStranger{From: s.From.String(), Count: int64(s.Count), Last: stationtime.UTC(s.Last)})
	}
	return status, nil
}

func (a *App) active(active decision.Active, said model.ActiveSource) api.MonitorActive {
	shown := api.MonitorActive{
		Known: active.Known, Source: active.Source, Name: a.cfg.SourceNames[active.Source], Epoch: active.Epoch,
		Pinned: active.Pinned, Manual: active.Manual, Unconfirmed: active.Unconfirmed,
	}
	if !active.Unconfirmed {
		if said.Since != nil {
			shown.Since = new(stationtime.UTC(*said.Since))
		}
		shown.Unknown = said.Unknown && said.Source == active.Source
	}
	return shown
}

func (a *App) source(s decision.Source, received int64) api.MonitorSource {
	source := api.MonitorSource{
		Number: s.Number, Name: a.cfg.SourceNames[s.Number], Promise: s.Promise, Signs: api.SignsReports,
		State: api.MonitorSourceState(s.Condition.String()), Since: stationtime.UTC(s.Since), Reason: s.Reason,
		Heard: shown(s.Heard), Heartbeats: received, Lost: s.Lost, DownAfterSeconds: s.DownAfter.Seconds(),
		RecoveringSince: shown(s.Recovering), UpAt: shown(s.UpAt),
		Sick: s.Sick, ApiUrl: a.cfg.MainHosts[s.Number], Maintenance: s.Maintenance,
	}
	if sender, plain := a.cfg.Heartbeats.Sources[s.Number]; plain {
		source.Sender = sender.String()
	}
	switch {
	case a.beats.Relayed(s.Number):
		source.Signs = api.SignsRelayed
	case s.Beats:
		source.Signs = api.SignsHeartbeats
	}
	if s.IsChecked {
		source.Check = s.Checked.String() + ": " + s.CheckLine
	}
	if s.Probed {
		source.ApiFailure = new(s.ProbeFailure)
	}
	return source
}

// shown is a time in the form of the wire: null if there is none.
func shown(t time.Time) *stationtime.Stamp {
	if t.IsZero() {
		return nil
	}
	return new(stationtime.UTC(t))
}
