package status

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// memory is each Store.
type memory struct {
	clocks       map[int]model.Clock
	healths      []model.Health
	maintenances []model.Maintenance
	played       time.Time
	err          error
}

func (m *memory) StoreClock(_ context.Context, c model.Clock, rule Rule[model.Clock]) error {
	if m.err == nil {
		m.clocks[c.Source] = rule(c, m.clocks[c.Source])
	}
	return m.err
}

func (m *memory) Clock(_ context.Context, source int) (model.Clock, error) {
	c, ok := m.clocks[source]
	if !ok && m.err == nil {
		return c, model.ErrNotFound
	}
	return c, m.err
}

func (m *memory) StoreHealth(ctx context.Context, h model.Health, rule Rule[model.Health]) error {
	last, err := m.LatestHealth(ctx, h.Source)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return err
	}
	kept := rule(h, last)
	for i := range m.healths {
		if m.healths[i].UID() == kept.UID() {
			m.healths[i] = MergeHealth(m.healths[i], kept)
			return nil
		}
	}
	m.healths = append(m.healths, kept)
	return nil
}

func (m *memory) LatestHealth(ctx context.Context, source int) (model.Health, error) {
	history, err := m.HealthHistory(ctx, source, time.Time{}, 1)
	if err == nil && len(history) == 0 {
		return model.Health{}, model.ErrNotFound
	}
	return append(history, model.Health{})[0], err
}

func (m *memory) HealthHistory(_ context.Context, source int, from time.Time, limit int) ([]model.Health, error) {
	history := slices.DeleteFunc(slices.Clone(m.healths), func(h model.Health) bool { return h.Source != source || h.LogTime.Before(from) })
	slices.SortStableFunc(history, func(a, b model.Health) int { return b.LogTime.Compare(a.LogTime) })
	return history[:min(limit, len(history))], m.err
}

func (m *memory) LastPlay(context.Context, int) (model.Entry, error) {
	if m.played.IsZero() && m.err == nil {
		return model.Entry{}, model.ErrNotFound
	}
	return model.Entry{TrackStart: m.played, Duration: time.Minute}, m.err
}

func (m *memory) StoreMaintenance(_ context.Context, s model.Maintenance, rule Rule[model.Maintenance]) error {
	if m.err != nil {
		return m.err
	}
	i := slices.IndexFunc(m.maintenances, func(last model.Maintenance) bool { return last.Source == s.Source })
	if i < 0 {
		m.maintenances = append(m.maintenances, rule(s, model.Maintenance{}))
		return nil
	}
	m.maintenances[i] = rule(s, m.maintenances[i])
	return nil
}

func (m *memory) Maintenances(context.Context) ([]model.Maintenance, error) {
	return m.maintenances, m.err
}

func TestClocks(t *testing.T) {
	t.Parallel()
	m := &memory{clocks: map[int]model.Clock{}}
	s := NewClocks(m, 2, 1)
	keep := func(source int, at time.Time, body string) {
		t.Helper()
		if err := s.Keep(t.Context(), model.Clock{Source: source, SentAt: at, Body: json.RawMessage(body)}); err != nil {
			t.Fatal(err)
		}
	}
	is := func(active, source int, at time.Time, body string) {
		t.Helper()
		got, err := s.Of(t.Context(), active)
		if err != nil || got.Source != source || !got.SentAt.Equal(at) || string(got.Body) != body {
			t.Errorf("while %d is active: %d, %s, %s, %v", active, got.Source, got.SentAt, got.Body, err)
		}
	}
	is(7, 7, time.Time{}, "")
	keep(1, noon, "default")
	is(7, 1, noon, "default")
	keep(0, noon.Add(1999), "host")
	is(7, 2, noon.Add(time.Microsecond), "host")
	keep(-1, noon, "clock set back")
	is(7, 2, noon.Add(2*time.Microsecond), "clock set back")
	keep(7, noon, "active")
	is(7, 7, noon, "active")
	if err := NewClocks(m, 0, 1).Keep(t.Context(), model.Clock{SentAt: noon}); !errors.As(err, new(*model.InvalidError)) {
		t.Errorf("of nobody: %v", err)
	}
	m.err = model.ErrUnavailable
	if err := s.Keep(t.Context(), model.Clock{Source: 1, SentAt: noon}); !errors.Is(err, m.err) {
		t.Errorf("%v, want %v", err, m.err)
	}
	if _, err := s.Of(t.Context(), 1); !errors.Is(err, m.err) {
		t.Errorf("%v, want %v", err, m.err)
	}
}

func TestHealths_Record(t *testing.T) {
	t.Parallel()
	const ahead = stationtime.MaxAhead
	long := strings.Repeat("é", model.MaxDetails)
	for name, c := range map[string]struct {
		told    time.Time // zero: not told
		details string
		last    time.Time // of what was said before; zero: nothing was
		want    model.Health
		logs    string
	}{
		"NoTime":        {want: model.Health{LogTime: noon}},
		"Earlier":       {told: noon.Add(-time.Hour), last: noon, want: model.Health{LogTime: noon.Add(-time.Hour)}},
		"LittleAhead":   {told: noon.Add(ahead), want: model.Health{LogTime: noon.Add(ahead)}},
		"Future":        {told: noon.Add(ahead + time.Microsecond), want: model.Health{LogTime: noon}, logs: "a health status has a time in the future; it is stored with the current time"},
		"LastAhead":     {last: noon.Add(ahead), want: model.Health{LogTime: noon}},
		"ClockSetBack":  {last: noon.Add(ahead + time.Microsecond), want: model.Health{LogTime: noon.Add(ahead + 2*time.Microsecond)}},
		"ToldAfterBack": {told: noon.Add(-1), last: noon.Add(time.Hour), want: model.Health{LogTime: noon.Add(time.Hour + time.Microsecond)}},
		"Earliest":      {told: earliest, want: model.Health{LogTime: earliest}},
		"Details":       {details: "a\x00\xffb", want: model.Health{LogTime: noon, Details: "a \uFFFDb"}},
		"Longest":       {details: long, want: model.Health{LogTime: noon, Details: long}},
		"TooLong":       {details: long + "é", want: model.Health{LogTime: noon, Details: long}, logs: "the details of a health status are too long and were cut"},
	} {
		m, log := &memory{}, &bytes.Buffer{}
		if !c.last.IsZero() {
			m.healths = []model.Health{{Source: 3, LogTime: c.last, Details: "before"}, {Source: 4, LogTime: noon.Add(24 * time.Hour)}}
		}
		s := NewHealths(m, Config{SilenceBelow: -60, NoPlayAfter: 30 * time.Minute}, zerolog.New(log))
		err := s.Record(t.Context(), model.Health{Source: 3, LogTime: c.told, Details: c.details}, noon.Add(999))
		c.want.Source = 3
		if got := append(m.healths, model.Health{}); err != nil || !slices.Contains(got, c.want) {
			t.Errorf("%s: %v, %.200v", name, err, got)
		}
		if got := log.String(); (c.logs == "") != (got == "") || !strings.Contains(got, c.logs) {
			t.Errorf("%s: logs %s, want %q", name, got, c.logs)
		}
	}

	m := &memory{}
	s := NewHealths(m, Config{SilenceBelow: -60, NoPlayAfter: 30 * time.Minute}, zerolog.Nop())
	for _, h := range []model.Health{{}, {Source: 1, LogTime: earliest.Add(-1)}} {
		if err := s.Record(t.Context(), h, noon); !errors.As(err, new(*model.InvalidError)) || len(m.healths) != 0 {
			t.Errorf("%+v: %v", h, err)
		}
	}
	m.err = model.ErrUnavailable
	if err := s.Record(t.Context(), model.Health{Source: 1}, noon); !errors.Is(err, m.err) || len(m.healths) != 0 {
		t.Errorf("%v, want %v", err, m.err)
	}
}

func TestMaintenances(t *testing.T) {
	t.Parallel()
	m := &memory{}
	s := NewMaintenances(m)
	for _, said := range []model.Maintenance{
		{Source: 2, On: true, ChangedAt: noon.Add(time.Hour)},
		{Source: 1, On: true, By: " M.\nTester", ChangedAt: noon.Add(1999).In(time.FixedZone("", 3600))},
		{Source: 1, By: "A. Tester", ChangedAt: noon.Add(-time.Hour)}, // the clock was set back
	} {
		if err := s.Set(t.Context(), said); err != nil {
			t.Fatal(err)
		}
	}
	want := []model.Maintenance{
		{Source: 2, On: true, ChangedAt: noon.Add(time.Hour)}, {Source: 1, By: "A. Tester", ChangedAt: noon.Add(2 * time.Microsecond)},
	}
	if got, err := s.All(t.Context()); err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if err := s.Set(t.Context(), model.Maintenance{ChangedAt: noon}); !errors.As(err, new(*model.InvalidError)) {
		t.Errorf("of no source: %v", err)
	}
	m.err = model.ErrUnavailable
	if err := s.Set(t.Context(), model.Maintenance{Source: 1, ChangedAt: noon}); !errors.Is(err, m.err) {
		t.Errorf("%v, want %v", err, m.err)
	}
}

// overtaken is a store in which, before each statement is stored, another process
// whose clock is ahead stores one on the same source.
type overtaken struct{ *memory }

// ahead is so much that health counts as told after the clock was set back.
const ahead = time.Hour

func (o overtaken) StoreClock(ctx context.Context, c model.Clock, rule Rule[model.Clock]) error {
	o.clocks[c.Source] = model.Clock{Source: c.Source, SentAt: c.SentAt.Add(ahead)}
	return o.memory.StoreClock(ctx, c, rule)
}

func (o overtaken) StoreHealth(ctx context.Context, h model.Health, rule Rule[model.Health]) error {
	o.healths = append(o.healths, model.Health{Source: h.Source, LogTime: h.LogTime.Add(ahead)})
	return o.memory.StoreHealth(ctx, h, rule)
}

func (o overtaken) StoreMaintenance(ctx context.Context, m model.Maintenance, rule Rule[model.Maintenance]) error {
	o.maintenances = append(o.maintenances, model.Maintenance{Source: m.Source, ChangedAt: m.ChangedAt.Add(ahead)})
	return o.memory.StoreMaintenance(ctx, m, rule)
}

// TestOvertaken: what is stored last counts, also if another process stored
// something after the call began.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	ctx, store := t.Context(), overtaken{&memory{clocks: map[int]model.Clock{}}}
	want := noon.Add(ahead + time.Microsecond)

	if err := NewClocks(store, 1, 1).Keep(ctx, model.Clock{SentAt: noon, Body: json.RawMessage("{}")}); err != nil {
		t.Fatal(err)
	}
	if c := store.clocks[1]; !c.SentAt.Equal(want) || string(c.Body) != "{}" {
		t.Errorf("the clock is %s of %s", c.Body, c.SentAt)
	}

	if err := NewHealths(store, Config{}, zerolog.Nop()).Record(ctx, model.Health{Source: 1, Details: "own"}, noon); err != nil {
		t.Fatal(err)
	}
	if h, err := store.LatestHealth(ctx, 1); err != nil || h != (model.Health{Source: 1, Details: "own", LogTime: want}) {
		t.Errorf("health is %+v, %v", h, err)
	}

	said := model.Maintenance{Source: 1, By: "own", ChangedAt: noon}
	if err := NewMaintenances(store).Set(ctx, said); err != nil {
		t.Fatal(err)
	}
	said.ChangedAt = want
	if !slices.Equal(store.maintenances, []model.Maintenance{said}) {
		t.Errorf("maintenance is %+v", store.maintenances)
	}
}
