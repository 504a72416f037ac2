package status

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

var noon = time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)

func TestAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ arrived, last, want time.Time }{
		"First":   {noon, time.Time{}, noon},
		"Later":   {noon, noon.Add(-time.Microsecond), noon},
		"AtOnce":  {noon, noon, noon.Add(time.Microsecond)},
		"SetBack": {noon, noon.Add(time.Hour), noon.Add(time.Hour + time.Microsecond)},
	} {
		if got := After(c.arrived, c.last); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func clock(at time.Duration, body string) model.Clock {
	return model.Clock{Source: 1, SentAt: noon.Add(at), Body: json.RawMessage(body)}
}

func same(a, b model.Clock) bool { return a.SentAt.Equal(b.SentAt) && bytes.Equal(a.Body, b.Body) }

func TestLater(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ less, greater model.Clock }{
		"Time":    {clock(0, "b"), clock(time.Second, "a")},
		"Content": {clock(0, "a"), clock(0, "b")},
		"Bytes":   {clock(0, "B"), clock(0, "a")},
		"Longer":  {clock(0, "a"), clock(0, "a ")},
	} {
		for _, got := range []model.Clock{Later(c.less, c.greater), Later(c.greater, c.less)} {
			if !same(got, c.greater) {
				t.Errorf("%s: %s of %s", name, got.Body, got.SentAt)
			}
		}
	}
}

// anyClock is one of few, so that they meet.
func anyClock(t *rapid.T) model.Clock {
	body := rapid.SampledFrom([]string{"", "a", "A", "a ", "ä", "z"}).Draw(t, "body")
	return clock(time.Duration(rapid.IntRange(0, 2).Draw(t, "at"))*time.Microsecond, body)
}

// TestLater_order: of many the same one counts, in whatever order and however
// often they come.
func TestLater_order(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyClock(t), anyClock(t), anyClock(t)
		if !same(Later(a, b), Later(b, a)) {
			t.Fatal("depends on the order")
		}
		if !same(Later(Later(a, b), c), Later(a, Later(b, c))) {
			t.Fatal("depends on which two come first")
		}
		if !same(Later(a, a), a) || !same(Later(Later(a, b), b), Later(a, b)) {
			t.Fatal("a repetition changes it")
		}
	})
}

// TestRules: what arrives last counts, with its content and after all others,
// whatever the clocks say of those who tell.
func TestRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var (
			kept  model.Clock
			works model.Maintenance
			well  model.Health
		)
		for range rapid.IntRange(1, 30).Draw(t, "statements") {
			said := anyClock(t)
			before := kept
			if kept = LastClock(said, before); !kept.SentAt.After(before.SentAt) || !bytes.Equal(kept.Body, said.Body) {
				t.Fatalf("%s of %s replaces that of %s", kept.Body, kept.SentAt, before.SentAt)
			}
			was := works
			works = LastMaintenance(model.Maintenance{Source: 1, Reason: string(said.Body), ChangedAt: said.SentAt}, was)
			if !works.ChangedAt.After(was.ChangedAt) || works.Reason != string(said.Body) {
				t.Fatalf("%+v replaces %+v", works, was)
			}
			ahead := said.SentAt
			latest := well
			well = HealthRule(ahead.Add(-stationtime.MaxAhead))(model.Health{Source: 1, Details: string(said.Body), LogTime: said.SentAt}, latest)
			prior, next := latest.Said(), well.Said()
			if prior.LogTime.After(ahead) && !next.LogTime.After(prior.LogTime) || next.LogTime.Before(said.SentAt) || next.Details != string(said.Body) {
				t.Fatalf("%+v comes after %+v", well, latest)
			}
		}
	})
}
