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

// Origins is the sync node's Gate.
type Origins struct {
	store Sightings
	now   func() time.Time
	log   zerolog.Logger
}

// NewOrigins makes Origins.
func NewOrigins(store Sightings, now func() time.Time, log zerolog.Logger) *Origins {
	return &Origins{store: store, now: now, log: log}
}

// fresh is how old the time of a sighting may get before it is written again.
const fresh = time.Minute

// Admit implements Gate, by the rule of Judge. Errors: model.ErrTwin,
// model.ErrUnavailable.
func (o *Origins) Admit(ctx context.Context, came model.Identity) error {
	return o.hear(ctx, came, false)
}

// Confirm notes which database the node at a host's address serves: this one is
// the host's. Error: model.ErrUnavailable.
func (o *Origins) Confirm(ctx context.Context, serves model.Identity) error {
	return o.hear(ctx, serves, true)
}

func (o *Origins) hear(ctx context.Context, came model.Identity, asked bool) error {
	now := o.now()
	known, err := o.store.Sightings(ctx, came.Host, now.Add(-absence))
	if err != nil {
		return err
	}
	if at := find(known, came); at < 0 || now.Sub(known[at].Last) >= fresh || standing(Judge(known, came, asked, now), came) != known[at].Standing {
		after, err := o.store.Sight(ctx, came.Host, now.Add(-absence), func(known []model.Sighting) []model.Sighting { return Judge(known, came, asked, now) })
		if err != nil {
			return err
		}
		o.tell(known, after)
		known = after
	}
	if standing(known, came) == model.Refused {
		return fmt.Errorf("%w: %s", model.ErrTwin, describe(known, now))
	}
	return nil
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
	if err != nil || !slices.ContainsFunc(known, func(s model.Sighting) bool { return IsTwin(s, now) }) {
		return "", err
	}
	return describe(known, now), nil
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
