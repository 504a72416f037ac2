package command

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strconv"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/setup"
)

const (
	// port is the service's.
	port = "8008"
	// beatsPort is where an engine's heartbeats are taken to be relayed.
	beatsPort = "43334"
	loopback  = "127.0.0.1"
)

// plan sets up the host of an engine: alone, or as a node of a station.
var plan = setup.Plan{Questions: questions, Derive: derive}

func questions(at setup.Place, now map[string]string) []setup.Question {
	ask := "Invitation by the sync node (empty: this engine stands alone)"
	if now["AURA_SYNC_HOST"] != "" {
		ask = "New invitation by the sync node (empty: the station stays the same)"
	}
	invited := func(a setup.Answers) setup.Invitation {
		i, _ := setup.ParseInvitation(a[setup.FlagJoin]) // it was checked, or there is none
		return i
	}
	listen := net.JoinHostPort(loopback, at.FreePort(setup.Listen, port))
	beats := net.JoinHostPort(loopback, at.FreePort(setup.Beats, beatsPort))
	return []setup.Question{
		{Flag: setup.FlagJoin, Help: "the line that sync-node invite prints, for an engine of a redundant station; - asks for it", Ask: ask, Secret: true, Check: setup.CheckNode(at.Instance)},
		setup.Zone(now, setup.Joins),
		{
			Flag: setup.FlagListen, Help: "address and port of the service; default: as the invitation says, otherwise as before, " + listen + ", or for an instance the next free port", Ask: "Address and port of the service",
			Default: func(a setup.Answers) string {
				return cmp.Or(setup.ListenFor(invited(a).URL, port), now[setup.Listen], listen)
			}, Check: setup.CheckListen,
		},
		{
			Flag: setup.FlagBeats, Help: "loopback address and UDP port at which the engine's heartbeats are taken, if the station has any; default: as before, " + beats + ", or for an instance the next free port",
			Default: setup.Always(cmp.Or(now[setup.Beats], beats)), Check: setup.CheckListen,
		},
		setup.Database("aura_engine_api"),
	}
}

func derive(ctx context.Context, at setup.Place, a setup.Answers, now map[string]string) (setup.Outcome, error) {
	var out setup.Outcome
	out.Start(at)
	out.Check(at)
	out.Set(setup.Listen, a[setup.FlagListen])
	out.SetDatabase(a)
	if !setup.Joins(a) {
		out.Set("AURA_STATION_TIMEZONE", a[setup.FlagZone])
		out.Notes = []string{"times without an offset are in " + a[setup.FlagZone]}
		return out, nil
	}
	i, err := out.Accept(ctx, a)
	if err != nil {
		return out, err
	}
	out.Notes = append(out.Notes, fmt.Sprintf("this host is %s of the station with the %s at %s; its times are in %s", i.Guest, model.SyncNode, i.SyncHost, i.Zone))
	out.Set("AURA_HOST_ID", strconv.Itoa(i.Number))
	out.Set("AURA_STATION_TIMEZONE", i.Zone)
	out.Set("AURA_SYNC_HOST", i.SyncHost)
	out.SetSecret("AURA_SYNC_TOKEN", i.Secret)
	tokens := setup.ParseTokens(now["AURA_API_TOKENS"])
	for _, caller := range setup.ParseTokens(i.Callers) {
		tokens = tokens.With(caller, 0)
	}
	out.SetSecret("AURA_API_TOKENS", tokens.String())
	callers := append([]string{setup.HostOf(i.SyncHost)}, relay(&out, i, a[setup.FlagBeats], now)...)
	out.Openings = []setup.Opening{{Protocol: "tcp", Port: setup.PortOf(a[setup.FlagListen]), From: callers}}
	return out, nil
}

// relay has the engine's heartbeats relayed to the monitors, whose hosts it returns,
// if the station has any.
func relay(out *setup.Outcome, i setup.Invitation, listen string, now map[string]string) (monitors []string) {
	out.UnsetFamily(now, "AURA_MONITOR")
	out.SetSecret("AURA_HEARTBEAT_KEY", i.HeartbeatKey)
	if i.HeartbeatKey == "" {
		out.Set(setup.Beats, "")
		return nil
	}
	out.Set(setup.Beats, listen)
	for n, monitor := range i.Monitors {
		out.Set("AURA_MONITOR_"+strconv.Itoa(n+1), monitor)
		monitors = append(monitors, setup.HostOf("udp://"+monitor))
	}
	out.Notes = append(out.Notes, fmt.Sprintf("heartbeats are relayed: set heartbeat_server=%q and heartbeat_port=%q in the engine's configuration",
		setup.HostOf("udp://"+listen), setup.PortOf(listen)))
	return monitors
}
