package app

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

// How often the service looks for a database that is away at start.
const (
	firstLook = 250 * time.Millisecond
	maxLook   = 5 * time.Second
)

// prepareDatabase brings the schema up to date, or sees that it is, as soon as
// the database is there. systemd hears that the service is ready after the
// first look, whatever it showed: a service that answers 503 and recovers by
// itself is better than one that is killed for waiting. Only a schema that
// this binary cannot use ends the service.
func (a *App) prepareDatabase(ctx context.Context) error {
	lasting := logging.NewLasting(a.log, "database not ready")
	for pause := firstLook; ; pause = min(2*pause, maxLook) {
		err := a.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, model.ErrUnavailable) {
			return err
		}
		lasting.Report(err)
		if pause == firstLook {
			a.notify(daemon.SdNotifyReady)
		}
		if err == nil {
			a.changed()          // what was answered without a database is out of date
			debug.FreeOSMemory() // of reading the contract, mostly
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (a *App) look(ctx context.Context) error {
	if a.cfg.Database.MigrateAtStart() {
		if err := a.db.Migrate(ctx); err != nil {
			return err
		}
	}
	return a.db.Ready(ctx)
}

// watchdog tells systemd, where it asks, that the service is alive.
func (a *App) watchdog(ctx context.Context) error {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		return err
	}
	ticker := time.NewTicker(interval / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			a.notify(daemon.SdNotifyWatchdog)
		}
	}
}

// notify tells systemd; without systemd it does nothing.
func (a *App) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		a.log.Warn().Err(err).Str("state", state).Msg("systemd can't be told")
	}
}
