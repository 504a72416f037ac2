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
	"pgregory.net/rapid"

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

// nobody answers at the hosts' addresses.
func nobody(context.Context, int) (*model.Identity, error) { return nil, nil }

// TestOrigins: a twin is refused, both are described and logged once, and what is
// known already is not written again with every batch.
func TestOrigins(t *testing.T) {
	t.Parallel()
	now, store, log := noon, &sightings{}, &bytes.Buffer{}
	o := exchange.NewOrigins(store, nobody, func() time.Time { return now }, zerolog.New(log))
	twin := func() string {
		t.Helper()
		text, err := o.Twin(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	admit := func(name string, want error) {
		t.Helper()
		now = now.Add(time.Second)
		said, err := o.Admit(t.Context(), from(name))
		if !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", name, err, want)
		}
		if err == nil && said != twin() {
			t.Errorf("%s is told %q, not %q", name, said, twin())
		}
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

// TestOrigins_ask: a start that was never heard is taken only if it answers at the
// host's address. If nobody answers there, it counts as a restart.
func TestOrigins_ask(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers string // "": the host can't be asked
		came    string
		want    error
	}{
		"Restart":  {answers: "a2", came: "a2"},
		"LostDisk": {answers: "b1", came: "b1"},
		"Copy":     {answers: "a1", came: "a2", want: model.ErrTwin},
		"Other":    {answers: "a1", came: "b1", want: model.ErrTwin},
		// Neither is the one that was known.
		"RestartAndCopy": {answers: "a2", came: "a3", want: model.ErrTwin},
		"Away":           {came: "a2"},
		"AwayAndOther":   {came: "b1", want: model.ErrTwin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, answers := 0, "a1"
			ask := func(context.Context, int) (*model.Identity, error) {
				asked++
				if answers == "" {
					return nil, errors.New("connection refused")
				}
				return new(from(answers)), nil
			}
			o := exchange.NewOrigins(&sightings{}, ask, func() time.Time { return noon }, zerolog.Nop())
			if _, err := o.Admit(t.Context(), from("a1")); err != nil {
				t.Fatal(err)
			}
			answers = c.answers
			for range 3 {
				if _, err := o.Admit(t.Context(), from(c.came)); !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			}
			if asked != 2 {
				t.Errorf("asked %d times for 2 starts", asked)
			}
		})
	}
}

// TestOrigins_property: while a host can be asked, and is heard at least every nine
// minutes, only what answers at its address is taken, whoever restarts, is copied or
// loses its disk. The host is told of each copy that was heard lately.
func TestOrigins_property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now, starts, databases := noon, byte('0'), byte('a')
		identity := func(database byte) string {
			starts++
			return string([]byte{database, starts})
		}
		host := identity(databases)
		var copies []string
		o := exchange.NewOrigins(&sightings{}, func(context.Context, int) (*model.Identity, error) { return new(from(host)), nil },
			func() time.Time { return now }, zerolog.Nop())
		admit := func(name string) string {
			now = now.Add(time.Second)
			twin, err := o.Admit(t.Context(), from(name))
			if taken := err == nil; taken != (name == host) {
				t.Fatalf("%s: %v, while %s answers", name, err, host)
			}
			return twin
		}
		admit(host)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			heard := false
			for range rapid.IntRange(0, 3).Draw(t, "copies") {
				switch what := rapid.SampledFrom([]string{"copy", "again", "other"}).Draw(t, "what"); {
				case what == "again" && len(copies) > 0:
					admit(rapid.SampledFrom(copies).Draw(t, "which"))
				case what == "other":
					databases++
					copies = append(copies, identity(databases))
					admit(copies[len(copies)-1])
				default:
					copies = append(copies, identity(host[0]))
					admit(copies[len(copies)-1])
				}
				heard = true
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 8).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 9).Draw(t, "host") {
			case 0:
				host = identity(host[0])
			case 1:
				databases++
				host = identity(databases)
			}
			if twin := admit(host); heard && twin == "" {
				t.Fatalf("%s is not told", host)
			}
		}
	})
}
