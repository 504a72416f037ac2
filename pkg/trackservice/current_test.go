package trackservice_test

import (
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/trackservice"
)

var noon = time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)

// at is that many seconds after noon.
func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

func entry(id int64, start time.Time, duration time.Duration) *model.Entry {
	return &model.Entry{ID: id, LogSource: 1, TrackStart: start, Title: "Fade Into You", Duration: duration}
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	amended := func(e *model.Entry, c model.Changes) *model.Entry {
		e.Overlay.Changes = c
		return e
	}
	aired := func(e *model.Entry, from, until float64) *model.Entry {
		e.Air = &model.Airing{From: at(from)}
		if until != 0 {
			e.Air.Until = at(until)
		}
		return e
	}
	estimated := func(e *model.Entry) *model.Entry {
		e.Air.Estimated = true
		return e
	}
	received := func(e *model.Entry, seconds float64) *model.Entry {
		e.ReceivedAt = at(seconds)
		return e
	}
	earlier, later, unknown, longer := at(-60), at(60), time.Duration(0), 3*minute

	cases := map[string]struct {
		latest, next *model.Entry
		now          time.Time
		grace        time.Duration
		playing      bool
		until        time.Time
	}{
		"Nothing":              {now: at(0)},
		"OnlyAFutureOne":       {next: entry(2, at(9), 0), now: at(0), until: at(9)},
		"AtItsStart":           {latest: entry(1, at(0), 0), now: at(0), playing: true},
		"BeforeItsStart":       {latest: entry(1, at(0), 0), now: at(-1e-6), until: at(0)},
		"WithoutDuration":      {latest: entry(1, at(0), 0), now: at(1e7), playing: true},
		"WithoutDurationGrace": {latest: entry(1, at(0), 0), now: at(1e7), grace: minute, playing: true},
		"WithinDuration":       {latest: entry(1, at(0), minute), now: at(59.999999), playing: true, until: at(60)},
		"AtItsEnd":             {latest: entry(1, at(0), minute), now: at(60)},
		"WithinGrace":          {latest: entry(1, at(0), minute), now: at(89.999999), grace: minute / 2, playing: true, until: at(90)},
		"GraceIsOver":          {latest: entry(1, at(0), minute), now: at(90), grace: minute / 2},
		"ADayLater":            {latest: entry(1, at(0), minute), now: at(86400), grace: minute / 2},

		"NextCutsIt":             {latest: entry(1, at(0), minute), next: entry(2, at(30), 0), now: at(29.999999), playing: true, until: at(30)},
		"NextCutsTheGrace":       {latest: entry(1, at(0), minute), next: entry(2, at(61), 0), now: at(60.5), grace: minute, playing: true, until: at(61)},
		"NextCutsTheUnknown":     {latest: entry(1, at(0), 0), next: entry(2, at(30), 0), now: at(1), playing: true, until: at(30)},
		"NextHasStarted":         {latest: entry(1, at(0), minute), next: entry(2, at(30), 0), now: at(30)},
		"NextAtTheEnd":           {latest: entry(1, at(0), minute), next: entry(2, at(60), 0), now: at(59), playing: true, until: at(60)},
		"NextAfterTheEnd":        {latest: entry(1, at(0), minute), next: entry(2, at(100), 0), now: at(1), playing: true, until: at(60)},
		"SilenceBeforeTheNext":   {latest: entry(1, at(0), minute), next: entry(2, at(100), 0), now: at(70), until: at(100)},
		"NextFarInTheFuture":     {latest: entry(1, at(0), 0), next: entry(2, at(1e9), 0), now: at(5), playing: true, until: at(1e9)},
		"NextIsAmendedToEarlier": {latest: entry(1, at(0), 0), next: amended(entry(2, at(99), 0), model.Changes{TrackStart: &later}), now: at(1), playing: true, until: at(60)},

		"StartAmendedToEarlier": {latest: amended(entry(1, at(0), minute), model.Changes{TrackStart: &earlier}), now: at(0)},
		"StartAmendedToLater":   {latest: amended(entry(1, at(0), minute), model.Changes{TrackStart: &later}), now: at(100), playing: true, until: at(120)},
		"DurationAmended":       {latest: amended(entry(1, at(0), minute), model.Changes{Duration: &longer}), now: at(100), playing: true, until: at(180)},
		"DurationAmendedAway":   {latest: amended(entry(1, at(0), minute), model.Changes{Duration: &unknown}), now: at(100), playing: true},

		"OnAir":                  {latest: aired(entry(1, at(-30), minute), 0, 30), now: at(1), grace: minute, playing: true, until: at(30)},
		"RepetitionHasGrace":     {latest: aired(entry(1, at(0), minute), 0, 90), now: at(91), grace: minute, playing: true, until: at(150)},
		"EstimateIsOver":         {latest: estimated(aired(entry(1, at(0), 0), 0, 900)), now: at(900), grace: minute},
		"EstimateFromItsArrival": {latest: received(estimated(aired(entry(1, at(0), 0), 0, 900)), 5000), now: at(5899), grace: minute, playing: true, until: at(5900)},
		"EstimateCutByTheNext":   {latest: received(estimated(aired(entry(1, at(0), 0), 0, 900)), 5000), next: aired(entry(2, at(5100), 0), 5100, 0), now: at(5001), playing: true, until: at(5100)},
		"EstimateArrivedLate":    {latest: received(estimated(aired(entry(1, at(0), 0), 0, 900)), 5000), now: at(5900), grace: minute},
		"OnAirByASwitchOnly":     {latest: aired(entry(1, at(-30), minute), 1, 30), now: at(0), until: at(1)},
		"OnAirGrace":             {latest: aired(entry(1, at(-30), minute), 0, 30), now: at(30), grace: minute, playing: true, until: at(90)},
		"OnAirGraceIsOver":       {latest: aired(entry(1, at(-30), minute), 0, 30), now: at(90), grace: minute},
		"OnAirNextCutsTheGrace":  {latest: aired(entry(1, at(-30), minute), 0, 30), next: aired(entry(2, at(0), minute), 40, 0), now: at(31), grace: minute, playing: true, until: at(40)},
		"SwitchedOff":            {latest: aired(entry(1, at(0), minute), 0, 30), now: at(30), grace: minute},
		"SwitchedOffBefore":      {latest: aired(entry(1, at(0), minute), 0, 30), now: at(29.999999), grace: minute, playing: true, until: at(30)},
		"SwitchedOffUnknown":     {latest: aired(entry(1, at(0), 0), 0, 30), now: at(30), grace: minute},
		"OnAirWithoutEnd":        {latest: aired(entry(1, at(0), 0), 10, 0), now: at(1e7), grace: minute, playing: true},
		"OnAirWithoutEndUntil":   {latest: aired(entry(1, at(0), 0), 10, 0), next: aired(entry(2, at(0), 0), 20, 0), now: at(11), playing: true, until: at(20)},
		"OnAirDurationAmended":   {latest: aired(amended(entry(1, at(0), minute), model.Changes{Duration: &longer}), 0, 180), now: at(181), grace: minute, playing: true, until: at(240)},
		"OnAirPlannedEndAmended": {latest: aired(amended(entry(1, at(0), minute), model.Changes{Duration: &longer}), 0, 60), now: at(61), grace: minute},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			playing, until := trackservice.Current(c.latest, c.next, c.now, c.grace)
			if playing != c.playing || !until.Equal(c.until) {
				t.Errorf("playing %v until %v, want %v until %v", playing, until, c.playing, c.until)
			}
		})
	}
}
