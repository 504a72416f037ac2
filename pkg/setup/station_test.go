package setup

import (
	"reflect"
	"strings"
	"testing"

	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/model"
)

func someInviter() Inviter {
	return Inviter{
		Station: Station{URL: "http://192.0.2.3:8010", HeartbeatKey: "key", Monitors: []string{"192.0.2.3:43334"}}, Zone: "Europe/Vienna",
		Engines: map[int]string{1: "http://192.0.2.1:8008", 2: "http://192.0.2.2:8008"}, Secret: "of the sync node",
		Tokens: Tokens{{"monitor", "monitor", "of the monitors"}, {"studio", "admin", "of a person"}},
	}
}

// node and watcher are instances without a name.
var (
	node    = instance.Instance{Service: model.EngineAPI}
	watcher = instance.Instance{Service: model.StatusMonitor}
)

func TestInvitation(t *testing.T) {
	t.Parallel()
	i, _, err := someInviter().Invite("node-1", false)
	if err != nil {
		t.Fatal(err)
	}
	line := i.Line()
	if strings.ContainsAny(line, " \n'\"$") || !strings.Contains(line, "SECRET") {
		t.Errorf("%q is no word that says what it is", line)
	}
	got, err := ParseInvitation(" " + line + "\n")
	if err != nil || !reflect.DeepEqual(got, i) {
		t.Errorf("%+v, %v; want %+v", got, err, i)
	}
	for _, wrong := range []string{"", "nonsense", line[:len(line)-3], line[:40], mark, strings.Replace(line, "ATION-1.", "ATION-2.", 1), line[:60] + "AA" + line[62:]} {
		if _, err := ParseInvitation(wrong); err == nil || strings.Contains(err.Error(), line[len(mark):len(mark)+8]) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := CheckNode(node)(line); err != nil {
		t.Error(err)
	}
	if err := CheckMonitor(watcher)(line); err == nil || !strings.Contains(err.Error(), "invite monitor") {
		t.Errorf("a node as a monitor: %v", err)
	}
	monitor, _, err := someInviter().Invite("monitor", false)
	if err != nil || CheckMonitor(watcher)(monitor.Line()) != nil || CheckNode(node)(monitor.Line()) == nil {
		t.Errorf("monitor: %v", err)
	}
}

// TestInvitation_Instance: an invitation by the station of one programme does not move
// the instance of another one to it.
func TestInvitation_Instance(t *testing.T) {
	t.Parallel()
	v := someInviter()
	v.Instance = "web"
	for guest, check := range map[string]func(instance.Instance) func(string) error{"node-1": CheckNode, "monitor": CheckMonitor} {
		i, _, err := v.Invite(guest, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(instance.Instance{Service: "engine-api", Name: "web"})(i.Line()); err != nil {
			t.Errorf("%s: %v", guest, err)
		}
		for _, other := range []instance.Name{"", "fm"} {
			err := check(instance.Instance{Service: "engine-api", Name: other})(i.Line())
			if err == nil || !strings.Contains(err.Error(), "engine-api setup --join - --instance web") {
				t.Errorf("%s, taken by %q: %v", guest, other, err)
			}
		}
	}
	for _, forged := range []instance.Name{"web; reboot", "\x1b[2J", "../fm"} {
		if _, err := ParseInvitation(Invitation{Guest: "node-1", Number: 1, Instance: forged}.Line()); err == nil {
			t.Errorf("%q was taken", forged)
		}
	}
	v.Station.URL = ""
	if _, _, err := v.Invite("node-1", false); err == nil || !strings.Contains(err.Error(), "sync-node setup --instance web") {
		t.Errorf("not set up: %v", err)
	}
}

func TestInviter_Invite(t *testing.T) {
	t.Parallel()
	v := someInviter()
	first, tokens, err := v.Invite("node-1", false)
	if err != nil {
		t.Fatal(err)
	}
	if first.Number != 1 || first.URL != v.Engines[1] || first.SyncHost != v.Station.URL || first.Zone != v.Zone || first.HeartbeatKey != "key" || first.Engines != nil ||
		first.Callers != "sync-node:node:of the sync node\nmonitor:monitor:of the monitors" {
		t.Errorf("%+v", first)
	}
	if got := tokens.String(); got != "monitor:monitor:of the monitors\nstudio:admin:of a person\nnode-1:node:"+first.Secret {
		t.Errorf("tokens %s", got)
	}
	v.Tokens = tokens
	second, tokens, err := v.Invite("node-1", false)
	if err != nil || second.Secret == first.Secret || len(second.Secret) < 32 {
		t.Errorf("invited again: %+v, %v", second, err)
	}
	if got := tokens.secrets("node-1"); !reflect.DeepEqual(got, []string{first.Secret, second.Secret}) {
		t.Errorf("the former secret does not count any more: %v", got)
	}
	v.Tokens = tokens
	third, tokens, _ := v.Invite("node-1", false)
	if got := tokens.secrets("node-1"); !reflect.DeepEqual(got, []string{second.Secret, third.Secret}) {
		t.Errorf("two secrets at most: %v", got)
	}
	fourth, tokens, _ := v.Invite("node-1", true)
	if got := tokens.secrets("node-1"); !reflect.DeepEqual(got, []string{fourth.Secret}) {
		t.Errorf("forgotten: %v", got)
	}
	monitor, tokens, err := v.Invite("monitor", false)
	if err != nil || monitor.Secret != "of the monitors" || !reflect.DeepEqual(monitor.Engines, v.Engines) || monitor.Callers != "" || !reflect.DeepEqual(tokens, v.Tokens) {
		t.Errorf("monitor: %+v, %v", monitor, err)
	}
	for guest, want := range map[string]string{
		"node-3": "gives addresses to node-1, node-2 so far", "node-0": "can't be invited", "node-01": "can't be invited", "host-1": "can't be invited", "": "can't be invited",
	} {
		if _, _, err := v.Invite(guest, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", guest, err)
		}
	}
	if _, _, err := v.Invite("monitor", true); err == nil {
		t.Error("the monitors' secret was forgotten")
	}
	for name, change := range map[string]func(*Inviter){
		"address": func(v *Inviter) { v.Station = Station{} }, "secret": func(v *Inviter) { v.Secret = "" }, "monitor": func(v *Inviter) { v.Tokens = nil },
	} {
		v := someInviter()
		change(&v)
		if _, _, err := v.Invite("node-1", false); err == nil || !strings.Contains(err.Error(), "sync-node setup") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
