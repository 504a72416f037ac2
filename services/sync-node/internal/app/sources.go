package app

import (
	"context"
	"fmt"
	"sync/atomic"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// sources is the history of the active source, which takes no activation before
// the nodes were asked for the one that may have been lost.
type sources struct {
	*repo.Station
	recalled atomic.Bool
}

// Activate is repo.Station.Activate. Error: model.ErrUnavailable until the nodes
// were asked.
func (s *sources) Activate(ctx context.Context, a model.Activation, admit func(last model.Activation) error) (model.Activation, error) {
	if !s.recalled.Load() {
		return model.Activation{}, fmt.Errorf("%w: the nodes are being asked for the history of the active source", model.ErrUnavailable)
	}
	return s.Station.Activate(ctx, a, admit)
}

// prepare brings the database up to date, and the history of the active source
// back where there is none.
func (a *App) prepare(ctx context.Context) error {
	err := a.station.Prepare(ctx)
	if err == nil {
		err = a.nodes.Recall(ctx)
	}
	if err == nil {
		a.sources.recalled.Store(true)
	}
	return err
}
