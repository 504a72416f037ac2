package lifecycle

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// How often the service looks for a database that is away at the start.
const (
	firstLook = 250 * time.Millisecond
	maxLook   = 5 * time.Second
)

// errPreparing is why a service that already answers is not ready.
var errPreparing = errors.New("the service is still preparing its data")

// ready tells why the service can't do its work now, or nil. detail is how it
// does its work without the database.
func (s *Service) ready(ctx context.Context) (detail string, err error) {
	err = s.check(ctx)
	if s.opts.Meanwhile == nil || !errors.Is(err, model.ErrUnavailable) && !errors.Is(err, errPreparing) {
		return "", err
	}
	if how, can := s.opts.Meanwhile(ctx, err); can {
		return how, nil
	}
	return "", err
}

// check tells why the database can't do its work now, or nil.
func (s *Service) check(ctx context.Context) error {
	preparing := s.preparing.Load()
	if s.opts.Database != nil {
		// Without its file, some connections can't be opened: that says less.
		if err := s.opts.Database.InPlace(); err != nil {
			return err
		}
		// The service itself makes the schema, or ends if it is too old.
		err := s.opts.Database.Ready(ctx)
		if err != nil && (!preparing || !errors.Is(err, repo.ErrSchemaOlder)) {
			return err
		}
	}
	if preparing {
		return errPreparing
	}
	if s.opts.Database != nil {
		return s.opts.Database.Writable(ctx)
	}
	return nil
}

// prepare brings the schema up to date, or checks that it is, as soon as the
// database is reachable. Then it does the preparation that the service itself
// asks for. systemd is told that the service is ready after the first look,
// whatever its result: a service that answers 503 and recovers by itself is
// better than one that is killed for waiting. Only a schema that this binary
// cannot use, and a database that is not its own, end the service. It returns
// nil if ctx ended.
func (s *Service) prepare(ctx context.Context, w Work) error {
	lasting := logging.NewLasting(s.opts.Log, "database not ready")
	for pause := firstLook; ; pause = min(2*pause, maxLook) {
		err := s.look(ctx)
		if err == nil && w.Prepare == nil {
			s.preparing.Store(false) // before anybody is told that the service is ready
		}
		if pause == firstLook && (err == nil || errors.Is(err, model.ErrUnavailable)) {
			s.notify(daemon.SdNotifyReady)
		}
		if err == nil && w.Prepare != nil {
			err = w.Prepare(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !errors.Is(err, model.ErrUnavailable):
			return err
		}
		lasting.Report(err)
		if err == nil {
			s.preparing.Store(false)
			if w.Prepared != nil {
				w.Prepared()
			}
			debug.FreeOSMemory() // mostly memory from reading the contract
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// look brings the schema up to date if that is asked for, and reports whether
// it is up to date. Before that it sees to it that the database is the service's
// own, and after that it begins to serve it.
func (s *Service) look(ctx context.Context) error {
	if s.opts.Database == nil {
		return nil
	}
	if err := s.opts.Database.Belongs(ctx, s.opts.Owner); err != nil {
		return err
	}
	if s.opts.Migrate {
		if err := s.opts.Database.Migrate(ctx); err != nil {
			return err
		}
	}
	if err := s.opts.Database.Ready(ctx); err != nil || s.identity.Load() != nil {
		return err
	}
	identity, err := s.opts.Database.Begin(ctx, s.opts.Owner, s.opts.Alone)
	if err == nil {
		s.identity.Store(&identity)
	}
	return err
}

// watchdog tells systemd, if it asks for that, that the service is alive.
func (s *Service) watchdog(ctx context.Context) error {
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
			s.notify(daemon.SdNotifyWatchdog)
		}
	}
}

// notify sends a state to systemd; without systemd it does nothing.
func (s *Service) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.opts.Log.Warn().Err(err).Str("state", state).Msg("systemd can't be notified")
	}
}
