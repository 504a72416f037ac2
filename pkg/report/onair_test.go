package report

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

// onAirLog are entries with the times at which they were on air, oldest first.
type onAirLog []model.Entry

func (l onAirLog) EachEntry(ctx context.Context, from, to time.Time, fn func(model.Entry) error) error {
	return playlog(l).EachEntry(ctx, from, to, fn)
}

// asSaid is the on-air log of a playlog by rule 1: an entry is audible until the next
// one starts or its duration is over.
func asSaid(log playlog) (aired onAirLog) {
	_ = log.EachEntry(context.Background(), model.Earliest, model.Earliest.AddDate(1000, 0, 0), func(e model.Entry) error {
		if n := len(aired); n > 0 {
			last := aired[n-1].Air
			last.Until = e.PlayedAt()
			if end := last.From.Add(aired[n-1].Duration); aired[n-1].Duration > 0 && end.Before(last.Until) {
				last.Until = end
			}
		}
		e.Air = &model.Airing{From: e.PlayedAt()}
		aired = append(aired, e)
		return nil
	})
	return aired
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
