package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestThreeHosts boots the three hosts of a redundant deployment and installs them
// as the handbook says. Engines play on two of them while a cable is cut and hosts
// lose their power. The status monitor on the third host keeps the station on air.
func TestThreeHosts(t *testing.T) {
	if !inLab(t, stationForLab(t)) {
		return
	}
	d := deploy(t)
	for _, s := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"Play", d.play},
		{"Cable", d.cutCable},
		{"Switch", d.switchSource},
		{"EngineLosesPower", d.engineLosesPower},
		{"SyncNodeLosesPower", d.syncNodeLosesPower},
		{"PinnedEngineLosesPower", d.pinnedEngineLosesPower},
		{"Relayed", d.relayed},
		{"AudioFollows", d.audioFollows},
		{"NothingIsLost", d.nothingIsLost},
		{"WithoutHeartbeats", d.withoutHeartbeats},
	} {
		began := time.Now()
		if !t.Run(s.name, s.run) {
			return
		}
		t.Logf("%s took %s", s.name, time.Since(began).Round(time.Millisecond))
	}
}

const (
	engineHost = ":8008"
	syncHost   = ":8010"
)

// deployment is two hosts with an engine, and one host with the sync node and the
// monitor.
type deployment struct {
	engines []*host // the engine of source n has index n-1
	sync    *host
	book    document
}

// inTheLab is the monitor's configuration in addition to the handbook's. With half
// a minute after each failure, the lab would have time for only a few failures.
// The command makes visible what depends on a switch.
const inTheLab = "AURA_RECOVERY_HOLD=5s\nAURA_RECOVERY_HOLD_MAX=5s\n" +
	"AURA_ON_SWITCH_COMMAND=/usr/local/bin/audio-switch {source}\n"

// audioSwitch writes down the source that it switched to.
const audioSwitch = `cat >/usr/local/bin/audio-switch <<'END'
#!/bin/sh
[ "$1" = "$AURA_SOURCE" ] && echo "$1" >>/var/lib/aura-status-monitor/audio-switch
END
chmod +x /usr/local/bin/audio-switch`

// deploy boots the hosts and installs the services, on all hosts at once.
func deploy(t *testing.T) *deployment {
	t.Helper()
	plugIn(t)
	d := &deployment{engines: []*host{newHost(t, 1), newHost(t, 2)}, sync: newHost(t, 3), book: openDocument(t, filepath.Join(os.Getenv(insideLab), "release", handbook))}
	t.Cleanup(func() {
		if t.Failed() {
			for _, h := range d.hosts() {
				// Partial output is enough here.
				out, _ := h.try(context.Background(), "journalctl --no-pager -n 40 -u engine-api -u sync-node -u status-monitor -u engine")
				t.Logf("journal of %s:\n%s", h.name, out)
			}
		}
	})
	const admin = "sixteen-or-more-characters"
	http.DefaultClient.Transport = bearer(admin)
	environments := d.book.environments(t)
	var all sync.WaitGroup
	for i, h := range d.hosts() {
		heading, units := "Install on a host", []string{"engine-api"}
		if h == d.sync {
			heading, units = "Redundant deployment", []string{"sync-node", "status-monitor"}
		}
		commands := d.book.commands(t, heading)
		all.Go(func() {
			h.boot(t)
			if h == d.sync {
				h.sh(t, audioSwitch)
			}
			for _, command := range commands {
				edit, isEdit := strings.CutPrefix(command, "sudoedit ")
				switch {
				case command == "make packages":
				case isEdit:
					for file := range strings.FieldsSeq(edit) {
						env := environments[fmt.Sprintf("host %d: %s", i+1, file)]
						if env == "" {
							t.Errorf("the handbook does not say what is in %s of host %d", file, i+1)
						}
						env = strings.Replace(env, "AURA_API_TOKENS=", "AURA_API_TOKENS=studio:admin:"+admin+",", 1)
						if strings.HasSuffix(file, "/status-monitor.env") {
							env += inTheLab
						}
						h.sh(t, "cat >"+file+" <<'END'\n"+env+"END")
					}
				default:
					h.sh(t, asRoot(command))
				}
			}
			for _, unit := range units {
				h.sh(t, "systemd-analyze verify "+unit+".service")
				for property, want := range map[string]string{"CanReload": "yes", "LimitCORE": "0"} {
					if got := strings.TrimSpace(h.sh(t, "systemctl show -P "+property+" "+unit)); got != want {
						t.Errorf("%s: %s is %q, want %q", unit, property, got, want)
					}
				}
				t.Logf("%s: %s", h.name, lastLine(h.sh(t, "systemd-analyze security --no-pager --threshold=15 "+unit)))
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return d
}

func (d *deployment) hosts() []*host { return append(slices.Clone(d.engines), d.sync) }

// play starts an engine on each of the engines' hosts, which plays until the end.
// It sends a title every second to its own host's loopback, and a
// heartbeat every second to the monitor.
func (d *deployment) play(t *testing.T) {
	beats := d.book.find(t, `heartbeat_server="(.*)"\nheartbeat_port="(.*)"\nheartbeat_frequency="(.*)"`)
	for source := range 2 {
		d.startEngine(t, source+1, fmt.Sprintf("-heartbeat %s:%s -heartbeat-interval %ss", beats[0], beats[1], beats[2]))
	}
	for source := range 2 {
		d.arrives(t, source+1)
	}
	d.staysOnAir(t, 1)
}

// startEngine starts an engine, instead of the one that played there before. more are
// its further flags.
func (d *deployment) startEngine(t *testing.T, source int, more string) {
	t.Helper()
	d.engines[source-1].startEngine(t, "engine", fmt.Sprintf("-source %d %s", source, more), logOf(source))
}

// startEngine starts an engine as a unit, which the host also starts when it boots.
func (h *host) startEngine(t *testing.T, unit, flags, log string) {
	t.Helper()
	h.sh(t, fmt.Sprintf(`cat >/etc/systemd/system/%[1]s.service <<'END'
[Unit]
After=engine-api.service
[Service]
ExecStart=/shared/.build/enginesim -start 0 -longest 1100ms -zone Europe/Vienna %[2]s
StandardOutput=append:%[3]s
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload && systemctl enable %[1]s && systemctl restart %[1]s`, unit, flags, filepath.Join("/shared", log)))
}

// cutCable cuts off the host that is on air. The titles that it plays until the
// monitor switches enter the on-air log when the cable is mended. Nothing switches
// back.
func (d *deployment) cutCable(t *testing.T) {
	h := d.engines[0]
	cut := time.Now()
	h.plug(t, "down")
	before := len(logged(t, 1))
	switched := d.switchesInTime(t, cut, 1, 2)
	d.awaitOnAir(t, 2)
	// Only titles that started while the host's source was active. The first
	// second is left out, because a title that was delivered before may come again
	// then.
	var behind []string
	for _, title := range logged(t, 1)[before:] {
		if startsBetween(t, title, cut.Add(time.Second), switched.Add(-time.Second)) {
			behind = append(behind, title)
		}
	}
	if len(behind) == 0 {
		t.Fatalf("the engine that is cut off logged %v", logged(t, 1)[before:])
	}
	if n := d.onAirOf(t, 1, behind); n != 0 {
		t.Errorf("the sync node knows %d titles from beyond a cable that is cut", n)
	}
	h.plug(t, "up")
	d.awaitSight(t, func(s sight, _ int) error {
		if one := s.source(1); one.State != "down" || one.RecoveringSince == nil || one.UpAt == nil {
			return fmt.Errorf("source 1 does not recover: %+v", one)
		}
		return nil
	})
	eventually(t, func() error {
		if n := d.onAirOf(t, 1, behind); n != len(behind) {
			return fmt.Errorf("%d of %d titles that were played behind the cut cable are in the on-air log", n, len(behind))
		}
		return nil
	})
	d.staysOnAir(t, 2)
}

// switchSource switches the source as an operator does, through an engine's own
// host.
func (d *deployment) switchSource(t *testing.T) {
	mustCall(t, http.MethodPut, "http://"+d.engines[0].address+engineHost+"/api/v1/source/active/1",
		`{"by": "M. Tester", "reason": "a test"}`, http.StatusNoContent)
	d.staysOnAir(t, 1)
}

// engineLosesPower: the host that is on air loses its power.
func (d *deployment) engineLosesPower(t *testing.T) {
	h := d.engines[0]
	off := time.Now()
	h.powerOff(t)
	d.switchesInTime(t, off, 1, 2)
	d.awaitOnAir(t, 2)
	h.boot(t)
	d.arrives(t, 1)
	d.staysOnAir(t, 2)
}

// syncNodeLosesPower: the host of the sync node and the monitor loses its power.
// Both engines' hosts keep what they log until it is back. The source that an
// operator pinned before stays active.
func (d *deployment) syncNodeLosesPower(t *testing.T) {
	d.anybody(t, d.book.command(t, "status-monitor switch 2 --reason .* --pin"))
	d.staysOnAir(t, 2)
	d.sync.powerOff(t)
	before := []int{len(logged(t, 1)), len(logged(t, 2))}
	eventually(t, func() error {
		for i, n := range before {
			if len(logged(t, i+1)) < n+5 {
				return fmt.Errorf("without a sync node, engine %d logged %d titles", i+1, len(logged(t, i+1))-n)
			}
		}
		return nil
	})
	// It is the last known state of the station.
	eventually(t, func() error {
		active := mustCall(t, http.MethodGet, "http://"+d.engines[0].address+engineHost+"/api/v1/source/active", "", http.StatusOK)
		if !strings.Contains(active, `"active_source":2`) {
			t.Fatalf("without a sync node, the active source is %s", active)
		}
		if !strings.Contains(active, `"stale":true`) {
			return fmt.Errorf("without a sync node, the active source is %s", active)
		}
		return nil
	})
	d.sync.boot(t)
	for source := range 2 {
		d.arrives(t, source+1)
	}
	d.staysOnAir(t, 2)
	d.awaitSight(t, func(s sight, _ int) error {
		if !s.Active.Pinned {
			return fmt.Errorf("the pin is forgotten: %+v", s)
		}
		return nil
	})
}

// pinnedEngineLosesPower: the monitor raises an alarm, and switches only when the
// operator allows it.
func (d *deployment) pinnedEngineLosesPower(t *testing.T) {
	h := d.engines[1]
	known := len(d.history(t))
	h.powerOff(t)
	d.awaitSight(t, func(s sight, code int) error {
		if s.Alarm == "" || code != 2 || s.source(2).State != "down" {
			return fmt.Errorf("a pinned source without power raises no alarm: exit code %d, %+v", code, s)
		}
		if s.Active.Source != 2 || !s.Active.Pinned {
			t.Fatalf("pinned was source 2: %+v", s.Active)
		}
		return nil
	})
	if all := d.history(t); len(all) != known {
		t.Fatalf("in spite of the pin: %+v", all[0])
	}
	released := time.Now()
	d.anybody(t, d.book.command(t, "status-monitor release .*"))
	d.awaitSwitch(t, released, 2, 1)
	d.awaitOnAir(t, 1)
	h.boot(t)
	d.arrives(t, 2)
	d.staysOnAir(t, 1)

	on := d.book.command(t, "status-monitor maintenance 1 on .*")
	for _, wanted := range []string{on, strings.Replace(on, " on ", " off ", 1)} {
		d.anybody(t, wanted)
		d.awaitSight(t, func(s sight, _ int) error {
			if s.source(1).Maintenance != (wanted == on) {
				return fmt.Errorf("after %s: %+v", wanted, s.source(1))
			}
			return nil
		})
	}
}

// anybody runs a command on the sync node's host, as the user nobody.
func (d *deployment) anybody(t *testing.T, command string) {
	t.Helper()
	t.Log(strings.TrimSpace(d.sync.sh(t, "runuser -u nobody -- "+command)))
}

// audioFollows checks what was run at each switch. A monitor that begins to act
// may report the same source again.
func (d *deployment) audioFollows(t *testing.T) {
	said := strings.Fields(d.sync.sh(t, "cat /var/lib/aura-status-monitor/audio-switch"))
	if got, want := slices.Compact(said), []string{"1", "2", "1", "2", "1", "2"}; !slices.Equal(got, want) {
		t.Errorf("the audio was switched to %v, want %v", got, want)
	}
}
