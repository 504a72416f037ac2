package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// relayed has each engine-api relay its engine's heartbeats, as the handbook says. The
// update of the engine-api of the source that is on air switches nothing, and costs no
// heartbeat but those that the engine sent while no process was there. When that
// engine falls silent, the monitor switches in time.
func (d *deployment) relayed(t *testing.T) {
	key := strings.TrimSpace(mustSh(t, "openssl rand -hex 32"))
	setting := func(whose string) string {
		block := d.book.find(t, "(?s)\n```sh\n# every "+whose+"[^\n]*\n(.*?)```")[0]
		block = regexp.MustCompile("(?m)^AURA_MONITOR_2=.*\n").ReplaceAllString(block, "") // there is one monitor here
		return strings.ReplaceAll(block, "<key>", key)
	}
	d.sync.sh(t, "sed -i /^AURA_SOURCE_/d /etc/aura/status-monitor.env\ncat >>/etc/aura/status-monitor.env <<'END'\n"+setting("monitor")+"END\nsystemctl restart status-monitor")
	server := d.book.find(t, "# every engine's host.*heartbeat_server=\"(.*?)\"")[0]
	for i, h := range d.engines {
		h.sh(t, "cat >>/etc/aura/engine-api.env <<'END'\n"+setting("engine's host")+"END\nsystemctl restart engine-api")
		d.startEngine(t, i+1, "-heartbeat "+server+":43334")
	}
	relayed := func(s sight) error {
		for _, source := range s.Sources {
			if source.Signs != "relayed" || source.State != "up" {
				return fmt.Errorf("source %d is %s by %s", source.Number, source.State, source.Signs)
			}
		}
		return nil
	}
	before := d.awaitSight(t, func(s sight, _ int) error { return relayed(s) }).source(1)
	d.staysOnAir(t, 1)

	switches := len(d.history(t))
	d.updateEngineAPI(t, before)
	d.awaitSight(t, func(s sight, _ int) error { return relayed(s) })
	if all := d.history(t); len(all) != switches {
		t.Fatalf("the update of engine-api switched: %+v", all[0])
	}
	d.arrives(t, 1)

	silent := time.Now()
	d.engines[0].sh(t, "systemctl kill --signal=KILL engine")
	d.switchesInTime(t, silent, 1, 2)
	d.awaitOnAir(t, 2)
	d.engines[0].sh(t, "systemctl start engine")
	d.arrives(t, 1)
	d.staysOnAir(t, 2)
}

// updateEngineAPI installs the package on the first host again, as the handbook says
// of an update, and returns when the monitor has heard the new process.
func (d *deployment) updateEngineAPI(t *testing.T, before seen) {
	t.Helper()
	h := d.engines[0]
	// What the kernel found no process for: nothing but heartbeats is sent to a port
	// of this host that is closed.
	unheard := func() int { return h.number(t, "awk '/^Udp: [0-9]/ {print $3}' /proc/net/snmp") }
	when := func(event string) time.Duration {
		return time.Duration(h.number(t, "systemctl show --value --property="+event+"TimestampMonotonic engine-api")) * time.Microsecond
	}
	process := func() int { return h.number(t, "systemctl show --value --property=MainPID engine-api") }
	old, lost := process(), unheard()
	for _, command := range d.book.commands(t, "Update") {
		if command != "make packages" {
			h.sh(t, asRoot(command))
		}
	}
	if process() == old {
		t.Error("the update did not restart engine-api")
	}
	d.awaitSight(t, func(s sight, _ int) error {
		if now := s.source(1).Heartbeats; now < before.Heartbeats+5 {
			return fmt.Errorf("since the update, %d heartbeats arrived", now-before.Heartbeats)
		}
		return nil
	})
	lost = unheard() - lost
	gone := when("ActiveEnter") - when("InactiveEnter")
	t.Logf("engine-api was gone for %s, which cost %d heartbeats", gone.Round(time.Millisecond), lost)
	if lost > 1+int(gone/time.Second) {
		t.Errorf("the update cost %d heartbeats, in %s", lost, gone)
	}
}

// number is what a command prints.
func (h *host) number(t *testing.T, command string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(h.sh(t, command)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// withoutHeartbeats: instead, there are two engines of 2025, which send no heartbeats.
// When the host that is on air loses its power, the station switches within the time
// that the monitor promised in words.
func (d *deployment) withoutHeartbeats(t *testing.T) {
	for source := range 2 {
		d.startEngine(t, source+1, "-wire 2025")
	}
	d.sync.sh(t, "systemctl start status-monitor")
	var watching sight
	patience.Within(t, patience.Stretch(3*time.Minute), func() error {
		d.awaitSight(t, func(s sight, _ int) error { watching = s; return nil })
		for _, source := range watching.Sources {
			if source.Signs != "reports" {
				t.Fatalf("source %d is watched by %s", source.Number, source.Signs)
			}
			if source.State != "up" || !strings.Contains(source.Promise, "about every 10 s") {
				return fmt.Errorf("source %d is %s, %s", source.Number, source.State, source.Promise)
			}
		}
		if !watching.Acting || !watching.Active.Known {
			return errors.New("the monitor does not act")
		}
		return nil
	})
	failing := watching.Active.Source
	promised := time.Duration(watching.source(failing).DownAfter * float64(time.Second))
	if words := "down after " + strings.TrimSuffix(fmt.Sprintf("%.1f", promised.Seconds()), ".0") + " s"; !strings.Contains(watching.source(failing).Promise, words) {
		t.Errorf("the words %q do not say %q", watching.source(failing).Promise, words)
	}
	off := time.Now()
	d.engines[failing-1].powerOff(t)
	var switched activation
	patience.Within(t, promised+patience.Stretch(2*time.Minute), func() error {
		if switched = d.history(t)[0]; switched.Source == failing {
			return errors.New("it has not switched")
		}
		return nil
	})
	var silence time.Duration
	d.awaitSight(t, func(s sight, _ int) error {
		heard := s.source(failing).Heard
		if heard == nil {
			return fmt.Errorf("source %d was never heard", failing)
		}
		silence = switched.From.Sub(*heard)
		return nil
	})
	t.Logf("%s: switched %s after the failure and %s after the last sign of life: %s", watching.source(failing).Promise,
		switched.From.Sub(off).Round(time.Millisecond), silence.Round(time.Millisecond), switched.Reason)
	if switched.Source != 3-failing || silence < promised-time.Second || silence > promised+busy() {
		t.Errorf("switched to %d after %s, promised were %s", switched.Source, silence, promised)
	}
}
