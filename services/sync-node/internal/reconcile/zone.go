package reconcile

import (
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/stationtime"
)

// seen notes what the node said about itself. It also tells if the node's time
// zone is another one: the node would show its titles at other times, and take
// times without an offset for others. twin are other databases that say that they
// are the node's.
func (n *node) seen(state peer.State, offset time.Duration, twin string) {
	differs := zoneDifference(n.r.cfg.Zone, state, time.Now())
	n.status.seen(state, offset, differs, twin)
	report(n.zone, differs)
	report(n.twin, twin)
}

// report tells what is wrong, or that nothing is.
func report(to *logging.Lasting, wrong string) {
	if wrong == "" {
		to.Report(nil)
		return
	}
	to.Report(errors.New(wrong))
}

// zoneDifference says how a node's time zone differs, "" if it does not or is not
// known.
func zoneDifference(ours *stationtime.Zone, state peer.State, now time.Time) string {
	found, differs := ours.Differs(state.Offsets, now)
	if !differs {
		return ""
	}
	clock := func(offset time.Duration) string {
		return found.At.In(time.FixedZone("", int(offset/time.Second))).Format("15:04 -07:00")
	}
	return fmt.Sprintf("its time zone is %q, the sync node's is %q: at %s its clocks show %s, the sync node's %s; check AURA_STATION_TIMEZONE on both hosts",
		state.Zone, ours.Name(), found.At.Format(time.RFC3339), clock(found.Theirs), clock(found.Ours))
}
