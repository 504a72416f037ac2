package onair

import (
	"maps"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

// Touches are the moments from which a group of changes counts. The zero value
// is ready for use.
type Touches struct {
	told        bool
	activations []time.Time
	records     map[int][]time.Time // by source
}

// Activation notes that an activation was added, got another epoch, or was
// removed.
func (t *Touches) Activation(a model.Activation) {
	t.told = true
	t.activations = append(t.activations, a.From)
}

// Entry notes a change of an entry; before is nil if the entry is new. Most
// changes of an entry do not matter on air.
func (t *Touches) Entry(before, after *model.Entry) {
	t.told = true
	was, is := heard(before), heard(after)
	if was == is {
		return
	}
	for _, play := range []play{was, is} {
		if play != silence {
			t.record(play.source, play.start)
		}
	}
}

func (t *Touches) record(source int, at time.Time) {
	if t.records == nil {
		t.records = make(map[int][]time.Time)
	}
	t.records[source] = append(t.records[source], at)
}

// Inaudible says that nothing changed that matters on air.
func (t *Touches) Inaudible() { t.told = true }

// Told reports whether any change was noted, even one that does not matter on
// air.
func (t *Touches) Told() bool { return t.told }

// Any reports whether anything was touched.
func (t *Touches) Any() bool { return len(t.activations) > 0 || len(t.records) > 0 }

// Activations are the moments that activations touched, in order, each once.
func (t *Touches) Activations() []time.Time { return distinct(t.activations) }

// Sources are the sources whose records were touched, in order.
func (t *Touches) Sources() []int { return slices.Sorted(maps.Keys(t.records)) }

// Records are the moments that records of a source touched, in order, each once.
func (t *Touches) Records(source int) []time.Time { return distinct(t.records[source]) }

// play holds what matters on air about an entry whose identity is known.
type play struct {
	source   int
	start    time.Time
	duration time.Duration
}

// silence is the play of an entry that is not audible.
var silence play

func heard(e *model.Entry) play {
	if e == nil || e.Overlay.Void {
		return silence
	}
	return play{e.LogSource, e.PlayedAt(), e.Effective().Duration}
}
