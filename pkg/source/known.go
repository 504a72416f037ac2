package source

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"aura.radio/engine/pkg/model"
)

// Knows reports whether any setting, name or record knows a source. A number
// that nothing knows is probably mistyped, and nobody is on air while it is
// active. Error: model.ErrUnavailable.
type Knows func(ctx context.Context, source int) (bool, error)

// Knowing has the Service ask knows about sources. Without it, each is known.
func (s *Service) Knowing(knows Knows) *Service {
	s.knows = knows
	return s
}

// Known reports whether a source is known; see Knows.
func (s *Service) Known(ctx context.Context, source int) (bool, error) {
	if s.knows == nil {
		return true, nil
	}
	return s.knows(ctx, source)
}

// checkKnown refuses a source that must be known and is not.
func (s *Service) checkKnown(ctx context.Context, r Request) error {
	if !r.MustBeKnown || model.ValidateSource("number", r.Source) != nil { // Admit refuses the number itself
		return nil
	}
	known, err := s.Known(ctx, r.Source)
	if err != nil || known {
		return err
	}
	return model.Invalid("number", strconv.Itoa(r.Source), "must be a source that a setting, a name or a record knows")
}

// Records is where sources leave traces.
type Records interface {
	Records(ctx context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error)
	HealthRecords(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error)
}

// History is where activations leave traces, newest first.
type History interface {
	Activations(ctx context.Context, offset, limit int) ([]model.Activation, error)
}

// Knowledge is which sources exist. It is safe for concurrent use.
type Knowledge struct {
	records Records
	history History // nil: activations don't count

	mu    sync.Mutex
	known map[int]bool // by settings and names, and by traces that were found
}

// NewKnowledge makes a Knowledge of the sources that settings name, and of those
// that have records.
func NewKnowledge(records Records, named ...int) *Knowledge {
	k := &Knowledge{records: records, known: map[int]bool{}}
	for _, number := range named {
		k.known[number] = true
	}
	return k
}

// WithHistory has earlier activations count, too. A node that has no names of
// sources needs this: a studio line leaves no records. The present activation
// never counts, because a mistyped number would make itself known.
func (k *Knowledge) WithHistory(history History) *Knowledge {
	k.history = history
	return k
}

// maxHistory is how many activations are searched. Stations have some a day.
const maxHistory = 1000

// Knows is a Knows.
func (k *Knowledge) Knows(ctx context.Context, source int) (bool, error) {
	k.mu.Lock()
	known := k.known[source]
	k.mu.Unlock()
	if known {
		return true, nil
	}
	found, err := k.hasRecord(ctx, source)
	if err == nil && !found {
		found, err = k.wasActive(ctx, source)
	}
	if err != nil || !found {
		return false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[source] = true
	return true, nil
}

func (k *Knowledge) hasRecord(ctx context.Context, source int) (bool, error) {
	q := model.RecordQuery{Source: source, Limit: 1}
	entries, _, err := k.records.Records(ctx, q)
	if err != nil || len(entries) > 0 {
		return err == nil, err
	}
	healths, _, err := k.records.HealthRecords(ctx, q)
	return len(healths) > 0, err
}

// wasActive reports whether the source was active before another one was.
func (k *Knowledge) wasActive(ctx context.Context, source int) (bool, error) {
	if k.history == nil {
		return false, nil
	}
	found, err := k.history.Activations(ctx, 0, maxHistory)
	other := slices.IndexFunc(found, func(a model.Activation) bool { return a.Source != source })
	if err != nil || other < 0 {
		return false, err
	}
	return slices.ContainsFunc(found[other:], func(a model.Activation) bool { return a.Source == source }), nil
}
