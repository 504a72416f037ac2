package app

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/services/engine-api/internal/journal"
)

// state is what GET /sync/state shows: what waits here, and the clock of this
// node's engine.
func (a *App) state(ctx context.Context) (api.SyncState, error) {
	waiting, err := a.db.Outbox(ctx)
	if err != nil {
		return api.SyncState{}, err
	}
	state := api.SyncState{
		HostId: a.cfg.HostID,
		Now:    stationtime.UTC(time.Now()),
		Outbox: api.NewOutbox(waiting),
	}
	if from := a.cfg.Health.HealthFrom(time.Now()); !from.IsZero() {
		state.HealthFrom = new(stationtime.UTC(from))
	}
	if identity := a.base.Identity(); identity != nil {
		state.Database = new(record.NewIdentity(*identity))
	}
	if err := a.db.InPlace(); err != nil {
		state.DatabaseWarning = err.Error()
	}
	if a.pusher != nil {
		state.Twin = a.pusher.Twin()
	}
	if wrong := a.clocks.Warnings(); wrong != nil {
		state.Warnings = &wrong
	}
	if kept, err := a.journal.State(ctx); err == nil { // otherwise the metrics tell
		state.Journal = api.NewJournal(kept)
	}
	if state.HealthWarnings, err = a.health.Warnings(ctx, time.Now(), a.cfg.HostID); err != nil {
		return api.SyncState{}, err
	}
	if kept, err := a.refused.State(); err == nil {
		state.Refused = api.NewRefused(kept)
	}
	clock, err := a.db.Clock(ctx, a.cfg.HostID)
	switch {
	case errors.Is(err, model.ErrNotFound):
	case err != nil:
		return api.SyncState{}, err
	default:
		state.Clocks = &[]record.Clock{record.NewClock(clock)}
	}
	return state, nil
}

// statuses stores what engines report about themselves, and tells when there is
// something new to send on. What health says of fallback also changes what was
// heard.
type statuses struct {
	*repo.Node
	journal                   *journal.Journal
	healthStored, clockStored func()
}

// StoreHealth is journal.Journal.StoreHealth.
func (s statuses) StoreHealth(ctx context.Context, h model.Health, rule status.Rule[model.Health]) error {
	err := s.journal.StoreHealth(ctx, h, rule)
	if err == nil {
		s.healthStored()
	}
	return err
}

// StoreClock is journal.Journal.StoreClock.
func (s statuses) StoreClock(ctx context.Context, c model.Clock, rule status.Rule[model.Clock]) error {
	err := s.journal.StoreClock(ctx, c, rule)
	if err == nil {
		s.clockStored()
	}
	return err
}
