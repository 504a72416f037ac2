package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/model"
)

// sightings keeps sightings in memory, and counts the writes.
type sightings struct {
	known  []model.Sighting
	writes int
}

func (s *sightings) Sightings(context.Context, int, time.Time) ([]model.Sighting, error) {
	return slices.Clone(s.known), nil
}

func (s *sightings) Sight(_ context.Context, _ int, _ time.Time, judge func([]model.Sighting) []model.Sighting) ([]model.Sighting, error) {
	s.writes++
	s.known = judge(slices.Clone(s.known))
	return s.known, nil
}

// TestOrigins: a twin is refused, both are described and logged once, and what is
// known already is not written again with every batch.
func TestOrigins(t *testing.T) {
	t.Parallel()
	now, store, log := noon, &sightings{}, &bytes.Buffer{}
	o := exchange.NewOrigins(store, func() time.Time { return now }, zerolog.New(log))
	admit := func(name string, want error) {
		t.Helper()
		now = now.Add(time.Second)
		if err := o.Admit(t.Context(), from(name)); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", name, err, want)
		}
	}
	twin := func() string {
		t.Helper()
		text, err := o.Twin(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for range 5 {
		admit("a1", nil)
	}
	if twin() != "" || log.Len() > 0 || store.writes != 1 {
		t.Errorf("%q, %d writes, log: %s", twin(), store.writes, log)
	}
	for range 5 {
		admit("b1", model.ErrTwin)
		admit("a1", nil)
	}
	if text := twin(); !strings.HasPrefix(text, "database 61000000, start 0, is known as that of host 2; database 62000000, start 0, says so too, last at 12:00:06 UTC") {
		t.Error(text)
	}
	if store.writes != 2 || strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), `"standing":"refused"`) {
		t.Errorf("%d writes, log: %s", store.writes, log)
	}
	now = now.Add(9 * time.Minute)
	admit("a1", nil)
	now = now.Add(9 * time.Minute)
	if text := twin(); text != "" {
		t.Errorf("the other one is silent: %s", text)
	}
	// The disk of the host was lost: its node has a new database.
	admit("c1", model.ErrTwin)
	if err := o.Confirm(t.Context(), from("c1")); err != nil {
		t.Fatal(err)
	}
	admit("c1", nil)
}
