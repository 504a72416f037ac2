package report

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
	"pgregory.net/rapid"
)

// playlog is a source in memory.
type playlog []model.Entry

func (l playlog) EachEntry(_ context.Context, from, to time.Time, fn func(model.Entry) error) error {
	sorted := slices.SortedStableFunc(slices.Values(l), func(a, b model.Entry) int {
		return cmp.Or(a.PlayedAt().Compare(b.PlayedAt()), cmp.Compare(a.ID, b.ID))
	})
	for _, e := range sorted {
		if at := e.PlayedAt(); e.Overlay.Void || at.Before(from) || !at.Before(to) {
			continue
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

func (l playlog) NextEntry(ctx context.Context, after time.Time) (model.Entry, error) {
	var next *model.Entry
	err := l.EachEntry(ctx, after.Add(1), after.AddDate(100, 0, 0), func(e model.Entry) error {
		if next == nil {
			next = &e
		}
		return nil
	})
	if next == nil {
		return model.Entry{}, cmp.Or(err, model.ErrNotFound)
	}
	return *next, err
}

func (l playlog) LatestEntry(ctx context.Context, at time.Time) (model.Entry, error) {
	latest, err := model.Entry{}, model.ErrNotFound
	_ = l.EachEntry(ctx, model.Earliest, at.Add(1), func(e model.Entry) error {
		latest, err = e, nil
		return nil
	})
	return latest, err
}

// around is the report of a period of this log.
func (l playlog) around(t rapid.TB, p Period, now time.Time) Report {
	t.Helper()
	wide, err := p.Around(context.Background(), l)
	if err != nil {
		t.Fatal(err)
	}
	r := of(p, FromOnAir(asSaid(l), wide, now))
	r.Made = now
	return r
}

// fakeLog answers with its function.
type fakeLog struct {
	EachEntryFunc func(fn func(model.Entry) error) error
}

func (f fakeLog) EachEntry(_ context.Context, _, _ time.Time, fn func(model.Entry) error) error {
	return f.EachEntryFunc(fn)
}

func utc(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// month is a month, or another period, of a station in Vienna.
func month(t rapid.TB, name string) Period {
	t.Helper()
	zone, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewPeriod(zone, name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// october is a small log around October 2020, in which Vienna has 745 hours.
func october(t testing.TB) playlog {
	t.Helper()
	entry := func(start, artist, title string, more func(*model.Entry)) model.Entry {
		e := model.Entry{LogSource: 1, TrackStart: utc(t, start), Artist: artist, Title: title}
		if more != nil {
			more(&e)
		}
		return e
	}
	artist, later := "Mazzy Star", utc(t, "2020-10-25T01:30:00Z")
	show := func(id int64, name string) func(*model.Entry) {
		return func(e *model.Entry) { e.ShowID, e.ShowName, e.Duration = id, name, 4*time.Minute }
	}
	return playlog{
		entry("2020-09-30T21:59:59.999999Z", "September", "Still last month", nil),
		entry("2020-09-30T22:00:00Z", "=HYPERLINK(\"http://example.org\")", "@first, of \"October\"", func(e *model.Entry) {
			e.Album, e.TrackNum, e.TrackType, e.PlaylistID, e.TimeslotID = "-1", 3, model.TrackTypePlaylist, 11, 12
			e.Composer, e.Label, e.ISRC, e.Duration = "C. Omposer", "Läbel <&> Co", "ATX012000001", 263001*time.Millisecond
		}),
		entry("2020-10-24T23:59:58.5Z", "Björk 🎧", "Cut by the next", show(7, "Nachtfahrt")),
		entry("2020-10-25T00:00:00.0004Z", "Mazzie Star", "Fade Into You", func(e *model.Entry) {
			e.Overlay.Changes = model.Changes{Artist: &artist, TrackStart: &later} // 02:30, the second time
		}),
		entry("2020-10-25T00:30:00Z", "Mazzy Star", "Fade Into You", show(7, "")), // 02:30, the first time
		entry("2020-10-25T01:00:00Z", "Test", "Never played", func(e *model.Entry) { e.Overlay.Void = true }),
		entry("2020-10-25T02:00:00Z", "", "Live from the studio", func(e *model.Entry) { e.TrackType, e.LogSource = model.TrackTypeLine, 2 }),
		entry("2020-10-31T22:59:00Z", "Mazzy Star", "Fade Into You", show(8, "Halloween")), // plays on in November
		entry("2020-10-31T23:00:30Z", "November", "Next month", nil),
	}
}

// of is a report of these plays.
func of(p Period, plays Plays) Report {
	return Report{Period: p, Plays: plays, HoleAfter: time.Minute, Made: now, RuleVersions: []int{1, 2}}
}

var now = time.Date(2020, 12, 24, 12, 0, 0, 0, time.UTC)
