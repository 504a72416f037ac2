package authority_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// settled is how long it takes at most from when a monitor reaches the sync node
// until it knows who may act: a round that hangs, and the next one.
const settled = lease/2 + 2*round

// agreed is how long it takes at most until one acts: in addition to settled, the
// former holder is waited for, or its lease runs out.
const agreed = 2*lease + settled

// host is a monitor as it really is.
type host struct {
	*monitor
	runs, connected bool
	// knew: it was told that another one acts, before it was cut off at cut or was
	// started without a way to the sync node.
	knew bool
	cut  time.Time
}

// station is two monitors over one sync node.
type station struct {
	t     *rapid.T
	alone bool
	hosts []*host
	// calm is since when nothing has happened except the passing of time.
	calm time.Time
	// together: both were cut off after they had agreed, and still are.
	together bool
	both     time.Time // since when both act; zero: they don't
	log      []string
}

func newStation(t *rapid.T) *station {
	s := &station{t: t, alone: rapid.Bool().Draw(t, "act alone"), calm: time.Now()}
	node := &syncNode{}
	for _, name := range []string{"a", "b"} {
		m := newMonitor(name, node)
		m.cfg.ActAlone = s.alone
		s.hosts = append(s.hosts, &host{monitor: m, connected: true})
	}
	return s
}

func (s *station) say(format string, args ...any) {
	s.log = append(s.log, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (s *station) fail(why string) {
	for _, line := range s.log {
		s.t.Log(line)
	}
	for _, h := range s.hosts {
		if h.runs {
			s.t.Logf("%s: %+v", h.name, h.View())
		}
	}
	s.t.Fatal(why)
}

func (s *station) acting() (count int) {
	for _, h := range s.hosts {
		if h.runs && h.isActing() {
			count++
		}
	}
	return count
}

// calmly reports whether both monitors run, or one, and have reached the sync
// node for so long.
func (s *station) calmly(least int, d time.Duration) bool {
	running := 0
	for _, h := range s.hosts {
		if h.runs && !h.connected {
			return false
		}
		if h.runs {
			running++
		}
	}
	return running >= least && time.Since(s.calm) >= d
}

// check is what must hold at any time.
func (s *station) check() {
	synctest.Wait()
	acting, now := s.acting(), time.Now()
	switch {
	case acting < 2:
		s.both = time.Time{}
	case s.both.IsZero():
		s.both = now
	}
	overlap := !s.both.IsZero() && now.After(s.both)
	switch {
	case overlap && !s.alone:
		s.fail("both act, though none may act without the lease")
	case overlap && s.together:
		s.fail("both act, though both were cut off when one did")
	case overlap && s.calmly(2, settled):
		s.fail("both act, though both reach the sync node")
	case acting == 0 && s.calmly(1, agreed):
		s.fail("none acts, though the sync node can be reached")
	}
	for _, h := range s.hosts {
		switch acts, other := h.told(); {
		case !h.runs || acts:
		case !h.connected && other != h.knew && (other || s.alone):
			s.fail(fmt.Sprintf("%s changed its mind about whether another one acts, though nobody told it", h.name))
		case !h.connected && other && !s.alone && now.Sub(h.cut) > agreed:
			s.fail(h.name + " relies on another one, whose lease is over")
		case !other && s.calmly(1, agreed):
			s.fail(h.name + " does not know that another one acts, though it reaches the sync node")
		}
	}
}

// told is what a monitor was last told.
func (h *host) told() (acts, other bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.acts, h.other
}

// pass lets time pass, looking often.
func (s *station) pass(d time.Duration) {
	for until := time.Now().Add(d); time.Now().Before(until); {
		time.Sleep(100 * time.Millisecond)
		s.check()
	}
}

var troubles = map[string]func(context.Context, string) error{"refuses": away, "hangs": hang, "loses answers": nil}

// connect changes a monitor's way to the node; "" mends it.
func (h *host) connect(trouble string) {
	if trouble != "" && h.connected {
		_, h.knew = h.told()
		h.cut = time.Now()
	}
	h.connected = trouble == ""
	h.link.mu.Lock()
	defer h.link.mu.Unlock()
	h.link.before, h.link.after = troubles[trouble], nil
	if trouble == "loses answers" {
		h.link.after = hang
	}
}

func (s *station) happen() {
	settledBefore := s.calmly(2, agreed)
	h := s.hosts[rapid.IntRange(0, 1).Draw(s.t, "host")]
	// Starts and mends make a difference, so they are drawn more often.
	possible := []string{"start", "start", "start", "start"}
	if h.runs {
		possible = []string{"stop", "kill"}
	}
	if h.connected {
		possible = append(possible, "cut", "cut both")
	} else {
		possible = append(possible, "mend", "mend", "mend both", "mend both")
	}
	what := rapid.SampledFrom(possible).Draw(s.t, "happens")
	trouble := func() string {
		return rapid.SampledFrom([]string{"refuses", "hangs", "loses answers"}).Draw(s.t, "trouble")
	}
	s.say("%s %s, acting %d", h.name, what, s.acting())
	switch what {
	case "start":
		h.runs, h.knew = true, false
		h.start()
	case "stop", "kill":
		h.runs = false
		if what == "stop" {
			h.stop()
		} else {
			h.halt()
		}
	case "cut":
		h.connect(trouble())
	case "cut both":
		for _, h := range s.hosts {
			h.connect(trouble())
		}
		s.together = s.together || settledBefore
	case "mend":
		h.connect("")
		s.together = false
	case "mend both":
		for _, h := range s.hosts {
			h.connect("")
		}
		s.together = false
	}
	s.calm = time.Now()
	s.check()
}

// halt kills the monitor, whatever its link does.
func (h *host) halt() {
	h.link.mu.Lock()
	before, after := h.link.before, h.link.after
	h.link.after = nil
	h.link.mu.Unlock()
	h.kill()
	h.link.mu.Lock()
	defer h.link.mu.Unlock()
	h.link.before, h.link.after = before, after
}

// TestFollower_Promise: what the package promises, over random partitions,
// restarts and times.
func TestFollower_Promise(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// rapid counts in simulated time here: it ends after a day of that, some
		// 400 sequences. For more, repeat the test with -count.
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			s := newStation(t)
			defer func() { // even if rapid ends the sequence by a panic
				for _, h := range s.hosts {
					if h.runs {
						h.halt()
					}
				}
			}()
			if rapid.Bool().Draw(t, "both run") {
				for _, h := range s.hosts {
					h.runs = true
					h.start()
				}
				s.pass(agreed)
			}
			for range rapid.IntRange(10, 25).Draw(t, "things") {
				s.happen()
				s.pass(time.Duration(rapid.SampledFrom([]int{0, 1, 20, 50, 110, 300, 400}).Draw(t, "tenths")) * 100 * time.Millisecond)
			}
			for _, h := range s.hosts {
				h.connect("")
			}
			s.calm, s.together = time.Now(), false
			s.pass(agreed + time.Second)
		})
	})
}
