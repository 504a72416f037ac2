package status

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// Warnings say what is wrong with what sources play, by their health, in words.
// Error: model.ErrUnavailable.
func (s *Healths) Warnings(ctx context.Context, now time.Time, sources ...int) (all []string, _ error) {
	for _, source := range sources {
		h, err := s.Latest(ctx, source)
		if errors.Is(err, model.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		since, err := s.NoPlaySince(ctx, h, now)
		if err != nil {
			return nil, err
		}
		all = append(all, warnings(h, since)...)
	}
	return all, nil
}

// warnings are those about one source, which has played nothing since then
// although it is healthy.
func warnings(h model.Health, noPlaySince time.Time) (all []string) {
	sign := h.Signs.Read()
	for _, w := range []struct {
		is   bool
		text string
	}{
		{!h.Healthy, "is not healthy"},
		{sign.Fallback != nil && *sign.Fallback, "plays fallback"},
		{sign.Silence != nil && *sign.Silence, "sends silence"},
		{sign.Frozen, "has a level that is the same to the last digit, as if its sound card was dead"},
		{!noPlaySince.IsZero(), "is healthy, but it has played nothing since " + stationtime.UTC(noPlaySince).String()},
	} {
		if w.is {
			all = append(all, fmt.Sprintf("source %d says that it %s (last said at %s)", h.Source, w.text, stationtime.UTC(h.Said().LogTime)))
		}
	}
	return all
}
