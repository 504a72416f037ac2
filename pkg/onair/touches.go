package onair

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// Touches are what a group of changes means for the log. The zero value is ready
// for use.
type Touches struct {
	told        bool
	activations []time.Time
	sources     map[int]*Changes
}

// Changes are what changed of what was said of a source. The zero value is ready
// for use.
type Changes struct {
	// Plays are the changes of plays, in their order.
	Plays []PlayChange
	// Reports are when reports of health arrived that changed, in any order.
	Reports []time.Time

	first map[model.Fingerprint]*heard.Play // as each was before its first change
}

// PlayChange is a change of a play.
type PlayChange struct {
	ID    model.Fingerprint
	Was   *heard.Play // as it was; nil if it is new
	Start time.Time   // as it is, or was if it is gone
}

// Activation notes that an activation was added, got another epoch, or was
// removed.
func (t *Touches) Activation(a model.Activation) {
	t.told = true
	t.activations = append(t.activations, a.From)
}

// Entry notes a change of the entry with that identity; before is nil if it is
// new. Most changes of an entry do not matter on air.
func (t *Touches) Entry(id model.Fingerprint, before, after *model.Entry) {
	t.told = true
	is := heard.NewPlay(id, *after)
	if before == nil {
		t.Of(after.LogSource).Play(PlayChange{is.ID, nil, is.Start})
		return
	}
	if was := heard.NewPlay(is.ID, *before); !reflect.DeepEqual(was, is) {
		t.Of(after.LogSource).Play(PlayChange{is.ID, &was, is.Start})
	}
}

// Gone notes that the entry with that identity is deleted.
func (t *Touches) Gone(id model.Fingerprint, before *model.Entry) {
	t.told = true
	was := heard.NewPlay(id, *before)
	t.Of(before.LogSource).Play(PlayChange{was.ID, &was, was.Start})
}

// Health notes a change of a state of health; before is nil if the state is new.
// Only what it says of fallback matters on air.
func (t *Touches) Health(before, after *model.Health) {
	t.told = true
	var was []heard.Report
	if before != nil {
		was = heard.NewReports(*before)
	}
	is := heard.NewReports(*after)
	for _, r := range slices.Concat(was, is) {
		if !slices.Contains(was, r) || !slices.Contains(is, r) {
			c := t.Of(after.Source)
			c.Reports = append(c.Reports, r.At)
		}
	}
}

// Of are the changes of a source, to which more can be added.
func (t *Touches) Of(source int) *Changes {
	if t.sources == nil {
		t.sources = make(map[int]*Changes)
	}
	c, ok := t.sources[source]
	if !ok {
		c = &Changes{}
		t.sources[source] = c
	}
	return c
}

// Play notes a change of a play. Of several changes the first knows how the play
// was.
func (c *Changes) Play(p PlayChange) {
	c.Plays = append(c.Plays, p)
	if c.first == nil {
		c.first = make(map[model.Fingerprint]*heard.Play)
	}
	if _, changed := c.first[p.ID]; !changed {
		c.first[p.ID] = p.Was
	}
}

// IsNew reports whether the play is new.
func (c *Changes) IsNew(id model.Fingerprint) bool {
	was, changed := c.first[id]
	return changed && was == nil
}

// Starts are the starts of the plays that changed, as they were and as they are,
// in any order.
func (c *Changes) Starts() (starts []time.Time) {
	for _, p := range c.Plays {
		starts = append(starts, p.Start)
		if p.Was != nil {
			starts = append(starts, p.Was.Start)
		}
	}
	return starts
}

// Moments are those from which the changes count in a period: starts of plays,
// and what is before and after a report that speaks of it.
func (c *Changes) Moments(p Period) (moments []time.Time) {
	since := p.Since()
	add := func(at time.Time) {
		if !at.Before(since) {
			moments = append(moments, at)
		}
	}
	for _, at := range c.Starts() {
		add(at)
	}
	for _, at := range c.Reports {
		from, to := heard.Speaks(at)
		add(from)
		add(to)
	}
	return moments
}

// Undo returns the plays that started in w before the changes. plays are those
// that do now, and some that started earlier.
func (c *Changes) Undo(plays []heard.Play, w Window) []heard.Play {
	before := make([]heard.Play, 0, len(plays))
	for _, p := range plays {
		if _, changed := c.first[p.ID]; !changed {
			before = append(before, p)
		}
	}
	for _, was := range c.first {
		if was != nil && !was.Start.Before(w.From) && (w.To.IsZero() || was.Start.Before(w.To)) {
			before = append(before, *was)
		}
	}
	return before
}

// Inaudible says that nothing changed that matters on air.
func (t *Touches) Inaudible() { t.told = true }

// Told reports whether any change was noted, even one that does not matter on
// air.
func (t *Touches) Told() bool { return t.told }

// Any reports whether anything was touched.
func (t *Touches) Any() bool { return len(t.activations) > 0 || len(t.sources) > 0 }

// Activations are the moments that activations touched, in order, each once.
func (t *Touches) Activations() []time.Time { return distinct(t.activations) }

// Sources are the sources of which something changed, in order.
func (t *Touches) Sources() []int { return slices.Sorted(maps.Keys(t.sources)) }

// Changes are what changed of a source.
func (t *Touches) Changes(source int) *Changes { return t.sources[source] }
