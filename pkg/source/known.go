package source

import (
	"context"
	"strconv"

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
	return model.Invalid("number", strconv.Itoa(r.Source), "must be a source that a setting, a name or a record of the sync node knows")
}
