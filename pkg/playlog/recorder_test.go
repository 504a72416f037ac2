package playlog

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"github.com/rs/zerolog"
)

// fakeStore answers with its functions; a function that is not set must not be
// called.
type fakeStore struct {
	StoreEntryFunc func(model.Entry) error
	EntriesFunc    func(model.EntryQuery) ([]model.Entry, error)
	EntryWithFunc  func(model.Fingerprint) (model.Entry, error)
	CorrectFunc    func(id int64, build func(model.Entry, []model.Correction) (model.Correction, error)) (model.Correction, error)
	LogMissedFunc  func(model.Entry, model.Correction) (int64, model.Correction, error)
	AbsorbFunc     func(records []model.Record, synced bool) ([]model.Absorbed, error)
	purges         model.Purges
}

func (f *fakeStore) PurgeOf(_ context.Context, source int, at time.Time) (*model.Purge, error) {
	return f.purges.Covering(source, at), nil
}

func (f *fakeStore) Absorb(_ context.Context, records []model.Record, synced bool) ([]model.Absorbed, error) {
	return f.AbsorbFunc(records, synced)
}

func (f *fakeStore) StoreEntry(_ context.Context, e model.Entry) error { return f.StoreEntryFunc(e) }

func (f *fakeStore) Entries(_ context.Context, q model.EntryQuery) ([]model.Entry, error) {
	return f.EntriesFunc(q)
}

func (f *fakeStore) EntryWith(_ context.Context, id model.Fingerprint) (model.Entry, error) {
	return f.EntryWithFunc(id)
}

// holding is a store's EntryWith if these entries are stored.
func holding(stored ...model.Entry) func(model.Fingerprint) (model.Entry, error) {
	return func(id model.Fingerprint) (model.Entry, error) {
		for _, e := range stored {
			if e.Fingerprint() == id {
				return e, nil
			}
		}
		return model.Entry{}, model.ErrNotFound
	}
}

func (f *fakeStore) Correct(_ context.Context, id int64, build func(model.Entry, []model.Correction) (model.Correction, error)) (model.Correction, error) {
	return f.CorrectFunc(id, build)
}

func (f *fakeStore) LogMissed(_ context.Context, e model.Entry, c model.Correction) (int64, model.Correction, error) {
	return f.LogMissedFunc(e, c)
}

var now = time.Date(2026, 10, 25, 3, 0, 0, 123456789, time.UTC)

// start makes a recorder; changes counts the calls of changed.
func start(store Store, log *bytes.Buffer) (r *Recorder, changes *int) {
	changes = new(int)
	return New(store, zerolog.New(log), func() time.Time { return now }, func() { *changes++ }), changes
}

func play() model.Entry {
	return model.Entry{LogSource: 1, TrackStart: now, Artist: "The Placeholders", Title: "Fade", Duration: 215 * time.Second}
}

func wrongFields(t *testing.T, err error) string {
	t.Helper()
	invalid, ok := errors.AsType[*model.InvalidError](err)
	if !ok {
		t.Fatalf("error is %v, want an *model.InvalidError", err)
	}
	var names []string
	for _, f := range invalid.Fields {
		names = append(names, f.Field)
	}
	return strings.Join(names, " ")
}

// takerFunc is a Taker.
type takerFunc func(p Play) (model.Taken, error)

func (f takerFunc) Take(_ context.Context, p *Play) (model.Taken, error) { return f(*p) }

// TestRecorder_Take: an entry that is only kept changes no answer yet.
func TestRecorder_Take(t *testing.T) {
	t.Parallel()
	for taken, want := range map[model.Taken]int{model.TakenStored: 1, model.TakenKept: 0} {
		r, changes := start(&fakeStore{}, &bytes.Buffer{})
		r.taker = takerFunc(func(p Play) (model.Taken, error) {
			if p.Entry.Title != play().Title {
				t.Errorf("took %+v", p)
			}
			return taken, nil
		})
		if err := r.Record(t.Context(), Play{Entry: play()}); err != nil || *changes != want {
			t.Errorf("%d: %v, told of %d changes, want %d", taken, err, *changes, want)
		}
	}
}

func TestRecorder_Record(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		var got []model.Entry
		var log bytes.Buffer
		r, changes := start(&fakeStore{StoreEntryFunc: func(e model.Entry) error { got = append(got, e); return nil }}, &log)
		if err := r.Record(t.Context(), Play{Entry: play()}); err != nil {
			t.Fatal(err)
		}
		want := play()
		want.Normalize()
		if len(got) != 1 || got[0] != want {
			t.Errorf("stored %+v, want %+v", got, want)
		}
		if *changes != 1 {
			t.Errorf("changed was called %d times, want 1", *changes)
		}
		if log.Len() != 0 {
			t.Errorf("logged %s", &log)
		}
	})

	t.Run("Cut", func(t *testing.T) {
		t.Parallel()
		var got model.Entry
		var log bytes.Buffer
		r, _ := start(&fakeStore{StoreEntryFunc: func(e model.Entry) error { got = e; return nil }}, &log)
		e := play()
		e.Title = strings.Repeat("é", 300)
		e.ShowName = strings.Repeat("🎵", 257)
		if err := r.Record(t.Context(), Play{Entry: e}); err != nil {
			t.Fatal(err)
		}
		if got.Title != strings.Repeat("é", 256) || got.ShowName != strings.Repeat("🎵", 256) {
			t.Error("the texts were not cut to 256 characters")
		}
		if !strings.Contains(log.String(), `"warn"`) || !strings.Contains(log.String(), `["track_title","show_name"]`) {
			t.Errorf("log is %s, want a warning that names the fields", &log)
		}
	})

	t.Run("ErrInvalid", func(t *testing.T) {
		t.Parallel()
		r, changes := start(&fakeStore{}, &bytes.Buffer{})
		err := r.Record(t.Context(), Play{Entry: model.Entry{Duration: -time.Second}})
		if got := wrongFields(t, err); got != "track_start track_duration log_source" {
			t.Errorf("names %q", got)
		}
		if *changes != 0 {
			t.Error("told of a change that did not happen")
		}
	})

	t.Run("ErrUnavailable", func(t *testing.T) {
		t.Parallel()
		r, changes := start(&fakeStore{StoreEntryFunc: func(model.Entry) error { return model.ErrUnavailable }}, &bytes.Buffer{})
		if err := r.Record(t.Context(), Play{Entry: play()}); !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("error is %v", err)
		}
		if *changes != 0 {
			t.Error("told of a change that did not happen")
		}
	})
}

func TestRecorder_Record_RepeatedHour(t *testing.T) {
	t.Parallel()
	preferred := play()
	preferred.Normalize()
	twin := preferred
	twin.TrackStart = preferred.TrackStart.Add(-time.Hour)
	for name, c := range map[string]struct {
		stored []model.Entry
		want   model.Entry
	}{
		"Neither":   {nil, preferred},
		"Preferred": {[]model.Entry{preferred}, preferred},
		"Other":     {[]model.Entry{twin}, twin},
		"Both":      {[]model.Entry{preferred, twin}, preferred},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got model.Entry
			r, _ := start(&fakeStore{
				StoreEntryFunc: func(e model.Entry) error { got = e; return nil },
				EntryWithFunc:  holding(c.stored...),
			}, &bytes.Buffer{})
			if err := r.Record(t.Context(), Play{Entry: play(), Other: twin.TrackStart.Add(time.Nanosecond)}); err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("stored at %v, want %v", got.TrackStart, c.want.TrackStart)
			}
		})
	}

	t.Run("ErrUnavailable", func(t *testing.T) {
		t.Parallel()
		calls := 0
		r, _ := start(&fakeStore{EntryWithFunc: func(model.Fingerprint) (model.Entry, error) {
			if calls++; calls == 2 {
				return model.Entry{}, model.ErrUnavailable
			}
			return model.Entry{}, model.ErrNotFound
		}}, &bytes.Buffer{})
		if err := r.Record(t.Context(), Play{Entry: play(), Other: twin.TrackStart}); !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("error is %v: stored without knowing whether it is a repetition", err)
		}
	})
}
