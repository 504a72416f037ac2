package playlog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// told is a play that an engine sends; arrived is how long after its start.
func told(arrived time.Duration, change func(*model.Entry)) model.Entry {
	start := now.Add(-time.Hour).Truncate(time.Second)
	e := model.Entry{LogSource: 1, TrackStart: start, ReceivedAt: start.Add(arrived)}
	change(&e)
	return e
}

// TestNewPlay: what was sent is remembered beside what is stored of it.
func TestNewPlay(t *testing.T) {
	t.Parallel()
	sent := told(0, func(e *model.Entry) { e.Artist, e.Title = "\ufeffMazzy  Star\x00", " Fade\u3000Into You " })
	p := NewPlay(sent)
	if p.Entry.Artist != "Mazzy Star" || p.Entry.Title != "Fade Into You" || p.AsSent == nil || *p.AsSent != sent {
		t.Errorf("%+v", p)
	}
	for name, c := range map[string]struct {
		change func(*model.Entry)
		forms  int
	}{
		"Tidy":      {func(e *model.Entry) { e.Title = "a" }, 1},
		"Untidy":    {func(e *model.Entry) { e.Title = "a " }, 2},
		"ShowName":  {func(e *model.Entry) { e.Title, e.ShowName = "a", "b " }, 1}, // no part of the identity
		"Untitled":  {func(e *model.Entry) { e.ShowID = 5 }, 2},
		"JustStart": {func(*model.Entry) {}, 1},
	} {
		p := NewPlay(told(0, c.change))
		p.Entry.Normalize()
		p.compare()
		if got := len(p.forms()); got != c.forms {
			t.Errorf("%s: %d forms, want %d", name, got, c.forms)
		}
	}
}

// TestRecorder_Record_asSent: a play that an earlier version stored as it was sent is
// that entry when it is told again: by an engine, or by a person who takes it for
// missed. What is told for the first time is stored tidy, and distinguished.
func TestRecorder_Record_asSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*model.Entry){
		"Blanks":      func(e *model.Entry) { e.Artist, e.Title = " Mazzy  Star", "Halah " },
		"NUL":         func(e *model.Entry) { e.Title = "Halah\x00" },
		"Decomposed":  func(e *model.Entry) { e.Artist, e.Title = "Bjo\u0308rk", "Jo\u0301ga" },
		"ZeroWidth":   func(e *model.Entry) { e.Title, e.Album = "\ufeffHalah\u200b", "\u202eShe Hangs Brightly" },
		"BlankTitle":  func(e *model.Entry) { e.Artist, e.Title, e.ShowID = " ", "\u200b", 4 },
		"Untitled":    func(e *model.Entry) { e.ShowID, e.ShowName, e.TimeslotID = 4, "Morning ", 12 },
		"ShowsByName": func(e *model.Entry) { e.ShowName = "Fallback\x00" },
	} {
		t.Run(name, func(t *testing.T) {
			repotest.Each(t, func(t *testing.T, open func(testing.TB) *repo.Node) {
				t.Parallel()
				db := open(t)
				r, _ := start(db, &bytes.Buffer{})
				entries := func() []model.Entry {
					found, err := db.Entries(t.Context(), model.EntryQuery{Oldest: true})
					if err != nil {
						t.Fatal(err)
					}
					return found
				}
				record := func(p Play) {
					t.Helper()
					if err := r.Record(t.Context(), p); err != nil {
						t.Fatal(err)
					}
				}
				record(Play{Entry: told(0, change)}) // as an earlier version does
				before := entries()
				longer := func(e *model.Entry) { change(e); e.Duration = time.Minute }
				record(NewPlay(told(time.Second, longer)))
				missed := told(0, change)
				missed.ReceivedAt = time.Time{}
				if _, _, err := r.LogMissed(t.Context(), NewPlay(missed), model.Correction{By: "M. Tester", Reason: "was missed"}); err != nil {
					t.Fatal(err)
				}
				after := entries()
				if len(after) != 1 || after[0].Fingerprint() != before[0].Fingerprint() || after[0].Duration != time.Minute || after[0].Manual {
					t.Fatalf("stored %+v, before %+v", after, before)
				}

				later := func(e *model.Entry) { change(e); e.TrackStart = e.TrackStart.Add(time.Minute) }
				record(NewPlay(told(0, later)))
				record(NewPlay(told(time.Minute, later)))
				all := entries()
				want := NewPlay(told(0, later)).Entry
				want.Normalize()
				if len(all) != 2 || all[1].Fingerprint() != want.Fingerprint() || len(all[1].Told.Again()) != 1 {
					t.Errorf("stored %+v, want %+v, told again", all, want)
				}
				if model.Line(all[1].Title) != all[1].Title || all[1].Fingerprint() == before[0].Fingerprint() {
					t.Errorf("is not stored tidy: %+v", all[1])
				}
			})
		})
	}
}

// TestRecorder_Record_untitled: untitled plays of one start are one entry for each
// show, timeslot and file, in any order and however often they are told; also if an
// earlier version stored one of them, or if one says nothing of its show.
func TestRecorder_Record_untitled(t *testing.T) {
	t.Parallel()
	shows := []func(*model.Entry){
		func(e *model.Entry) { e.ShowID, e.ShowName, e.TimeslotID = 4, "Morning", 12 },
		func(e *model.Entry) { e.ShowID, e.ShowName, e.TimeslotID = 5, "Noon", 13 },
		func(e *model.Entry) { e.ShowID, e.ShowName, e.TimeslotID, e.MediaID = 5, "Noon", 13, 501 },
		func(e *model.Entry) { e.ShowName = "Fallback" },
	}
	nothing := func(*model.Entry) {}
	for name, first := range map[string]*Play{
		"Nothing":    nil,
		"ByEarlier":  {Entry: told(0, shows[0])},
		"SaysNoShow": new(NewPlay(told(0, nothing))),
	} {
		t.Run(name, func(t *testing.T) {
			repotest.Each(t, func(t *testing.T, open func(testing.TB) *repo.Node) {
				t.Parallel()
				db := open(t)
				r, _ := start(db, &bytes.Buffer{})
				if first != nil {
					if err := r.Record(t.Context(), *first); err != nil {
						t.Fatal(err)
					}
				}
				for round := range 2 {
					for _, show := range shows {
						if err := r.Record(t.Context(), NewPlay(told(time.Duration(round)*time.Second, show))); err != nil {
							t.Fatal(err)
						}
					}
				}
				found, err := db.Entries(t.Context(), model.EntryQuery{})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, e := range found {
					got = append(got, fmt.Sprintf("%s %d %d %d %s", e.ShowName, e.ShowID, e.TimeslotID, e.MediaID, e.Effective().Album))
				}
				slices.Sort(got)
				if want := []string{"Fallback 0 0 0 ", "Morning 4 12 0 ", "Noon 5 13 0 ", "Noon 5 13 501 "}; !slices.Equal(got, want) {
					t.Errorf("stored %q, want %q", got, want)
				}
			})
		})
	}
}

// TestRecorder_Record_repeatedHourAsSent: the hour that comes twice, and what an
// earlier version stored, at once.
func TestRecorder_Record_repeatedHourAsSent(t *testing.T) {
	t.Parallel()
	stored := told(0, func(e *model.Entry) { e.Title = "Halah " })
	stored.TrackStart = stored.TrackStart.Add(-time.Hour)
	stored.Normalize()
	var got model.Entry
	r, _ := start(&fakeStore{
		StoreEntryFunc: func(e model.Entry) error { got = e; return nil },
		EntryWithFunc:  holding(stored),
	}, &bytes.Buffer{})
	p := NewPlay(told(0, func(e *model.Entry) { e.Title = "Halah " }))
	p.Other = stored.TrackStart
	if err := r.Record(t.Context(), p); err != nil || got.Fingerprint() != stored.Fingerprint() {
		t.Errorf("stored %+v, %v; want %+v", got, err, stored)
	}
	r, _ = start(&fakeStore{EntryWithFunc: func(model.Fingerprint) (model.Entry, error) { return model.Entry{}, model.ErrUnavailable }}, &bytes.Buffer{})
	if err := r.Record(t.Context(), p); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("error is %v: stored without knowing whether it is a repetition", err)
	}
}
