package command

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"aura.radio/engine/pkg/setup"
	"aura.radio/engine/services/status-monitor/internal/app"
)

const (
	flagName    = "name"
	flagCommand = "switch-command"
	// beatsListen is where heartbeats arrive.
	beatsListen = "0.0.0.0:43334"
)

// plan sets up the host of a monitor.
var plan = setup.Plan{Questions: questions, Derive: derive}

func questions(_ setup.Dir, now map[string]string) []setup.Question {
	ask := "Invitation by the sync node (`sync-node invite monitor` prints it)"
	if now["AURA_SYNC_TOKEN"] != "" {
		ask = "New invitation by the sync node (empty: the station stays the same)"
	}
	return []setup.Question{
		{
			Flag: setup.FlagJoin, Help: "the line that `sync-node invite monitor` prints; required at the first time; - asks for it", Ask: ask,
			Secret: true, Required: now["AURA_SYNC_TOKEN"] == "", Check: setup.CheckMonitor,
		},
		{
			Flag: flagCommand, Help: "command of the audio switch, such as '/usr/local/bin/audio-switch {source}'; default: as before", Ask: "Command of the audio switch, such as /usr/local/bin/audio-switch {source} (empty: none)",
			Default: setup.Always(now["AURA_ON_SWITCH_COMMAND"]),
		},
		{Flag: flagName, Help: "name of this monitor, if there are several; default: as before, otherwise the host's name", Default: setup.Always(now["AURA_NAME"])},
		{
			Flag: setup.FlagBeats, Help: "address and UDP port at which heartbeats arrive, if the station has any; default: as before, otherwise " + beatsListen,
			Default: setup.Always(cmp.Or(now["AURA_HEARTBEAT_LISTEN"], beatsListen)), Check: setup.CheckListen,
		},
		{Flag: setup.FlagListen, Help: "address and port of the service; default: as before, otherwise 127.0.0.1:8011", Default: setup.Always(now["AURA_LISTEN"]), Check: setup.CheckListen},
		setup.Database("aura_status_monitor"),
	}
}

func derive(ctx context.Context, _ setup.Dir, a setup.Answers, now map[string]string) (setup.Outcome, error) {
	out := setup.Outcome{Next: []string{"systemctl restart " + app.Name, app.Name + " check"}}
	out.Set("AURA_ON_SWITCH_COMMAND", a[flagCommand])
	out.Set("AURA_NAME", a[flagName])
	out.Set("AURA_LISTEN", a[setup.FlagListen])
	out.SetDatabase(a)
	if !setup.Joins(a) {
		return out, nil
	}
	i, err := out.Accept(ctx, a)
	if err != nil {
		return out, err
	}
	// The engines of the station are those of the invitation. Their heartbeats, if
	// there are any, are relayed.
	out.UnsetFamily(now, "AURA_MAIN_HOST")
	out.UnsetFamily(now, "AURA_SOURCE")
	var hosts []string
	for _, number := range slices.Sorted(maps.Keys(i.Engines)) {
		out.Set("AURA_MAIN_HOST_"+strconv.Itoa(number), i.Engines[number])
		hosts = append(hosts, setup.HostOf(i.Engines[number]))
	}
	out.Set("AURA_SYNC_HOST", setup.Nearby(i.SyncHost))
	out.SetSecret("AURA_SYNC_TOKEN", i.Secret)
	out.SetSecret("AURA_HEARTBEAT_KEY", i.HeartbeatKey)
	if i.HeartbeatKey == "" {
		out.Set("AURA_HEARTBEAT_LISTEN", "")
		out.Notes = append(out.Notes, "the engines send no heartbeats, so this is what is promised; with `sync-node setup --heartbeats yes` and new invitations it is some seconds:")
		return out, nil
	}
	out.Set("AURA_HEARTBEAT_LISTEN", a[setup.FlagBeats])
	out.Openings = []setup.Opening{{Protocol: "udp", Port: setup.PortOf(a[setup.FlagBeats]), From: hosts}}
	return out, nil
}
