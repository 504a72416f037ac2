package app

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/source"
)

// sources is the history of the active source. It gives no answer and takes no
// activation before the nodes were asked for a history that may have been lost.
type sources struct {
	*repo.Station
	recalled atomic.Bool
}

// Activate is repo.Station.Activate. Error: model.ErrUnavailable until the nodes
// were asked.
func (s *sources) Activate(ctx context.Context, r source.Request, admit source.Rule) (source.Decision, error) {
	if err := s.ready(); err != nil {
		return source.Decision{}, err
	}
	return s.Station.Activate(ctx, r, admit)
}

// ActiveSource is repo.Station.ActiveSource. Error: model.ErrUnavailable until the
// nodes were asked.
func (s *sources) ActiveSource(ctx context.Context, now time.Time) (model.ActiveSource, error) {
	if err := s.ready(); err != nil {
		return model.ActiveSource{}, err
	}
	return s.Station.ActiveSource(ctx, now)
}

// Activations is repo.Station.Activations. Error: model.ErrUnavailable until the nodes
// were asked.
func (s *sources) Activations(ctx context.Context, offset, limit int) ([]model.Activation, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	return s.Station.Activations(ctx, offset, limit)
}

func (s *sources) ready() error {
	if !s.recalled.Load() {
		return fmt.Errorf("%w: the nodes are being asked for the history of the active source", model.ErrUnavailable)
	}
	return nil
}

// prepare brings the database up to date. It also brings back the history of
// the active source if there is none. If the record has another rule than the
// configuration, the record counts: another sync node over the same database may
// be configured in another way.
func (a *App) prepare(ctx context.Context) error {
	wanted := a.cfg.Heard.Rule()
	counts, err := a.station.StartRule(ctx, wanted)
	if err == nil && !counts.IsSame(wanted) {
		log := a.base.Log("rule")
		log.Warn().Stringer("counts", counts).Stringer("configured", wanted).
			Msg("the station's record has another rule than the configuration, and the record counts; sync-node rule --from lets the configured one count")
	}
	if err == nil {
		err = a.station.Prepare(ctx)
	}
	if err == nil {
		err = a.nodes.Recall(ctx)
	}
	if err == nil {
		a.sources.recalled.Store(true)
	}
	return err
}
