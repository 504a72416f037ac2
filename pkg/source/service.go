package source

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
)

// Store keeps the history of the active source, or asks whoever keeps it.
type Store interface {
	// Activate reads what is known, judges the request by admit and stores what
	// was admitted, all in one transaction. admit may be called more than once.
	// Errors: those of admit, model.ErrUnavailable; of a node that asks another
	// one also model.ErrLoop and model.ErrSyncNodeAway.
	Activate(ctx context.Context, r Request, admit Rule) (Decision, error)
	// ActiveSource is model.ErrNotFound before the first activation.
	ActiveSource(ctx context.Context, now time.Time) (model.ActiveSource, error)
	// Activations are newest first.
	Activations(ctx context.Context, offset, limit int) ([]model.Activation, error)
}

// Service knows which source is active, and was.
type Service struct {
	store         Store
	defaultSource int
	changed       func()
	log           zerolog.Logger
	knows         Knows // nil: each source is known
}

// New makes a Service. defaultSource is active until the first activation.
// changed is called after every activation and must not block.
func New(store Store, defaultSource int, changed func(), log zerolog.Logger) *Service {
	return &Service{store: store, defaultSource: defaultSource, changed: changed, log: log}
}

// Activate switches the active source; the switch is durable when Activate
// returns nil. A request that is fulfilled already succeeds. Errors: those of
// Admit, of the Store and of Knows.
func (s *Service) Activate(ctx context.Context, r Request) error {
	if err := s.checkKnown(ctx, r); err != nil {
		return err
	}
	d, err := s.store.Activate(ctx, r, Admit)
	if err != nil {
		return err
	}
	if skew := r.Skew(); skew != 0 {
		s.log.Warn().Str("by", d.By).Int("source", r.Source).Time("at", r.At.Time).Time("counts_as", d.From).Dur("behind_ms", skew).
			Msg("the clock of who tells a switch is wrong: its time is shifted; check the clock")
	}
	if from := r.From(); r.Mandate != nil && d.From.After(from) {
		s.log.Warn().Str("by", d.By).Int("source", r.Source).Time("at", from).Time("counts_as", d.From).
			Msg("a monitor's clock is behind: its decision has an earlier time than an activation that the monitor knew")
	}
	// Also if it was stored before: the answer of then may have been lost before
	// this was told.
	s.changed()
	return nil
}

// Active is which source is active now. Error: model.ErrUnavailable.
func (s *Service) Active(ctx context.Context, now time.Time) (model.ActiveSource, error) {
	active, err := s.store.ActiveSource(ctx, now)
	if errors.Is(err, model.ErrNotFound) {
		return model.ActiveSource{Source: s.defaultSource}, nil
	}
	if err != nil {
		return active, err
	}
	known, err := s.Known(ctx, active.Source)
	active.Unknown = !known
	return active, err
}

// Reign is an activation and what surrounds it.
type Reign struct {
	model.Activation
	// Until is when the newer one begins; nil: there is none yet.
	Until *time.Time
	// Previous is the source of the older one, or the default source.
	Previous int
}

// History is a part of the history of the active source, newest first. Errors:
// those of the Store.
func (s *Service) History(ctx context.Context, offset, limit int) ([]Reign, error) {
	// One more is read at both ends, because each has to do with its neighbours.
	newer := min(offset, 1)
	found, err := s.store.Activations(ctx, offset-newer, limit+newer+1)
	if err != nil {
		return nil, err
	}
	var reigns []Reign
	for i := newer; i < min(len(found), newer+limit); i++ {
		r := Reign{Activation: found[i], Previous: s.defaultSource}
		if i > 0 {
			r.Until = &found[i-1].From
		}
		if i+1 < len(found) {
			r.Previous = found[i+1].Source
		}
		reigns = append(reigns, r)
	}
	return reigns, nil
}
