package source

import (
	"context"
	"errors"
	"slices"
	"testing"

	"aura.radio/engine/pkg/model"
)

// traces are records, and a history of activations by source, newest first.
type traces struct {
	entries, healths, history []int
	err                       error
}

func (m *traces) Records(_ context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error) {
	if slices.Contains(m.entries, q.Source) {
		return make([]model.Record, 1), nil, m.err
	}
	return nil, nil, m.err
}

func (m *traces) HealthRecords(_ context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error) {
	if slices.Contains(m.healths, q.Source) {
		return make([]model.Health, 1), nil, m.err
	}
	return nil, nil, m.err
}

func (m *traces) Activations(_ context.Context, offset, limit int) ([]model.Activation, error) {
	var list []model.Activation
	for _, number := range m.history[min(offset, len(m.history)):min(offset+limit, len(m.history))] {
		list = append(list, model.Activation{Source: number})
	}
	return list, m.err
}

func TestKnowledge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		traces traces
		known  bool // source 22
	}{
		"Nothing":       {},
		"Entry":         {traces: traces{entries: []int{22}}, known: true},
		"Health":        {traces: traces{healths: []int{22}}, known: true},
		"Others":        {traces: traces{entries: []int{2}, healths: []int{3}, history: []int{1, 4, 1}}},
		"Earlier":       {traces: traces{history: []int{1, 22, 1}}, known: true},
		"AgainEarlier":  {traces: traces{history: []int{22, 1, 22}}, known: true},
		"OnlyNow":       {traces: traces{history: []int{22, 1}}},
		"OnlyNowTwice":  {traces: traces{history: []int{22, 22, 1}}},
		"TheOnlySource": {traces: traces{history: []int{22, 22}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := NewKnowledge(&c.traces, 1, 5).WithHistory(&c.traces)
			for range 2 {
				if known, err := k.Knows(t.Context(), 22); err != nil || known != c.known {
					t.Errorf("known: %t, %v", known, err)
				}
			}
			if known, err := k.Knows(t.Context(), 5); err != nil || !known {
				t.Errorf("a source that is named: %t, %v", known, err)
			}
			if known, err := NewKnowledge(&traces{history: c.traces.history}).Knows(t.Context(), 22); err != nil || known {
				t.Errorf("without the history: %t, %v", known, err)
			}
			// What is known stays known, and is not looked up again.
			c.traces.err = model.ErrUnavailable
			if known, err := k.Knows(t.Context(), 22); known != c.known || errors.Is(err, model.ErrUnavailable) == c.known {
				t.Errorf("while the database is away: %t, %v", known, err)
			}
		})
	}
}
