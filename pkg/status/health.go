package status

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// HealthStore keeps what sources said about themselves.
type HealthStore interface {
	// StoreHealth stores the status as the rule says, given the source's latest
	// status, in one transaction.
	StoreHealth(ctx context.Context, h model.Health, rule Rule[model.Health]) error
	// LatestHealth is model.ErrNotFound if the source never said anything.
	LatestHealth(ctx context.Context, source int) (model.Health, error)
	// HealthHistory has the states that lasted or began since from, newest first.
	HealthHistory(ctx context.Context, source int, from time.Time, limit int) ([]model.Health, error)
	// LastPlay is the entry of the source that started last. Error:
	// model.ErrNotFound if there is none.
	LastPlay(ctx context.Context, source int) (model.Entry, error)
}

// Healths knows what sources said about themselves.
type Healths struct {
	store   HealthStore
	cfg     Config
	log     zerolog.Logger
	doubted doubted
}

// NewHealths makes Healths.
func NewHealths(store HealthStore, cfg Config, log zerolog.Logger) *Healths {
	return &Healths{store: store, cfg: cfg, log: log, doubted: newDoubted("health", "source", "log_time", "is_healthy", "details")}
}

var (
	earliest = time.Unix(0, 0)
	// errEarly is a rule: it is shown to the sender, together with the value.
	errEarly = errors.New("must be after 1970; check the engine's clock")
)

// CheckLogTime returns the rule that a told time breaks, if any.
func CheckLogTime(told time.Time) error {
	if told.Before(earliest) {
		return errEarly
	}
	return nil
}

// Record stores a report that arrived at that time; its LogTime is zero if none
// was told. It is a state of its own, or confirms the last one: see HealthRule. A time of the future is taken for now, with a warning in the log: it
// would hide every later status until that time comes. Details that are too long
// are cut, also with a warning. Errors: *model.InvalidError,
// model.ErrUnavailable.
func (s *Healths) Record(ctx context.Context, h model.Health, arrived time.Time) error {
	if err := model.ValidateSource("number", h.Source); err != nil {
		return err
	}
	arrived = arrived.UTC().Truncate(time.Microsecond)
	ahead := arrived.Add(stationtime.MaxAhead)
	switch {
	case h.LogTime.IsZero():
		h.LogTime = arrived
	case h.LogTime.After(ahead):
		s.log.Warn().Int("source", h.Source).Time("log_time", h.LogTime).Msg("a health status has a time in the future; it is stored with the current time")
		h.LogTime = arrived
	}
	if err := CheckLogTime(h.LogTime); err != nil {
		return model.Invalid("log_time", stationtime.UTC(h.LogTime).String(), err.Error())
	}
	var cut bool
	if h.Details, cut = clean(h.Details); cut {
		s.log.Warn().Int("source", h.Source).Int("limit", model.MaxDetails).Msg("the details of a health status are too long and were cut")
	}
	s.doubted.count(h.Doubts)
	said := readDetails(h.Details)
	h.Signs = said.sign(s.cfg.SilenceBelow).Text()
	return s.store.StoreHealth(ctx, h, HealthRule(arrived))
}

// clean brings details into the form in which they are stored, and reports whether
// it had to cut.
func clean(text string) (_ string, cut bool) {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), string(utf8.RuneError))
	if utf8.RuneCountInString(text) <= model.MaxDetails {
		return text, false
	}
	return string([]rune(text)[:model.MaxDetails]), true
}

// Latest is what a source said last. Errors: model.ErrNotFound,
// model.ErrUnavailable.
func (s *Healths) Latest(ctx context.Context, source int) (model.Health, error) {
	return s.store.LatestHealth(ctx, source)
}

// History is what a source said since from, the newest state first. Error:
// model.ErrUnavailable.
func (s *Healths) History(ctx context.Context, source int, from time.Time, limit int) ([]model.Health, error) {
	return s.store.HealthHistory(ctx, source, from, limit)
}

// NoPlaySince is since when a source plays nothing although it says that it is
// healthy. It is zero if that is not so, or not yet for long enough. Error:
// model.ErrUnavailable.
func (s *Healths) NoPlaySince(ctx context.Context, h model.Health, now time.Time) (time.Time, error) {
	if !h.Healthy {
		return time.Time{}, nil
	}
	played, err := s.store.LastPlay(ctx, h.Source)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return time.Time{}, err
	}
	since := h.LogTime
	if err == nil {
		since = played.PlayedAt().Add(played.Effective().Duration)
	}
	if now.Sub(since) < s.cfg.NoPlayAfter {
		return time.Time{}, nil
	}
	return since, nil
}
