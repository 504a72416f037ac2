package status

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
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

func TestLater(t *testing.T) {
	t.Parallel()
	clock := func(second int, body string) model.Clock {
		return model.Clock{Source: 1, SentAt: noon.Add(time.Duration(second) * time.Second), Body: json.RawMessage(body)}
	}
	for name, c := range map[string]struct{ less, greater model.Clock }{
		"Time":    {clock(0, "b"), clock(1, "a")},
		"Content": {clock(0, "a"), clock(0, "b")},
		"Bytes":   {clock(0, "B"), clock(0, "a")},
		"Longer":  {clock(0, "a"), clock(0, "a ")},
	} {
		for _, got := range []model.Clock{Later(c.less, c.greater), Later(c.greater, c.less)} {
			if got.SentAt != c.greater.SentAt || string(got.Body) != string(c.greater.Body) {
				t.Errorf("%s: %s of %s", name, got.Body, got.SentAt)
			}
		}
	}
	said := func(on bool, by, reason string) model.Maintenance {
		return model.Maintenance{Source: 1, On: on, By: by, Reason: reason, ChangedAt: noon}
	}
	for name, c := range map[string]struct{ less, greater model.Maintenance }{
		"By":     {said(true, "a", "b"), said(false, "b", "a")},
		"Reason": {said(true, "a", "a"), said(false, "a", "b")},
		"On":     {said(false, "a", "a"), said(true, "a", "a")},
	} {
		for _, got := range []model.Maintenance{Later(c.less, c.greater), Later(c.greater, c.less)} {
			if got != c.greater {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}

// anyMaintenance is one of few, so that they meet.
func anyMaintenance(t *rapid.T) model.Maintenance {
	texts := rapid.SampledFrom([]string{"", "a", "A", "a ", "ä", "z"})
	return model.Maintenance{
		Source: 1, On: rapid.Bool().Draw(t, "on"), By: texts.Draw(t, "by"), Reason: texts.Draw(t, "reason"),
		ChangedAt: noon.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "at")) * time.Microsecond),
	}
}

// TestLater_order: of many the same one counts, in whatever order and however
// often they come.
func TestLater_order(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyMaintenance(t), anyMaintenance(t), anyMaintenance(t)
		if Later(a, b) != Later(b, a) {
			t.Fatal("depends on the order")
		}
		if Later(Later(a, b), c) != Later(a, Later(b, c)) {
			t.Fatal("depends on which two come first")
		}
		if Later(a, a) != a || Later(Later(a, b), b) != Later(a, b) {
			t.Fatal("a repetition changes it")
		}
	})
}

// TestAfter_concurrent: several processes, whose clocks differ, read what counts
// and then write. Whatever comes between both, no statement hides one that began
// after it was stored.
func TestAfter_concurrent(t *testing.T) {
	t.Parallel()
	type writer struct {
		statement model.Maintenance
		hasRead   bool
		stored    time.Time // what counted when the writer began
	}
	rapid.Check(t, func(t *rapid.T) {
		kept := model.Maintenance{Source: 1}
		writers := make([]writer, 3)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			w := &writers[rapid.IntRange(0, len(writers)-1).Draw(t, "writer")]
			if !w.hasRead {
				m := anyMaintenance(t)
				m.ChangedAt = After(m.ChangedAt, kept.ChangedAt)
				*w = writer{statement: m, hasRead: true, stored: kept.ChangedAt}
				continue
			}
			before := kept
			kept = Later(kept, w.statement)
			if kept.ChangedAt.Before(before.ChangedAt) {
				t.Fatalf("%+v replaces %+v", kept, before)
			}
			if !w.statement.ChangedAt.After(w.stored) {
				t.Fatalf("%+v is hidden by what was stored at %s when it began", w.statement, w.stored)
			}
			if kept != w.statement && !kept.ChangedAt.After(w.stored) {
				t.Fatalf("%+v is hidden by %+v, which was stored before it began", w.statement, kept)
			}
			w.hasRead = false
		}
	})
}
