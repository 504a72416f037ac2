package command

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"strconv"

	"aura.radio/engine/pkg/setup"
)

const (
	flagName    = "name"
	flagCommand = "switch-command"
	port        = "8011"
	// beatsPort is where heartbeats arrive, at any address.
	beatsPort = "43334"
)

// plan sets up the host of a monitor.
var plan = setup.Plan{Questions: questions, Derive: derive}

func questions(at setup.Place, now map[string]string) []setup.Question {
	ask := "Invitation by the sync node (`sync-node invite monitor` prints it)"
	if now["AURA_SYNC_TOKEN"] != "" {
		ask = "New invitation by the sync node (empty: the station stays the same)"
	}
	listen := ""
	if at.Name != "" {
		listen = "127.0.0.1:" + at.FreePort(setup.Listen, port)
	}
	return []setup.Question{
		{
			Flag: setup.FlagJoin, Help: "the line that `sync-node invite monitor` prints; required at the first time; - asks for it", Ask: ask,
			Secret: true, Required: now["AURA_SYNC_TOKEN"] == "", Check: setup.CheckMonitor(at.Instance),
		},
		{
			Flag: flagCommand, Help: "command of the audio switch, such as '/usr/local/bin/audio-switch {source}'; default: as before", Ask: "Command of the audio switch, such as /usr/local/bin/audio-switch {source} (empty: none)",
			Default: setup.Always(now["AURA_ON_SWITCH_COMMAND"]),
		},
		{Flag: flagName, Help: "name of this monitor, if there are several; default: as before, otherwise the host's name", Default: setup.Always(now["AURA_NAME"])},
		{
			Flag: setup.FlagBeats, Help: "address and UDP port at which heartbeats arrive, if the station has any; default: as before, otherwise 0.0.0.0:" + beatsPort + "; of an instance as the invitation says",
			Default: func(a setup.Answers) string { return heard(at, a, now[setup.Beats]) }, Check: setup.CheckListen,
		},
		{Flag: setup.FlagListen, Help: "address and port of the service; default: as before, otherwise 127.0.0.1:" + port + ", or for an instance the next free port", Default: setup.Always(cmp.Or(now[setup.Listen], listen)), Check: setup.CheckListen},
		setup.Database("aura_status_monitor"),
	}
}

// heard is where heartbeats arrive if nobody says otherwise. The engine-apis send those
// of a named instance where the invitation says.
func heard(at setup.Place, a setup.Answers, present string) string {
	i, _ := setup.ParseInvitation(a[setup.FlagJoin]) // it was checked, or there is none
	if at.Name != "" && len(i.Monitors) > 0 {
		return net.JoinHostPort("0.0.0.0", setup.PortOf(i.Monitors[0]))
	}
	return cmp.Or(present, net.JoinHostPort("0.0.0.0", at.FreePort(setup.Beats, beatsPort)))
}

func derive(ctx context.Context, at setup.Place, a setup.Answers, now map[string]string) (setup.Outcome, error) {
	var out setup.Outcome
	out.Start(at)
	out.Check(at)
	out.Set("AURA_ON_SWITCH_COMMAND", a[flagCommand])
	out.Set("AURA_NAME", a[flagName])
	out.Set(setup.Listen, a[setup.FlagListen])
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
	if at.InContainer { // it does not know the host's zone, and shows times
		out.Set("TZ", i.Zone)
	}
	out.SetSecret("AURA_SYNC_TOKEN", i.Secret)
	out.SetSecret("AURA_HEARTBEAT_KEY", i.HeartbeatKey)
	if i.HeartbeatKey == "" {
		out.Set(setup.Beats, unheard(at, a))
		out.Notes = append(out.Notes, "the engines send no heartbeats, so this is what is promised; with `sync-node setup --heartbeats yes` and new invitations it is some seconds:")
		return out, nil
	}
	out.Notes = append(out.Notes, "once the heartbeats of a source arrive, some seconds of silence mean that it is down; until then:")
	out.Set(setup.Beats, a[setup.FlagBeats])
	out.Openings = []setup.Opening{{Protocol: "udp", Port: setup.PortOf(a[setup.FlagBeats]), From: hosts}}
	return out, nil
}

// unheard is where a monitor listens that hears no heartbeats: at the default, unless
// that is another instance's.
func unheard(at setup.Place, a setup.Answers) string {
	if at.Name == "" {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", setup.PortOf(a[setup.FlagBeats]))
}
