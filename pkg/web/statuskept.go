package web

import (
	"sync/atomic"
	"time"

	"aura.radio/engine/pkg/api"
)

// keptFor is how long a look goes on with what a look before read.
const keptFor = time.Minute

// statusKept is what one look at the status keeps for the next: the states of health
// that are over, and the holes. Both cost much and change rarely. What comes late, or
// is corrected, is seen when all is read again. The zero value keeps nothing yet.
type statusKept struct {
	histories map[int]*history
	holes     []api.Hole
	holesAt   time.Time
	// isStale: somebody has loaded the page, who may have filled a hole.
	isStale atomic.Bool
	// hasReadAll: this look has read all states of a source, so others wait.
	hasReadAll bool
}

// history is what is known of a source's health.
type history struct {
	readAt time.Time // when all of it was read
	newest time.Time // when its newest state began
	spans  []span
}

// begin begins a look. A nil statusKept keeps nothing.
func (k *statusKept) begin() {
	if k == nil {
		return
	}
	k.hasReadAll = false
	if k.histories == nil {
		k.histories = map[int]*history{}
	}
	if k.isStale.Swap(false) {
		k.holesAt = time.Time{}
	}
}

// historyOf is what is kept of a source, empty if all is to be read. After the first
// look that is one source at a time.
func (k *statusKept) historyOf(number int, now time.Time) *history {
	if k == nil {
		return &history{readAt: now}
	}
	h := k.histories[number]
	if h == nil {
		h = &history{readAt: now}
		k.histories[number] = h
	} else if !k.hasReadAll && now.Sub(h.readAt) >= keptFor {
		k.hasReadAll = true
		*h = history{readAt: now}
	}
	return h
}

// since is from when on states are to be read for a picture that begins at from.
func (h *history) since(from time.Time) time.Time { return latest(h.newest, from) }

// add adds states, the newest first: those since the newest that was known, and it.
func (h *history) add(states []api.HealthRecord, from, until time.Time) []span {
	h.spans = timeline(cut(h.spans, from, h.newest), states, h.since(from), until)
	if len(states) > 0 {
		h.newest = states[0].LogTime.Time
	}
	return h.spans
}

// keptHoles are the holes that a look before found, if they still count.
func (k *statusKept) keptHoles(now time.Time) ([]api.Hole, bool) {
	if k == nil || now.Sub(k.holesAt) >= keptFor {
		return nil, false
	}
	return k.holes, true
}

// keepHoles keeps holes for the next looks.
func (k *statusKept) keepHoles(holes []api.Hole, now time.Time) {
	if k != nil {
		k.holes, k.holesAt = holes, now
	}
}
