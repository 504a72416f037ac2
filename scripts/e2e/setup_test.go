package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSetup sets a station up from three empty hosts with nothing but the lines of
// the handbook. It plays, switches by hand and by itself, and is audited.
func TestSetup(t *testing.T) {
	if !inLab(t, stationForLab(t)) {
		return
	}
	s := newSetUp(t)
	for _, step := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"Join", func(t *testing.T) { s.join(t, "", "") }},
		{"Play", s.play},
		{"Check", s.check},
		{"SwitchByHand", s.switchByHand},
		{"Forgotten", s.forgotten},
		{"Heartbeats", s.heartbeats},
		{"Secrets", s.secrets},
		{"Reboot", s.reboot},
		{"Audit", s.audit},
	} {
		began := time.Now()
		if !t.Run(step.name, step.run) {
			return
		}
		t.Logf("%s took %s", step.name, time.Since(began).Round(time.Millisecond))
	}
}

// setUp is a deployment that its own programs set up.
type setUp struct{ deployment }

// newSetUp boots three hosts, and installs the packages on them.
func newSetUp(t *testing.T) *setUp {
	t.Helper()
	plugIn(t)
	s := &setUp{deployment{
		engines: []*host{newHost(t, 1), newHost(t, 2)}, sync: newHost(t, 3),
		book: openDocument(t, filepath.Join(os.Getenv(insideLab), "release", handbook)),
	}}
	t.Cleanup(func() {
		if t.Failed() {
			for _, h := range s.hosts() {
				out, _ := h.try(context.Background(), "journalctl --no-pager -n 40 -u 'engine-api*' -u 'sync-node*' -u 'status-monitor*'")
				t.Logf("journal of %s:\n%s", h.name, out)
			}
		}
	})
	s.install(t)
	return s
}

// services are those of a host.
func (s *setUp) services(h *host) []string {
	if h == s.sync {
		return []string{"sync-node", "status-monitor"}
	}
	return []string{"engine-api"}
}

// install boots the hosts and installs the packages, as the handbook says.
func (s *setUp) install(t *testing.T) {
	var all sync.WaitGroup
	for _, h := range s.hosts() {
		heading := "Install on a host"
		if h == s.sync {
			heading = "Redundant deployment"
		}
		commands := s.book.commands(t, heading)
		all.Go(func() {
			h.boot(t)
			for _, command := range commands {
				if strings.HasPrefix(command, "sudo apt install ") {
					h.sh(t, asRoot(command))
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// lines are the handbook's for some host.
func (s *setUp) lines(t *testing.T, where string) []string {
	t.Helper()
	block := s.book.find(t, "(?s)```sh\n# on "+where+"\n(.*?)```")[0]
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(block, "sudo ", "")), "\n")
}

var invitation = regexp.MustCompile(`(?m)^AURA-SECRET-INVITATION-\S+$`)

// join follows the handbook on all hosts, for the first programme or for another one:
// "" or ", for web". more are further flags of sync-node setup.
func (s *setUp) join(t *testing.T, programme, more string) {
	var invited []string
	for _, line := range s.lines(t, "host 3"+programme) {
		if strings.HasPrefix(line, "sync-node setup ") {
			line += more
		}
		out := s.sync.sh(t, line)
		t.Logf("host 3: %s\n%s", line, invitation.ReplaceAllString(out, "<the line>"))
		if strings.HasPrefix(line, "sync-node invite node-") {
			if !strings.Contains(out, "is a secret") {
				t.Error("the invitation does not say that it is a secret")
			}
			invited = append(invited, invitation.FindString(out))
		}
	}
	if len(invited) != len(s.engines) {
		t.Fatalf("%d invitations", len(invited))
	}
	for i, h := range s.engines {
		s.accept(t, h, programme, invited[i])
	}
}

// accept joins a host.
func (s *setUp) accept(t *testing.T, h *host, programme, invited string) {
	t.Helper()
	for _, line := range s.lines(t, "hosts 1 and 2"+programme) {
		if strings.Contains(line, " check") { // a way back is found within half a minute
			eventually(t, func() error {
				out, err := h.try(t.Context(), line)
				if err != nil {
					err = fmt.Errorf("%w: %s", err, out)
				}
				return err
			})
			continue
		}
		out := h.sh(t, "echo "+invited+" | "+line)
		t.Logf("%s: %s\n%s", h.name, line, out)
	}
}

// play starts the engines, which send no heartbeats yet.
func (s *setUp) play(t *testing.T) {
	for i := range s.engines {
		s.playWith(t, i+1, "0")
	}
	for source := range s.engines {
		s.reaches(t, source+1)
	}
	// What a person adds stays, however often the host is set up.
	added := strings.TrimSpace(s.sync.sh(t, asRoot(s.book.commands(t, "Sign in on a page")[0])))
	secret, isAnn := strings.CutPrefix(added, "ann:admin:")
	if !isAnn || strings.ContainsAny(secret, ": \n") {
		t.Fatalf("the handbook does not show the secret of a person: %q", added)
	}
	http.DefaultClient.Transport = bearer(secret)
	eventually(t, func() error { // the sync node reads the file by itself
		_, err := history(t.Context(), "http://"+s.sync.address+syncHost)
		return err
	})
	s.staysOnAir(t, 1)
}

// playWith starts an engine whose heartbeats go to an address; 0 is nowhere.
func (s *setUp) playWith(t *testing.T, source int, beats string) {
	t.Helper()
	s.startEngine(t, source, "-heartbeat "+beats+" -heartbeat-interval 1s")
}

// reaches returns when the sync node has a title of the source.
func (s *setUp) reaches(t *testing.T, source int) {
	t.Helper()
	eventually(t, func() error {
		out, err := s.sync.try(t.Context(), "curl -fsS 'localhost:8010/api/v1/playlog?source=all&limit=20'")
		if err == nil && !strings.Contains(out, fmt.Sprintf(`"log_source":%d,`, source)) {
			err = fmt.Errorf("nothing of source %d arrived: %s", source, out)
		}
		return err
	})
}

// wellSaid is what check says on the hosts of a station in which all is well.
var wellSaid = map[string][]string{
	"engine-api": {
		"takes its token", "its clock is this host's", "its time zone is this host's: Europe/Vienna", "the sync node reaches", "of host",
		"has the right schema", "journal", "its last play came",
	},
	"sync-node":      {"node 1 ", "node 2 ", "it reaches this host", "its clock is this host's", "its last play came", " acts"},
	"status-monitor": {"source 1", "watched by", "sync node", "takes its token"},
}

// check has every host say what works, until all of it does.
func (s *setUp) check(t *testing.T) {
	t.Helper()
	s.checkAs(t, "")
}

// checkAs is check for an instance: flag is how the commands name it.
func (s *setUp) checkAs(t *testing.T, flag string) {
	t.Helper()
	commands := s.lines(t, "each host, what is there")
	for _, h := range s.hosts() {
		for _, service := range s.services(h) {
			if !slices.Contains(commands, service+" check") {
				t.Fatalf("the handbook does not check %s", service)
			}
			command, out := service+" check"+flag, ""
			eventually(t, func() (err error) {
				if out, err = h.try(t.Context(), command); err != nil {
					return fmt.Errorf("%w: %s", err, out)
				}
				for _, want := range wellSaid[service] {
					if !strings.Contains(out, want) {
						return fmt.Errorf("%s does not say %q: %s", command, want, out)
					}
				}
				return nil
			})
			t.Logf("%s: %s\n%s", h.name, command, out)
		}
	}
}

// switchByHand activates source 2 as an operator.
func (s *setUp) switchByHand(t *testing.T) {
	s.sync.sh(t, `status-monitor switch 2 --reason "maintenance of host 1"`)
	s.staysOnAir(t, 2)
}

// forgotten: a host whose secret does not count any more says so, and joins again.
func (s *setUp) forgotten(t *testing.T) {
	invited := invitation.FindString(s.sync.sh(t, "sync-node invite node-1 --forget"))
	var out string
	eventually(t, func() error { // the sync node reads its file by itself
		var err error
		if out, err = s.engines[0].try(t.Context(), "engine-api check"); err == nil {
			return fmt.Errorf("engine-api check finds nothing wrong: %s", out)
		}
		return nil
	})
	if !strings.Contains(out, "does not know this host's token") {
		t.Errorf("engine-api check does not say why: %s", out)
	}
	s.accept(t, s.engines[0], "", invited)
	s.check(t)
}

// heartbeats sets the same station up again, with heartbeats. Then the engine that
// is on air crashes, and the monitor switches.
func (s *setUp) heartbeats(t *testing.T) {
	s.join(t, "", " --heartbeats yes")
	for i := range s.engines {
		s.playWith(t, i+1, "127.0.0.1:43334")
	}
	for number := range s.engines {
		s.awaitSight(t, func(sight sight, _ int) error {
			if source := sight.source(number + 1); source.State != "up" || !strings.Contains(source.Promise, "heartbeats") {
				return fmt.Errorf("source %d: %+v", number+1, source)
			}
			return nil
		})
	}
	since := time.Now()
	s.engines[1].sh(t, "systemctl kill --signal=KILL --kill-whom=main engine")
	s.awaitSwitch(t, since, 2, 1)
	s.playWith(t, 2, "127.0.0.1:43334")
	s.check(t)
}

// secrets: none is in a log, in the arguments of a process, or readable for others.
func (s *setUp) secrets(t *testing.T) {
	for _, h := range s.hosts() {
		out := h.sh(t, `find /etc/aura -mindepth 2 -type f -printf '%m %u %g %p\n'`)
		if out == "" {
			t.Errorf("%s has no secrets", h.name)
		}
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); f[0] != "640" || f[1] != "root" || !strings.HasPrefix(f[2], "aura-") {
				t.Errorf("%s: %s", h.name, line)
			}
		}
		for secret := range strings.FieldsSeq(h.sh(t, `cat /etc/aura/*/api-tokens /etc/aura/*/sync-token | sed 's/.*://'`)) {
			if found, err := h.try(t.Context(), "journalctl --no-pager | grep -cF "+secret); err == nil {
				t.Errorf("%s: a secret is in the log, %s times", h.name, strings.TrimSpace(found))
			}
			if found, err := h.try(t.Context(), "pgrep -laf '^/usr/bin/.*"+secret+"'"); err == nil {
				t.Errorf("%s: a secret is among the arguments of a process: %s", h.name, found)
			}
		}
	}
}

// reboot turns all hosts off in order, and on again. The station goes on as it was, and
// nobody does anything.
func (s *setUp) reboot(t *testing.T) {
	before := s.history(t)
	s.offAndOn(t)
	s.check(t)
	s.staysOnAir(t, 1)
	if after := s.history(t); len(after) != len(before) {
		t.Errorf("the reboot switched: %+v", after[0])
	}
	for source := range s.engines {
		s.arrives(t, source+1)
	}
}

// offAndOn shuts all hosts down in order, and boots them again. The monitor's host goes
// first and comes last, so that no engine fails before its eyes, however long a busy
// machine takes.
func (s *setUp) offAndOn(t *testing.T) {
	t.Helper()
	s.sync.shutDown(t)
	var all sync.WaitGroup
	for _, h := range s.engines {
		all.Go(func() { h.shutDown(t) })
	}
	all.Wait()
	for _, h := range s.engines {
		all.Go(func() { h.boot(t) })
	}
	all.Wait()
	s.sync.boot(t)
}

// audit proves that every host has the same.
func (s *setUp) audit(t *testing.T) {
	for _, h := range s.engines {
		h.sh(t, "systemctl stop engine")
	}
	var out string
	eventually(t, func() (err error) {
		out, err = s.sync.try(t.Context(), asRoot(s.book.command(t, "sudo aura-sync-node audit")))
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return err
	})
	t.Log(out)
}
