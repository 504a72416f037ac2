package playlog

import (
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

func TestStart(t *testing.T) {
	t.Parallel()
	arrival := time.Date(2026, 11, 27, 10, 0, 0, 123456789, time.UTC)
	taken := arrival.Truncate(time.Microsecond)
	epoch := time.Unix(0, 0)
	for name, c := range map[string]struct {
		told, want time.Time
		doubt      bool
	}{
		"InTime":      {arrival.Add(-time.Second), arrival.Add(-time.Second), false},
		"YearsAgo":    {firstStart, firstStart, false},
		"FiveAhead":   {taken.Add(5 * time.Minute), taken.Add(5 * time.Minute), false},
		"MoreAhead":   {arrival.Add(5*time.Minute + 1), arrival.Add(5*time.Minute + 1), true},
		"None":        {time.Time{}, taken, true},
		"Epoch":       {epoch, taken, true},
		"Before2000":  {firstStart.Add(-1), taken, true},
		"Unstorable":  {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), taken, true},
		"NegativeEra": {time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), taken, true},
	} {
		got, doubt := Start(c.told, arrival)
		if !got.Equal(c.want) || (doubt != "") != c.doubt {
			t.Errorf("%s: got %v, %q", name, got, doubt)
		}
	}
}

func TestSaysNothing(t *testing.T) {
	t.Parallel()
	if !SaysNothing(&model.Entry{TrackNum: 1, TrackType: 2, Duration: time.Second}) {
		t.Error("numbers alone say something")
	}
	for _, f := range model.Fields {
		e := &model.Entry{}
		switch v := f.Of(e).(type) {
		case *string:
			*v = "a"
		case *int64:
			*v = 1
		case *time.Time:
			*v = time.Unix(1, 0)
		default:
			continue
		}
		if SaysNothing(e) {
			t.Errorf("%s says nothing", f.Name())
		}
	}
}
