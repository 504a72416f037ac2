package command

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/setup"
	"aura.radio/engine/services/engine-api/internal/app"
)

const (
	// port is the service's.
	port = "8008"
	// beatsListen is where an engine's heartbeats are taken to be relayed.
	beatsListen = "127.0.0.1:43334"
)

// plan sets up the host of an engine: alone, or as a node of a station.
var plan = setup.Plan{Questions: questions, Derive: derive}

func questions(_ setup.Dir, now map[string]string) []setup.Question {
	ask := "Invitation by the sync node (empty: this engine stands alone)"
	if now["AURA_SYNC_HOST"] != "" {
		ask = "New invitation by the sync node (empty: the station stays the same)"
	}
	invited := func(a setup.Answers) setup.Invitation {
		i, _ := setup.ParseInvitation(a[setup.FlagJoin]) // it was checked, or there is none
		return i
	}
	return []setup.Question{
		{Flag: setup.FlagJoin, Help: "the line that sync-node invite prints, for an engine of a redundant station; - asks for it", Ask: ask, Secret: true, Check: setup.CheckNode},
		setup.Zone(now, setup.Joins),
		{
			Flag: setup.FlagListen, Help: "address and port of the service; default: as the invitation says, otherwise as before or 127.0.0.1:8008", Ask: "Address and port of the service",
			Default: func(a setup.Answers) string {
				return cmp.Or(setup.ListenFor(invited(a).URL, port), now["AURA_LISTEN"], "127.0.0.1:"+port)
			}, Check: setup.CheckListen,
		},
		{
			Flag: setup.FlagBeats, Help: "loopback address and UDP port at which the engine's heartbeats are taken, if the station has any; default: " + beatsListen,
			Default: setup.Always(cmp.Or(now["AURA_HEARTBEAT_LISTEN"], beatsListen)), Check: setup.CheckListen,
		},
		setup.Database("aura_engine_api"),
	}
}

func derive(ctx context.Context, _ setup.Dir, a setup.Answers, now map[string]string) (setup.Outcome, error) {
	out := setup.Outcome{
		Settings: append([]setup.Setting{{Variable: "AURA_LISTEN", Value: a[setup.FlagListen]}}, setup.DatabaseSetting(a)...),
		Next:     []string{"systemctl restart " + app.Name, app.Name + " check"},
	}
	set := func(variable, value string) {
		out.Settings = append(out.Settings, setup.Setting{Variable: variable, Value: value})
	}
	secret := func(variable, value string) {
		out.Settings = append(out.Settings, setup.Setting{Variable: variable, Value: value, Secret: true})
	}
	if !setup.Joins(a) {
		set("AURA_STATION_TIMEZONE", a[setup.FlagZone])
		out.Notes = append(out.Notes, "times without an offset are in "+a[setup.FlagZone])
		return out, nil
	}
	i, err := setup.ParseInvitation(a[setup.FlagJoin])
	if err != nil {
		return out, err
	}
	note, err := i.Meet(ctx)
	if err != nil {
		return out, err
	}
	if note != "" {
		out.Notes = append(out.Notes, note)
	}
	set("AURA_HOST_ID", strconv.Itoa(i.Number))
	set("AURA_STATION_TIMEZONE", i.Zone)
	set("AURA_SYNC_HOST", i.SyncHost)
	secret("AURA_SYNC_TOKEN", i.Secret)
	tokens := setup.ParseTokens(now["AURA_API_TOKENS"])
	for _, caller := range setup.ParseTokens(i.Callers) {
		tokens = tokens.With(caller, 0)
	}
	secret("AURA_API_TOKENS", tokens.String())
	for variable := range now {
		if setup.IsMember(variable, "AURA_MONITOR") {
			set(variable, "")
		}
	}
	callers := []string{setup.HostOf(i.SyncHost)}
	if i.HeartbeatKey == "" {
		set("AURA_HEARTBEAT_LISTEN", "")
		secret("AURA_HEARTBEAT_KEY", "")
	} else {
		set("AURA_HEARTBEAT_LISTEN", a[setup.FlagBeats])
		secret("AURA_HEARTBEAT_KEY", i.HeartbeatKey)
		for n, monitor := range i.Monitors {
			set("AURA_MONITOR_"+strconv.Itoa(n+1), monitor)
			callers = append(callers, setup.HostOf("udp://"+monitor))
		}
		out.Notes = append(out.Notes, fmt.Sprintf("heartbeats are relayed: set heartbeat_server=%q and heartbeat_port=%q in the engine's configuration",
			setup.HostOf("udp://"+a[setup.FlagBeats]), setup.PortOf(a[setup.FlagBeats])))
	}
	out.Notes = append(out.Notes, fmt.Sprintf("this host is %s of the station with the %s at %s; its times are in %s", i.Guest, model.SyncNode, i.SyncHost, i.Zone))
	out.Openings = []setup.Opening{{Protocol: "tcp", Port: setup.PortOf(a[setup.FlagListen]), From: callers}}
	return out, nil
}
