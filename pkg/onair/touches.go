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

// Changes are what changed of what was said of a source.
type Changes struct {
	// Starts are the starts of the plays that changed, as they were and as they
	// are, in any order.
	Starts []time.Time
	// Reports are when reports of health arrived that changed, in any order.
	Reports []time.Time

	changed map[model.Fingerprint]bool
	was     []heard.Play // as they were, without those that are new
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
		t.of(after.LogSource).play(is.ID, nil, is.Start)
		return
	}
	if was := heard.NewPlay(is.ID, *before); !reflect.DeepEqual(was, is) {
		t.of(after.LogSource).play(is.ID, &was, is.Start)
	}
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
			c := t.of(after.Source)
			c.Reports = append(c.Reports, r.At)
		}
	}
}

func (t *Touches) of(source int) *Changes {
	if t.sources == nil {
		t.sources = make(map[int]*Changes)
	}
	c, ok := t.sources[source]
	if !ok {
		c = &Changes{changed: make(map[model.Fingerprint]bool)}
		t.sources[source] = c
	}
	return c
}

// play notes that a play changed. Of several changes the first knows how it was.
func (c *Changes) play(id model.Fingerprint, was *heard.Play, start time.Time) {
	c.Starts = append(c.Starts, start)
	if was != nil {
		c.Starts = append(c.Starts, was.Start)
	}
	if !c.changed[id] && was != nil {
		c.was = append(c.was, *was)
	}
	c.changed[id] = true
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
	for _, at := range c.Starts {
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
		if !c.changed[p.ID] {
			before = append(before, p)
		}
	}
	for _, was := range c.was {
		if !was.Start.Before(w.From) && (w.To.IsZero() || was.Start.Before(w.To)) {
			before = append(before, was)
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
