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

// prepare brings the database up to date. It also brings back the rules and the
// history of the active source if there are none.
func (a *App) prepare(ctx context.Context) error {
	err := a.startRule(ctx)
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

// startRule makes the rules part of the record: those that the nodes remember of a
// record that was lost, otherwise the configured one.
func (a *App) startRule(ctx context.Context) error {
	rules, err := a.station.Rules(ctx)
	if err != nil {
		return err
	}
	var recalled []model.HeardRule
	if len(rules) == 0 {
		recalled = a.nodes.RecallRules(ctx)
	}
	counts, err := a.station.StartRule(ctx, a.cfg.Heard.Rule(), recalled...)
	if err == nil {
		a.cfg.Heard.Warn(a.base.Log("rule"), counts, "sync-node rule")
	}
	return err
}
