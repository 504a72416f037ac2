package journal

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/trackservice"
)

// log is what the database has; fails is why it can't be read.
type log struct {
	entries []model.Entry // by start
	fails   func(ctx context.Context) error
}

func (l *log) find(ctx context.Context, wanted func(e model.Entry) bool, last bool) (found model.Entry, err error) {
	if l.fails != nil {
		return found, l.fails(ctx)
	}
	err = model.ErrNotFound
	for _, e := range l.entries {
		if wanted(e) && (last || err != nil) {
			found, err = e, nil
		}
	}
	return found, err
}

func (l *log) LatestEntry(ctx context.Context, at time.Time) (model.Entry, error) {
	return l.find(ctx, func(e model.Entry) bool { return !e.TrackStart.After(at) }, true)
}

func (l *log) LatestAndNext(ctx context.Context, at time.Time) (latest, next *model.Entry, err error) {
	if latest, err = model.Found(l.LatestEntry(ctx, at)); err == nil {
		next, err = model.Found(l.find(ctx, func(e model.Entry) bool { return e.TrackStart.After(at) }, false))
	}
	return latest, next, err
}

// TestShown: the track service sees what is stored and what is kept, by their
// starts, and does not wait for a database that hangs.
func TestShown(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 27, 18, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }
	entry := func(minute int, title string) model.Entry {
		return model.Entry{LogSource: 1, TrackStart: at(minute), Title: title}
	}
	unavailable := func(context.Context) error { return model.ErrUnavailable }
	hanging := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, c := range map[string]struct {
		stored, kept []model.Entry
		fails        func(ctx context.Context) error
		knew         bool // the log was read before it failed
		latest, next string
		err          error
	}{
		"nothing kept":           {stored: []model.Entry{entry(1, "a"), entry(9, "z")}, latest: "a", next: "z"},
		"nothing at all":         {},
		"nothing kept, and away": {stored: []model.Entry{entry(1, "a")}, fails: unavailable, knew: true, err: model.ErrUnavailable},
		"kept is newer":          {stored: []model.Entry{entry(1, "a")}, kept: []model.Entry{entry(2, "b")}, latest: "b"},
		"kept is older":          {stored: []model.Entry{entry(3, "a")}, kept: []model.Entry{entry(2, "b")}, latest: "a"},
		"kept is next":           {stored: []model.Entry{entry(1, "a"), entry(9, "z")}, kept: []model.Entry{entry(8, "y")}, latest: "a", next: "y"},
		"kept comes after next":  {stored: []model.Entry{entry(1, "a"), entry(8, "y")}, kept: []model.Entry{entry(9, "z")}, latest: "a", next: "y"},
		"away":                   {stored: []model.Entry{entry(1, "a")}, kept: []model.Entry{entry(2, "b"), entry(8, "y")}, fails: unavailable, knew: true, latest: "b", next: "y"},
		"away, kept is older":    {stored: []model.Entry{entry(3, "a")}, kept: []model.Entry{entry(2, "b")}, fails: unavailable, knew: true, latest: "a"},
		"away from the start":    {kept: []model.Entry{entry(2, "b")}, fails: unavailable, latest: "b"},
		"hanging":                {stored: []model.Entry{entry(1, "a")}, kept: []model.Entry{entry(2, "b")}, fails: hanging, knew: true, latest: "b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stored := &log{entries: c.stored}
				s := open(&disk{}, &base{fails: away})
				shown := NewShown(stored, s.Journal)
				if c.knew {
					if _, err := shown.LatestEntry(t.Context(), at(5)); err != nil {
						t.Fatal(err)
					}
				}
				stored.fails = c.fails
				for _, e := range c.kept {
					if _, err := s.Take(t.Context(), &playlog.Play{Entry: e}); err != nil {
						t.Fatal(err)
					}
				}
				asked := time.Now()
				alone, err := model.Found(shown.LatestEntry(t.Context(), at(5)))
				if !errors.Is(err, c.err) || titleOf(alone) != c.latest {
					t.Errorf("latest alone is %+v, %v", alone, err)
				}
				latest, next, err := shown.LatestAndNext(t.Context(), at(5))
				if !errors.Is(err, c.err) || titleOf(latest) != c.latest || titleOf(next) != c.next {
					t.Errorf("latest is %+v, next %+v, %v; want %q, %q, %v", latest, next, err, c.latest, c.next, c.err)
				}
				if took := time.Since(asked); took > 2*tryFor {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// titleOf is the title of an entry, "" if there is none.
func titleOf(e *model.Entry) string {
	if e == nil {
		return ""
	}
	return e.Title
}

// TestShown_past: what was asked of the past does not replace what the log told of
// the present. If the clock was set back by more than a listener is late, it does.
func TestShown_past(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 18, 0, 0, 0, time.UTC)
	before := func(ago time.Duration, title string) model.Entry {
		return model.Entry{LogSource: 1, TrackStart: now.Add(-ago), Title: title}
	}
	for ago, want := range map[time.Duration]string{
		time.Duration(trackservice.MaxDelay): "present", time.Hour: "kept",
	} {
		synctest.Test(t, func(t *testing.T) {
			stored := &log{entries: []model.Entry{before(2*time.Hour, "past"), before(time.Second, "present")}}
			s := open(&disk{}, &base{fails: away})
			shown := NewShown(stored, s.Journal)
			for _, asked := range []time.Duration{0, ago} {
				if _, err := shown.LatestEntry(t.Context(), now.Add(-asked)); err != nil {
					t.Fatal(err)
				}
			}
			stored.fails = func(context.Context) error { return model.ErrUnavailable }
			if _, err := s.Take(t.Context(), &playlog.Play{Entry: before(time.Minute, "kept")}); err != nil {
				t.Fatal(err)
			}
			if e, err := shown.LatestEntry(t.Context(), now); err != nil || e.Title != want {
				t.Errorf("after a question %v back, %q plays (%v), want %q", ago, e.Title, err, want)
			}
		})
	}
}
