package status

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/model"
)

// ClockStore keeps one clock of each source.
type ClockStore interface {
	// StoreClock keeps what the rule says, given the source's last clock, in one
	// transaction.
	StoreClock(ctx context.Context, c model.Clock, rule Rule[model.Clock]) error
	// Clock is model.ErrNotFound if the source never sent one.
	Clock(ctx context.Context, source int) (model.Clock, error)
}

// Clocks knows the studio clock of each source. It tells Prometheus what it did
// not understand.
type Clocks struct {
	store                 ClockStore
	hostID, defaultSource int
	doubted
}

// NewClocks makes Clocks. hostID is the source of what does not name one.
func NewClocks(store ClockStore, hostID, defaultSource int) *Clocks {
	return &Clocks{store: store, hostID: hostID, defaultSource: defaultSource, doubted: newDoubted("clock", "engine_source")}
}

// Keep stores a clock that arrived at its SentAt. A source that is not known is
// no reason to lose what it sent: it is this host's then. Errors:
// *model.InvalidError, model.ErrUnavailable.
func (s *Clocks) Keep(ctx context.Context, c model.Clock) error {
	if c.Source < 1 {
		c.Source = s.hostID
	}
	if err := model.ValidateSource("engine_source", c.Source); err != nil {
		return err
	}
	s.count(c.Doubts)
	c.SentAt = c.SentAt.UTC().Truncate(time.Microsecond)
	return s.store.StoreClock(ctx, c, LastClock)
}

// LastClock is the Rule for clocks that a source sends: the last one counts.
func LastClock(said, last model.Clock) model.Clock {
	said.SentAt = After(said.SentAt, last.SentAt)
	return said
}

// Of is the clock of the active source, otherwise this host's own, otherwise the
// default source's. If none ever came it is the active source's, and empty. Error:
// model.ErrUnavailable.
func (s *Clocks) Of(ctx context.Context, active int) (model.Clock, error) {
	for _, source := range []int{active, s.hostID, s.defaultSource} {
		c, err := s.store.Clock(ctx, source)
		if !errors.Is(err, model.ErrNotFound) {
			return c, err
		}
	}
	return model.Clock{Source: active}, nil
}
