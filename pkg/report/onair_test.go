package report

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"pgregory.net/rapid"
)

// onAirLog are entries with the times at which they were on air, oldest first.
type onAirLog []model.Entry

func (l onAirLog) EachEntry(ctx context.Context, from, to time.Time, fn func(model.Entry) error) error {
	return playlog(l).EachEntry(ctx, from, to, fn)
}

func TestFromOnAir(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	noon := m.From.Add(12 * time.Hour)
	aired := func(e model.Entry, from, until time.Duration) model.Entry {
		e.Air = &model.Airing{From: noon.Add(from)}
		if until != 0 {
			e.Air.Until = noon.Add(until)
		}
		return e
	}
	const minute = time.Minute
	amended := noon.Add(30 * minute)

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]struct {
			entry model.Entry // starts at noon, unless it says otherwise
			now   time.Time
			want  string // from and until, after noon
		}{
			"Whole":             {aired(model.Entry{Duration: 4 * minute}, 0, 4*minute), now, "0s 4m0s"},
			"CutByASwitch":      {aired(model.Entry{Duration: 4 * minute}, 0, minute), now, "0s 1m0s"},
			"BegunByASwitch":    {aired(model.Entry{Duration: 4 * minute}, 3*minute, 4*minute), now, "3m0s 4m0s"},
			"StillOnAir":        {aired(model.Entry{Duration: 4 * minute}, 0, 4*minute), noon.Add(minute + 1), "0s 1m0s"},
			"StillWithoutEnd":   {aired(model.Entry{TrackType: model.TrackTypeLine}, minute, 0), noon.Add(3 * minute), "1m0s 3m0s"},
			"LiveToMonthsEnd":   {aired(model.Entry{TrackType: model.TrackTypeLine}, minute, 0), now, "1m0s " + m.To.Sub(noon).String()},
			"LiveForLong":       {aired(model.Entry{TrackType: model.TrackTypeStream}, 0, 9*time.Hour), now, "0s 9h0m0s"},
			"NobodyCanTell":     {aired(model.Entry{}, minute, 0), now, "1m0s 1m0s"},
			"NobodyCanTellGap":  {aired(model.Entry{}, 3*time.Hour, 5*time.Hour), now, "3h0m0s 3h0m0s"},
			"UnknownUntilNext":  {aired(model.Entry{}, 3*time.Hour, 4*time.Hour), now, "3h0m0s 4h0m0s"},
			"Amended":           {aired(model.Entry{Overlay: model.Overlay{Changes: model.Changes{TrackStart: &amended}}}, 30*minute, 31*minute), now, "30m0s 31m0s"},
			"PlaysOnNextMonth":  {aired(model.Entry{TrackStart: m.To.Add(-minute), Duration: 4 * minute}, m.To.Add(-minute).Sub(noon), m.To.Add(3*minute).Sub(noon)), now, "732h59m0s 733h3m0s"},
			"InTheFuture":       {aired(model.Entry{Duration: 4 * minute}, 0, 4*minute), noon.Add(-minute), "0s 0s"},
			"TrackOfLastMonth":  {aired(model.Entry{TrackStart: m.From.Add(-minute), Duration: 4 * minute}, -12*time.Hour, -12*time.Hour+3*minute), now, "-12h0m0s -11h57m0s"},
			"LongerThanPlanned": {aired(model.Entry{Duration: minute}, 0, 4*minute), now, "0s 4m0s"}, // it was told again as another entry
		} {
			if c.entry.TrackStart.IsZero() {
				c.entry.TrackStart = noon
			}
			var got string
			err := FromOnAir(onAirLog{c.entry}, m, c.now)(t.Context(), func(p Play) error {
				got += p.From.Sub(noon).String() + " " + p.Until.Sub(noon).String()
				return nil
			})
			if got != c.want || err != nil {
				t.Errorf("%s: got %s, %v, want %s", name, got, err, c.want)
			}
		}
	})

	// An entry that was cut, and was on air again after the switch back, is two
	// plays.
	t.Run("Segments", func(t *testing.T) {
		t.Parallel()
		e := model.Entry{LogSource: 1, TrackStart: noon, Title: "Long", Duration: time.Hour}
		other := model.Entry{LogSource: 2, TrackStart: noon.Add(-minute), Title: "Other"}
		log := onAirLog{aired(e, 0, 10*minute), aired(other, 10*minute, 20*minute), aired(e, 20*minute, 60*minute), aired(e, m.To.Sub(noon), 0)}
		if got, want := list(t, FromOnAir(log, m, now)), "Long 10m0s, Other 10m0s, Long 40m0s"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		row := table(t, of(m, FromOnAir(log, m, now)), PartPlays)[2]
		if got, want := strings.Join(row[:4], " "), "2020-10-01T12:10:00+02:00 2020-10-01T12:20:00+02:00 600 "; got != want {
			t.Errorf("row is %s, want %s", got, want)
		}
	})

	t.Run("Err", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("cable pulled")
		log := onAirLog{aired(model.Entry{}, 0, minute)}
		if err := FromOnAir(log, m, now)(t.Context(), func(Play) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("error is %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := FromOnAir(log, m, now)(ctx, func(Play) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	})
}

// If one source is active all the time, the on-air log reports the same as that
// source's playlog.
func TestFromOnAir_likePlaylog(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	rapid.Check(t, func(t *rapid.T) {
		var log []model.Entry
		at := m.From
		for range rapid.IntRange(0, 8).Draw(t, "entries") {
			at = at.Add(time.Duration(rapid.Int64Range(1, 6*3600).Draw(t, "s later")) * time.Second)
			log = append(log, model.Entry{
				LogSource: 1, TrackStart: at, TrackType: rapid.IntRange(0, 3).Draw(t, "type"),
				Duration: time.Duration(rapid.Int64Range(0, 6*3600).Draw(t, "s long")) * time.Second * time.Duration(rapid.IntRange(0, 1).Draw(t, "known")),
			})
		}
		now := m.From.Add(time.Duration(rapid.Int64Range(0, 800*3600).Draw(t, "now")) * time.Second)
		var aired onAirLog
		for i, e := range log {
			e.Air = &model.Airing{From: e.TrackStart}
			if i+1 < len(log) {
				e.Air.Until = log[i+1].TrackStart
			}
			if end := e.TrackStart.Add(e.Duration); e.Duration > 0 && (e.Air.Until.IsZero() || end.Before(e.Air.Until)) {
				e.Air.Until = end
			}
			aired = append(aired, e)
		}
		times := func(plays Plays) (all []time.Time) {
			_ = plays(context.Background(), func(p Play) error { all = append(all, p.From, p.Until); return nil })
			return all
		}
		want, got := times(FromPlaylog(playlog(log), m, now)), times(FromOnAir(aired, m, now))
		if !slices.EqualFunc(want, got, time.Time.Equal) {
			t.Fatalf("the playlog says %v, the on-air log %v", want, got)
		}
	})
}
