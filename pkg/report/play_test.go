package report

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

// list collects the plays, each as its title and for how long it was audible.
func list(t *testing.T, plays Plays) string {
	t.Helper()
	var rows []string
	err := plays(t.Context(), func(p Play) error {
		rows = append(rows, p.Entry.Title+" "+p.Audible().String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(rows, ", ")
}

// TestFromOnAir_asSaid: the on-air log of rule 1.
func TestFromOnAir_asSaid(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		got := list(t, FromOnAir(asSaid(october(t)), m, now))
		want := `@first, of "October" 4m23.001s, Cut by the next 4m0s, Fade Into You 4m0s, Fade Into You 30m0s, Live from the studio 164h59m0s, Fade Into You 1m30s`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})

	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		if got := list(t, FromOnAir(onAirLog{}, m, now)); got != "" {
			t.Errorf("got %s", got)
		}
	})

	t.Run("Corrected", func(t *testing.T) {
		t.Parallel()
		// A start that was amended also moves a play into another month.
		in, out, title := m.From.Add(time.Hour), m.From.Add(-time.Hour), "Amended"
		log := playlog{
			{TrackStart: out, Title: "In", Duration: time.Minute, Overlay: model.Overlay{Changes: model.Changes{TrackStart: &in, Title: &title}}},
			{TrackStart: in, Title: "Out", Overlay: model.Overlay{Changes: model.Changes{TrackStart: &out}}},
		}
		// So does the start of the entry after the month.
		next := m.To.Add(time.Hour)
		log[0].Duration, log[0].TrackType = 0, model.TrackTypeLine
		log = append(log, model.Entry{TrackStart: m.To.Add(time.Minute), Overlay: model.Overlay{Changes: model.Changes{TrackStart: &next}}})
		plays := FromOnAir(asSaid(log), m, now)
		if got := list(t, plays); got != "Amended "+next.Sub(in).String() {
			t.Errorf("got %s", got)
		}
		_ = plays(t.Context(), func(p Play) error {
			if !p.From.Equal(in) {
				t.Errorf("begins at %v, want %v", p.From, in)
			}
			return nil
		})
	})

	t.Run("LastOfTheMonth", func(t *testing.T) {
		t.Parallel()
		start := m.To.Add(-10 * time.Minute)
		for name, c := range map[string]struct {
			e    model.Entry
			next time.Duration // after the month's end; 0: none follows
			now  time.Time
			want time.Duration
		}{
			"CutByTheNext":       {model.Entry{Duration: time.Hour}, 5 * time.Minute, now, 15 * time.Minute},
			"OverBeforeTheNext":  {model.Entry{Duration: 12 * time.Minute}, 5 * time.Minute, now, 12 * time.Minute},
			"UnknownUntilNext":   {model.Entry{}, 5 * time.Minute, now, 15 * time.Minute},
			"DurationIsKnown":    {model.Entry{Duration: time.Hour}, 0, now, time.Hour},
			"StillPlaying":       {model.Entry{Duration: time.Hour}, 0, start.Add(time.Minute), time.Minute},
			"NextInTheFuture":    {model.Entry{Duration: time.Hour}, 50 * time.Minute, start.Add(time.Minute), time.Minute},
			"UnknownBeforeGap":   {model.Entry{}, 5 * time.Hour, now, 0},
			"LiveBeforeGap":      {model.Entry{TrackType: model.TrackTypeLine}, 5 * time.Hour, now, 5*time.Hour + 10*time.Minute},
			"InTheFuture":        {model.Entry{Duration: time.Hour}, 0, start.Add(-time.Minute), 0},
			"NothingIsKnown":     {model.Entry{TrackType: model.TrackTypeFile}, 0, now, 0},
			"UnknownType":        {model.Entry{TrackType: 99}, 0, now, 0},
			"LiveUntilMonthsEnd": {model.Entry{TrackType: model.TrackTypeLine}, 0, now, 10 * time.Minute},
			"LiveUntilNow":       {model.Entry{TrackType: model.TrackTypeStream}, 0, start.Add(time.Minute), time.Minute},
			"LiveInTheFuture":    {model.Entry{TrackType: model.TrackTypeStream}, 0, start.Add(-time.Minute), 0},
			"LiveWithDuration":   {model.Entry{TrackType: model.TrackTypeStream, Duration: time.Hour}, 0, now, time.Hour},
		} {
			c.e.TrackStart, c.e.Title = start, "Last"
			log := playlog{c.e}
			if c.next != 0 {
				log = append(log, model.Entry{TrackStart: m.To.Add(c.next)})
			}
			if got, want := list(t, FromOnAir(asSaid(log), m, c.now)), "Last "+c.want.String(); got != want {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
		}
	})

	t.Run("SameStart", func(t *testing.T) {
		t.Parallel()
		log := playlog{
			{ID: 1, TrackStart: m.From, Title: "Jingle", Duration: time.Minute},
			{ID: 2, TrackStart: m.From, Title: "Song", Duration: time.Minute},
		}
		if got := list(t, FromOnAir(asSaid(log), m, now)); got != "Jingle 0s, Song 1m0s" {
			t.Errorf("got %s", got)
		}
	})

	broken := errors.New("cable pulled")

	t.Run("ErrInMidStream", func(t *testing.T) {
		t.Parallel()
		source := fakeLog{EachEntryFunc: func(fn func(model.Entry) error) error {
			for i := range 3 {
				start := m.From.Add(time.Duration(i) * time.Minute)
				if err := fn(model.Entry{TrackStart: start, Air: &model.Airing{From: start}}); err != nil {
					return err
				}
			}
			return broken
		}}
		n := 0
		err := FromOnAir(source, m, now)(t.Context(), func(Play) error { n++; return nil })
		if !errors.Is(err, broken) || n != 3 {
			t.Errorf("%d plays, then %v; want 3", n, err)
		}
	})

	t.Run("ErrOfFn", func(t *testing.T) {
		t.Parallel()
		for failing := range 6 {
			n := 0
			err := FromOnAir(asSaid(october(t)), m, now)(t.Context(), func(Play) error {
				if n == failing {
					return broken
				}
				n++
				return nil
			})
			if !errors.Is(err, broken) || n != failing {
				t.Errorf("%d plays, then %v; want %d", n, err, failing)
			}
		}
	})

	t.Run("ErrCanceled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := FromOnAir(asSaid(october(t)), m, now)(ctx, func(Play) error { n++; cancel(); return nil })
		if !errors.Is(err, context.Canceled) || n != 1 {
			t.Errorf("%d plays, then %v; want 1", n, err)
		}
	})
}

func TestPlay_Audible(t *testing.T) {
	t.Parallel()
	from := now
	for length, want := range map[time.Duration]time.Duration{
		0: 0, -time.Second: 0, 1499 * time.Microsecond: time.Millisecond, 1500 * time.Microsecond: 2 * time.Millisecond, time.Hour: time.Hour,
	} {
		if got := (Play{From: from, Until: from.Add(length)}).Audible(); got != want {
			t.Errorf("%v: is audible for %v, want %v", length, got, want)
		}
	}
}
