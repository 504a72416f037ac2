package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
)

// start makes a Service over m that counts the changes of which it tells.
func start(m *memory, log *bytes.Buffer) (s *Service, changes *int) {
	changes = new(int)
	return New(m, 9, func() { *changes++ }, zerolog.New(log)), changes
}

func TestService_Activate(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		m, log := &memory{}, &bytes.Buffer{}
		s, changes := start(m, log)
		late := Request{Source: 2, Arrived: noon, At: told(noon.Add(-time.Hour))}
		for i, want := range []int{1, 1} { // its answer was lost
			if err := s.Activate(t.Context(), late); err != nil || len(m.accepted) != want || *changes != i+1 {
				t.Errorf("%v, %d stored, %d changes told", err, len(m.accepted), *changes)
			}
		}
		if log.Len() > 0 {
			t.Errorf("logs %s", log)
		}
	})

	t.Run("Refused", func(t *testing.T) {
		t.Parallel()
		for _, want := range []error{model.ErrPinned, model.ErrUnavailable} {
			m := &memory{}
			if errors.Is(want, model.ErrUnavailable) {
				m.err = want
			}
			m.accepted = []model.Activation{{Epoch: 1, Source: 1, From: noon, Pinned: true}}
			s, changes := start(m, &bytes.Buffer{})
			if err := s.Activate(t.Context(), Request{Source: 2, Arrived: noon}); !errors.Is(err, want) || *changes != 0 {
				t.Errorf("%v, %d changes told, want %v", err, *changes, want)
			}
		}
	})

	t.Run("Skewed", func(t *testing.T) {
		t.Parallel()
		m, log := &memory{accepted: []model.Activation{ago(1, 1, time.Minute)}}, &bytes.Buffer{}
		s, _ := start(m, log)
		r := Request{Source: 2, Arrived: noon, At: told(noon.Add(-time.Hour)), Sent: noon.Add(-time.Hour), By: "monitor", Mandate: &Mandate{Upon: 1}}
		if err := s.Activate(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		want := `{"level":"warn","by":"monitor","source":2,"at":"2020-06-27T11:00:00Z","counts_as":"2020-06-27T12:00:00Z","behind_ms":3600000,` +
			`"message":"the clock of who tells a switch is wrong: its time is shifted; check the clock"}`
		if got := strings.TrimSpace(log.String()); got != want {
			t.Errorf("logs %s, want %s", got, want)
		}
	})

	t.Run("Unknown", func(t *testing.T) {
		t.Parallel()
		m := &memory{}
		s, changes := start(m, &bytes.Buffer{})
		var away error
		s.Knowing(func(_ context.Context, source int) (bool, error) { return source == 1, away })
		invalid := new(model.InvalidError)
		if err := s.Activate(t.Context(), Request{Source: 22, Arrived: noon, MustBeKnown: true}); !errors.As(err, &invalid) || invalid.Fields[0].Field != "number" || *changes != 0 {
			t.Errorf("%v, %d changes told", err, *changes)
		}
		for _, r := range []Request{{Source: 1, Arrived: noon, MustBeKnown: true}, {Source: 22, Arrived: noon}} {
			if err := s.Activate(t.Context(), r); err != nil {
				t.Errorf("%+v: %v", r, err)
			}
			if active, err := s.Active(t.Context(), noon); err != nil || active.Source != r.Source || active.Unknown != (r.Source == 22) {
				t.Errorf("active is %+v, %v", active, err)
			}
		}
		away = model.ErrUnavailable
		if err := s.Activate(t.Context(), Request{Source: 1, Arrived: noon, MustBeKnown: true}); !errors.Is(err, away) {
			t.Errorf("while nothing can be looked up: %v", err)
		}
	})

	t.Run("ClockBehind", func(t *testing.T) {
		t.Parallel()
		m, log := &memory{accepted: []model.Activation{ago(1, 1, time.Minute)}}, &bytes.Buffer{}
		s, _ := start(m, log)
		r := Request{Source: 2, Arrived: noon, At: told(noon.Add(-time.Hour)), By: "monitor", Mandate: &Mandate{Upon: 1}}
		for range 2 {
			log.Reset()
			if err := s.Activate(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			want := `{"level":"warn","by":"monitor","source":2,"at":"2020-06-27T11:00:00Z","counts_as":"2020-06-27T11:59:00Z",` +
				`"message":"a monitor's clock is behind: its decision has an earlier time than an activation that the monitor knew"}`
			if got := strings.TrimSpace(log.String()); got != want {
				t.Errorf("logs %s, want %s", got, want)
			}
		}
	})
}

func TestService_Active(t *testing.T) {
	t.Parallel()
	m := &memory{}
	s, _ := start(m, &bytes.Buffer{})
	if got, err := s.Active(t.Context(), noon); err != nil || got != (model.ActiveSource{Source: 9}) {
		t.Errorf("before the first activation %+v, %v", got, err)
	}
	m.accepted = []model.Activation{ago(1, 2, time.Hour)}
	if got, err := s.Active(t.Context(), noon); err != nil || got.Source != 2 || got.Epoch != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	m.err = model.ErrUnavailable
	if _, err := s.Active(t.Context(), noon); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("%v, want %v", err, model.ErrUnavailable)
	}
}

func TestService_History(t *testing.T) {
	t.Parallel()
	m := &memory{accepted: []model.Activation{ago(1, 1, time.Hour), ago(2, 2, 0), ago(3, 3, time.Minute)}}
	s, _ := start(m, &bytes.Buffer{})
	show := func(offset, limit int) string {
		t.Helper()
		reigns, err := s.History(t.Context(), offset, limit)
		if err != nil {
			t.Fatal(err)
		}
		var text []string
		for _, r := range reigns {
			to := "now"
			if r.Until != nil {
				to = r.Until.Format("15:04")
			}
			text = append(text, fmt.Sprintf("%d after %d from %s to %s", r.Source, r.Previous, r.From.Format("15:04"), to))
		}
		return strings.Join(text, ", ")
	}
	all := []string{"2 after 3 from 12:00 to now", "3 after 1 from 11:59 to 12:00", "1 after 9 from 11:00 to 11:59"}
	for _, c := range []struct {
		offset, limit int
		want          []string
	}{
		{0, 5, all}, {0, 1, all[:1]}, {1, 1, all[1:2]}, {2, 1, all[2:]}, {2, 2, all[2:]}, {3, 1, nil}, {9, 1, nil},
	} {
		if got := show(c.offset, c.limit); got != strings.Join(c.want, ", ") {
			t.Errorf("%d from %d: %s, want %s", c.limit, c.offset, got, c.want)
		}
	}
	m.err = model.ErrUnavailable
	if _, err := s.History(t.Context(), 0, 1); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("%v, want %v", err, model.ErrUnavailable)
	}
}
