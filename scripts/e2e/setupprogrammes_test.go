package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// TestSetup_Programmes has two programmes on the three hosts of a redundant deployment,
// set up with the lines of the handbook. Each is redundant by itself: what fails in one
// of them is nothing to the other.
func TestSetup_Programmes(t *testing.T) {
	onlyInSoak(t)
	if !inLab(t, stationForLab(t)) {
		return
	}
	s := &twoProgrammes{newSetUp(t)}
	for _, step := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"Join", s.join},
		{"Play", s.play},
		{"Apart", s.apart},
		{"EngineFails", s.engineFails},
		{"Backup", s.backup},
		{"Reboot", s.reboot},
		{"Audit", s.audit},
	} {
		if !t.Run(step.name, step.run) {
			return
		}
	}
}

// twoProgrammes are the first one and web.
type twoProgrammes struct{ *setUp }

// asInstance is how commands of a service name each programme.
var asInstance = []string{"", " --instance web"}

// join sets both up. Their engines send heartbeats, so that a switch takes seconds.
func (s *twoProgrammes) join(t *testing.T) {
	for _, programme := range []string{"", ", for web"} {
		s.setUp.join(t, programme, " --heartbeats yes")
	}
}

// play starts two engines on each host, each of which knows one programme.
func (s *twoProgrammes) play(t *testing.T) {
	for i, h := range s.engines {
		s.playWith(t, i+1, "127.0.0.1:43334")
		h.startEngine(t, "engine-web", fmt.Sprintf("-source %d -api http://localhost:8018 -heartbeat 127.0.0.1:43344 -heartbeat-interval 1s", i+1), fmt.Sprintf("engine-web-%d.log", i+1))
	}
	s.check(t)
}

// check has every service of both say that all is well.
func (s *twoProgrammes) check(t *testing.T) {
	t.Helper()
	for _, instance := range asInstance {
		s.checkAs(t, instance)
	}
}

// apart: what an engine of web says arrives at web's sync node, and nowhere else.
func (s *twoProgrammes) apart(t *testing.T) {
	const only = "Only on the Web"
	s.engines[1].sh(t, `curl -fsS localhost:8018/api/v1/playlog -H 'Content-Type: application/json' -d '{"track_title": "`+only+`"}'`)
	eventually(t, func() error { return s.has(t, "8020", only) })
	for _, h := range s.engines {
		if out := h.sh(t, "curl -fsS 'localhost:8008/api/v1/playlog?limit=1000'"); strings.Contains(out, only) {
			t.Errorf("%s has %s in both programmes", h.name, only)
		}
	}
	if s.has(t, "8010", only) == nil {
		t.Errorf("the sync node has %s in both programmes", only)
	}
}

// has returns an error if the sync node at a port has no play with the title.
func (s *twoProgrammes) has(t *testing.T, port, title string) error {
	t.Helper()
	out, err := s.sync.try(t.Context(), "curl -fsS 'localhost:"+port+"/api/v1/playlog?source=all&limit=1000'")
	if err == nil && !strings.Contains(out, title) {
		err = fmt.Errorf("port %s does not have %s", port, title)
	}
	return err
}

// engineFails: the engine of web dies on host 1, and web is switched. The engine of the
// other programme plays there, and stays on air.
func (s *twoProgrammes) engineFails(t *testing.T) {
	for _, wrapper := range []string{"status-monitor", "aura-status-monitor --instance web"} {
		s.isActive(t, wrapper, 1)
	}
	s.engines[0].sh(t, "systemctl kill --signal=KILL --kill-whom=main engine-web")
	s.isActive(t, "aura-status-monitor --instance web", 2)
	if out := s.sync.sh(t, "curl -fsS localhost:8010/api/v1/source/history"); strings.TrimSpace(out) != "[]" {
		t.Errorf("the other programme was switched, too: %s", out)
	}
	s.engines[0].sh(t, "systemctl start engine-web")
	s.check(t)
}

// isActive returns when the monitor of a programme acts, with that source on air.
func (s *twoProgrammes) isActive(t *testing.T, monitor string, source int) {
	t.Helper()
	eventually(t, func() error {
		out, err := s.sync.try(t.Context(), monitor+" status --json")
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() < 3 {
			err = nil // it only says whether all is well
		}
		var sees sight
		if err = errors.Join(err, json.Unmarshal([]byte(out), &sees)); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		if !sees.Acting || sees.Active.Source != source || sees.source(source).State != "up" {
			return fmt.Errorf("%s: source %d is not on air: %+v", monitor, source, sees)
		}
		return nil
	})
}

// backup: neither programme takes a backup of the other one, although service and host
// are the same.
func (s *twoProgrammes) backup(t *testing.T) {
	for service, h := range map[string]*host{"engine-api": s.engines[0], "sync-node": s.sync, "status-monitor": s.sync} {
		h.sh(t, "systemctl start "+service+"-backup "+service+"-backup@web")
		for own, other := range map[string]string{"": "-web", "-web": ""} {
			named := strings.NewReplacer("-web", "@web")
			h.sh(t, fmt.Sprintf("cd /var/lib && cp -r aura-%[1]s%[2]s/backups/%[1]s-* aura-%[1]s%[3]s/of-the-other && chown -R --reference=aura-%[1]s%[3]s aura-%[1]s%[3]s/of-the-other", service, other, own))
			command := "aura-" + service + strings.Replace(own, "-", " --instance ", 1) + " restore of-the-other"
			out, err := h.try(t.Context(), command)
			want := fmt.Sprintf("is a backup of %s, and this is %s; --force", service+named.Replace(other), service+named.Replace(own))
			if err == nil || !strings.Contains(out, want) {
				t.Errorf("%s: %v %s, want %q", command, err, out, want)
			}
		}
	}
}

// reboot turns all hosts off and on. Both programmes go on, with who was on air.
func (s *twoProgrammes) reboot(t *testing.T) {
	s.offAndOn(t)
	s.check(t)
	s.isActive(t, "status-monitor", 1)
	s.isActive(t, "aura-status-monitor --instance web", 2)
}

// audit proves of each programme that every host has the same.
func (s *twoProgrammes) audit(t *testing.T) {
	for _, h := range s.engines {
		h.sh(t, "systemctl stop engine engine-web")
	}
	for _, instance := range asInstance {
		var out string
		eventually(t, func() (err error) {
			if out, err = s.sync.try(t.Context(), "aura-sync-node"+instance+" audit"); err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
			return err
		})
		t.Log(out)
	}
}
