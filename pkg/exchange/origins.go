package exchange

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
)

// Sightings keeps which databases were heard; *repo.Station implements it.
type Sightings interface {
	// Sightings are those of a host that were heard since, and its current one,
	// by when they were first heard.
	Sightings(ctx context.Context, host int, since time.Time) ([]model.Sighting, error)
	// Sight stores what judge makes of the same sightings, in one transaction.
	Sight(ctx context.Context, host int, since time.Time, judge func(known []model.Sighting) []model.Sighting) ([]model.Sighting, error)
}

// Ask asks the node at a host's address which database it serves; nil if that is
// not known.
type Ask func(ctx context.Context, host int) (*model.Identity, error)

// Origins is the sync node's Gate.
type Origins struct {
	store Sightings
	ask   Ask
	now   func() time.Time
	log   zerolog.Logger
}

// NewOrigins makes Origins.
func NewOrigins(store Sightings, ask Ask, now func() time.Time, log zerolog.Logger) *Origins {
	return &Origins{store: store, ask: ask, now: now, log: log}
}

const (
	// fresh is how old the time of a sighting may get before it is written again.
	fresh = time.Minute
	// askPatience bounds how long a delivery waits until its host was asked.
	askPatience = 3 * time.Second
)

// Admit implements Gate, by the rule of Judge. A start that was never heard may be
// a copy's, so the node at the host's address is asked first. If it does not
// answer, the start counts as that of the host until it does. Errors:
// model.ErrTwin, model.ErrUnavailable.
func (o *Origins) Admit(ctx context.Context, came model.Identity) (twin string, _ error) {
	now := o.now()
	known, err := o.store.Sightings(ctx, came.Host, now.Add(-absence))
	how := Called
	if err == nil && find(known, came) < 0 {
		how, err = o.look(ctx, came)
	}
	if err != nil {
		return "", err
	}
	known, err = o.hear(ctx, came, how)
	switch {
	case err != nil:
		return "", err
	case standing(known, came) == model.Refused:
		return "", fmt.Errorf("%w: %s", model.ErrTwin, describe(known, now))
	}
	return twinOf(known, now), nil
}

// look asks whether a start that was never heard answers at its host's address.
func (o *Origins) look(ctx context.Context, came model.Identity) (Evidence, error) {
	asking, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	serves, err := o.ask(asking, came.Host)
	switch {
	case err != nil:
		o.log.Info().Err(err).Int("node", came.Host).Msg("a new start of a host's database counts as a restart, as the host can't be asked")
		return Called, nil
	case serves == nil || serves.Host != came.Host:
		return Called, nil
	case serves.Database == came.Database && serves.Start == came.Start:
		return Answered, nil
	}
	return Elsewhere, o.Confirm(ctx, *serves)
}

// Confirm notes which database the node at a host's address serves: this one is
// the host's. Error: model.ErrUnavailable.
func (o *Origins) Confirm(ctx context.Context, serves model.Identity) error {
	_, err := o.hear(ctx, serves, Answered)
	return err
}

// hear notes that a database was heard, and returns what is known then.
func (o *Origins) hear(ctx context.Context, came model.Identity, how Evidence) ([]model.Sighting, error) {
	now := o.now()
	known, err := o.store.Sightings(ctx, came.Host, now.Add(-absence))
	if err != nil {
		return nil, err
	}
	if at := find(known, came); at < 0 || now.Sub(known[at].Last) >= fresh || standing(Judge(known, came, how, now), came) != known[at].Standing {
		after, err := o.store.Sight(ctx, came.Host, now.Add(-absence), func(known []model.Sighting) []model.Sighting { return Judge(known, came, how, now) })
		if err != nil {
			return nil, err
		}
		o.tell(known, after)
		known = after
	}
	return known, nil
}

// tell logs what has changed.
func (o *Origins) tell(before, after []model.Sighting) {
	for _, s := range after {
		was := standing(before, s.Identity)
		if s.Standing == was || s.Standing == model.Replaced || s.Standing == model.Current && len(before) == 0 {
			continue
		}
		level := zerolog.WarnLevel
		if s.Standing == model.Refused {
			level = zerolog.ErrorLevel
		}
		o.log.WithLevel(level).Int("node", s.Host).Stringer("database", s.Database).Int64("starts", s.Starts).
			Str("standing", string(s.Standing)).Msg("another database says that it is this host's")
	}
}

// Twin describes the other databases that are heard although they are not the
// host's; "" if there is none. Error: model.ErrUnavailable.
func (o *Origins) Twin(ctx context.Context, host int) (string, error) {
	now := o.now()
	known, err := o.store.Sightings(ctx, host, now.Add(-absence))
	return twinOf(known, now), err
}

func twinOf(known []model.Sighting, now time.Time) string {
	if !slices.ContainsFunc(known, func(s model.Sighting) bool { return IsTwin(s, now) }) {
		return ""
	}
	return describe(known, now)
}

// describe tells a person which databases say that they are the host's.
func describe(known []model.Sighting, now time.Time) string {
	text := ""
	for _, s := range known {
		switch {
		case s.Standing == model.Current:
			text = fmt.Sprintf("database %.8s, start %d, is known as that of host %d%s", s.Database, s.Starts, s.Host, text)
		case IsTwin(s, now):
			text += fmt.Sprintf("; database %.8s, start %d, says so too, last at %s", s.Database, s.Starts, s.Last.UTC().Format(time.TimeOnly+" MST"))
		}
	}
	return text + "; stop the one that is a copy, or give it its own AURA_HOST_ID"
}

// find is the index of a start of a database, -1 if it was never heard.
func find(known []model.Sighting, of model.Identity) int {
	return slices.IndexFunc(known, func(s model.Sighting) bool { return s.Database == of.Database && s.Start == of.Start })
}

// standing is "" if the start was never heard.
func standing(known []model.Sighting, of model.Identity) model.Standing {
	if at := find(known, of); at >= 0 {
		return known[at].Standing
	}
	return ""
}
