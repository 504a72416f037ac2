package source

import (
	"context"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

// noon is when all tests begin.
var noon = time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)

// memory is a Store: what was accepted, in that order.
type memory struct {
	accepted []model.Activation
	deposed  bool
	err      error
}

// byTime is what was accepted, the latest last.
func byTime(accepted []model.Activation) []model.Activation {
	sorted := slices.Clone(accepted)
	slices.SortStableFunc(sorted, func(a, b model.Activation) int { return a.From.Compare(b.From) })
	return sorted
}

func last(list []model.Activation) model.Activation {
	if len(list) == 0 {
		return model.Activation{}
	}
	return list[len(list)-1]
}

// until is what began at that time or before.
func until(list []model.Activation, at time.Time) []model.Activation {
	return slices.DeleteFunc(slices.Clone(list), func(a model.Activation) bool { return a.From.After(at) })
}

// known is all that Admit may ask for.
func (m *memory) known(r Request) Known {
	k := Known{Last: last(m.accepted), Latest: last(byTime(m.accepted)), Deposed: m.deposed}
	k.Active = last(until(byTime(m.accepted), later(r.From(), k.Last.From)))
	for _, a := range m.accepted {
		if r.Mandate == nil && a.From.Equal(r.From()) || r.Mandate != nil && a.Epoch == r.Mandate.Upon+1 {
			k.Told = append(k.Told, a)
		}
	}
	if r.Mandate != nil {
		k.Upon = last(byTime(m.accepted[:min(int(r.Mandate.Upon), len(m.accepted))]))
	}
	return k
}

func (m *memory) Activate(_ context.Context, r Request, admit Rule) (Decision, error) {
	if m.err != nil {
		return Decision{}, m.err
	}
	d, err := admit(r, m.known(r))
	if err == nil && !d.Stored {
		m.accepted = append(m.accepted, d.Activation)
	}
	return d, err
}

func (m *memory) ActiveSource(_ context.Context, now time.Time) (model.ActiveSource, error) {
	if len(m.accepted) == 0 {
		return model.ActiveSource{}, model.ErrNotFound
	}
	accepted := last(m.accepted)
	active := last(until(byTime(m.accepted), later(now, accepted.From)))
	return model.ActiveSource{Source: active.Source, Since: &active.From, Epoch: accepted.Epoch, Pinned: accepted.Pinned}, m.err
}

func (m *memory) Activations(_ context.Context, offset, limit int) ([]model.Activation, error) {
	list := byTime(m.accepted)
	slices.Reverse(list)
	return list[min(offset, len(list)):min(offset+limit, len(list))], m.err
}
