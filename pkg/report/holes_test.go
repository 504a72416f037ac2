package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/goldentest"
	"aura.radio/engine/pkg/model"
	"pgregory.net/rapid"
)

// holesOf lists the holes of a report, each with its times after noon of its
// period's first day, and the plays next to it.
func holesOf(t *testing.T, r Report) string {
	t.Helper()
	var list []string
	noon := r.Period.From.Add(12 * time.Hour)
	err := r.holes(t.Context(), func(h *hole) error {
		after := "nothing"
		if h.after != nil {
			after = h.after.Entry.Title
		}
		within := ""
		if h.within {
			within = " within"
		}
		list = append(list, fmt.Sprintf("%v-%v %s/%s%s", h.from.Sub(noon), h.until.Sub(noon), h.before.Entry.Title, after, within))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, ", ")
}

func TestReport_holes(t *testing.T) {
	t.Parallel()
	day, err := NewDays(month(t, "2020-10").Zone, "2020-10-10", "2020-10-10")
	if err != nil {
		t.Fatal(err)
	}
	noon := day.From.Add(12 * time.Hour)
	const second, minute, hour = time.Second, time.Minute, time.Hour
	// Titles are named a, b, c …
	type played struct {
		start, length time.Duration // after noon
		timeslot      int64
	}
	evening := played{11 * hour, 13 * hour, 0} // until after the day
	for name, c := range map[string]struct {
		plays []played
		now   time.Time
		want  string
	}{
		"Empty":            {nil, now, ""},
		"None":             {[]played{{-13 * hour, 13 * hour, 0}, {0, 11 * hour, 0}, evening}, now, ""},
		"AMinute":          {[]played{{-13 * hour, 13 * hour, 0}, {minute, 11*hour - minute, 0}, evening}, now, ""},
		"More":             {[]played{{-13 * hour, 13 * hour, 0}, {minute + 1000, 11*hour - minute - 1000, 0}, evening}, now, "0s-1m0.000001s a/b"},
		"InTimeslot":       {[]played{{-13 * hour, 13 * hour, 7}, {6 * second, 10 * second, 7}, {21 * second, 11*hour - 21*second, 7}, evening}, now, "0s-6s a/b within"},
		"OtherTimeslot":    {[]played{{-13 * hour, 13 * hour, 7}, {6 * second, 11*hour - 6*second, 8}, evening}, now, ""},
		"Unknown timeslot": {[]played{{-13 * hour, 13 * hour, 0}, {6 * second, 11*hour - 6*second, 0}, evening}, now, ""},
		"Two":              {[]played{{-13 * hour, 13 * hour, 0}, {hour, hour, 3}, {4 * hour, 7 * hour, 3}, evening}, now, "0s-1h0m0s a/b, 2h0m0s-4h0m0s b/c within"},
		// The log begins.
		"FirstPlay": {[]played{{hour, 10 * hour, 0}, evening}, now, ""},
		// A hole over midnight, at either end, or over the whole day. It counts as a
		// whole, and lasts only a part of it.
		"FromYesterday":   {[]played{{-13 * hour, minute, 0}, {minute, 11*hour - minute, 0}, evening}, now, "-12h0m0s-1m0s a/b"},
		"AtMidnight":      {[]played{{-13 * hour, hour - 50*second, 0}, {-12*hour + 30*second, 25 * hour, 0}}, now, "-12h0m0s--11h59m30s a/b"},
		"UntilTomorrow":   {[]played{{-13 * hour, 24 * hour, 0}, {14 * hour, minute, 0}}, now, "11h0m0s-12h0m0s a/b"},
		"AllDay":          {[]played{{-13 * hour, minute, 0}, {14 * hour, minute, 0}}, now, "-12h0m0s-12h0m0s a/b"},
		"Yesterday":       {[]played{{-14 * hour, minute, 0}, {-12 * hour, 25 * hour, 0}}, now, ""},
		"Tomorrow":        {[]played{{-13 * hour, 25 * hour, 0}, {14 * hour, minute, 0}}, now, ""},
		"StartsAtTheEnd":  {[]played{{-13 * hour, 25*hour - 2*minute, 0}, {12 * hour, minute, 0}}, now, "11h58m0s-12h0m0s a/b"},
		"WithinOverNight": {[]played{{-13 * hour, 25*hour - 4*second, 9}, {12*hour + 2*second, minute, 9}}, now, "11h59m56s-12h0m0s a/b within"},
		// Nothing follows, or only later.
		"GoesOn":        {[]played{{-13 * hour, 13 * hour, 0}}, noon.Add(2 * hour), "0s-2h0m0s a/nothing"},
		"GoesOnFurther": {[]played{{-13 * hour, 13 * hour, 0}}, now, "0s-12h0m0s a/nothing"},
		"StillPlaying":  {[]played{{-13 * hour, 15 * hour, 0}}, noon.Add(hour), ""},
		"JustOver":      {[]played{{-13 * hour, 13 * hour, 0}}, noon.Add(minute), ""},
		"Planned":       {[]played{{-13 * hour, 13 * hour, 0}, {3 * hour, hour, 0}, {6 * hour, hour, 0}}, noon.Add(2 * hour), "0s-2h0m0s a/b"},
		"ThenPlanned":   {[]played{{-13 * hour, 15 * hour, 0}, {3 * hour, hour, 0}}, noon.Add(hour), ""},
		"NotYet":        {[]played{{-13 * hour, minute, 0}}, day.From.Add(-10 * minute), ""},
	} {
		var log playlog
		for i, p := range c.plays {
			log = append(log, model.Entry{ID: int64(i + 1), LogSource: 1, TrackStart: noon.Add(p.start), Duration: p.length, TimeslotID: p.timeslot, Title: string(rune('a' + i))})
		}
		if got := holesOf(t, log.around(t, day, c.now)); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// A play that sounds on behind a shorter one leaves no hole.
func TestReport_holes_overlap(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	at := func(minutes int) time.Time { return m.From.Add(time.Duration(minutes) * time.Minute) }
	r := of(m, each([]Play{{From: at(0), Until: at(60)}, {From: at(10), Until: at(20)}, {From: at(60), Until: at(70)}}))
	r.Made = at(70)
	if got := holesOf(t, r); got != "" {
		t.Errorf("got %s", got)
	}
}

func holesLog(t *testing.T) playlog {
	t.Helper()
	return append(october(t),
		model.Entry{ID: 8, LogSource: 1, TrackStart: utc(t, "2020-10-25T01:34:00Z"), Duration: time.Minute, Artist: "=1", Title: "A", TimeslotID: 4, ShowName: "Nachtfahrt"},
		model.Entry{ID: 9, LogSource: 1, TrackStart: utc(t, "2020-10-25T01:36:00Z"), Duration: time.Minute, Title: "B", TimeslotID: 4, ShowID: 7})
}

func TestWriteHolesJSON(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	contract, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	for name, log := range map[string]playlog{"holes": holesLog(t), "no-holes": nil} {
		var out bytes.Buffer
		if err := WriteHolesJSON(t.Context(), &out, log.around(t, m, now)); err != nil {
			t.Fatal(err)
		}
		var list []any
		if err := json.Unmarshal(out.Bytes(), &list); err != nil {
			t.Fatalf("%v in %s", err, out.Bytes())
		}
		for _, h := range list {
			if err := contract.Components.Schemas["Hole"].Value.VisitJSON(h); err != nil {
				t.Error(err)
			}
		}
		decoder := json.NewDecoder(&out)
		decoder.DisallowUnknownFields()
		text := bytes.Clone(out.Bytes())
		if err := decoder.Decode(&[]api.Hole{}); err != nil {
			t.Error(err)
		}
		goldentest.Compare(t, "2020-10-"+name+".json", text)
	}
}

func TestWriteCSV_holes(t *testing.T) {
	t.Parallel()
	r := holesLog(t).around(t, month(t, "2020-10"), now)
	r.GuardFormulas = true
	var out bytes.Buffer
	if err := WriteCSV(t.Context(), &out, r, PartHoles); err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, "2020-10-holes.csv", out.Bytes())
}

// TestReport_tiles: the totals of a quarter, and its holes, are the sums of those
// of its months. Those of a week are the sums of those of its days.
func TestReport_tiles(t *testing.T) {
	t.Parallel()
	quarter, week := month(t, "2020-Q4"), month(t, "2020-W43")
	months := []Period{month(t, "2020-10"), month(t, "2020-11"), month(t, "2020-12")}
	var days []Period
	for day := 19; day <= 25; day++ {
		date := fmt.Sprint("2020-10-", day)
		p, err := NewDays(quarter.Zone, date, date)
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, p)
	}
	rapid.Check(t, func(t *rapid.T) {
		log := make(playlog, rapid.IntRange(0, 12).Draw(t, "plays"))
		at := quarter.From.Add(-50 * time.Hour)
		// No line: without a successor it lasts until the end of any period.
		for i := range log {
			at = at.Add(time.Duration(rapid.Int64Range(1, 20*24*3600).Draw(t, "s later")) * time.Second)
			log[i] = model.Entry{
				ID: int64(i + 1), LogSource: 1, TrackStart: at, Title: "title",
				Artist: rapid.SampledFrom([]string{"", "a"}).Draw(t, "artist"), TimeslotID: rapid.Int64Range(0, 1).Draw(t, "timeslot"),
				Duration: time.Duration(rapid.Int64Range(0, 10*24*3600).Draw(t, "s long")) * time.Second,
			}
		}
		now := quarter.From.Add(time.Duration(rapid.Int64Range(-10, 100*24).Draw(t, "now")) * time.Hour)
		sum := func(periods []Period) (sum summary) {
			for _, p := range periods {
				totals, err := new(log.around(t, p, now)).tally(t.Context(), func(*Play) error { return nil })
				if err != nil {
					t.Fatal(err)
				}
				s := totals.summary
				sum.all.plays, sum.all.audible = sum.all.plays+s.all.plays, sum.all.audible+s.all.audible
				sum.withoutArtist, sum.holesLast = sum.withoutArtist+s.withoutArtist, sum.holesLast+s.holesLast
			}
			return sum
		}
		if got, want := sum(months), sum([]Period{quarter}); got != want {
			t.Fatalf("the months have %+v, the quarter %+v", got, want)
		}
		if got, want := sum(days), sum([]Period{week}); got != want {
			t.Fatalf("the days have %+v, the week %+v", got, want)
		}
	})
}

func TestSummary(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]summary{
		"no holes":           {},
		"1 hole, 45 s":       {holes: 1, holesLast: 45 * time.Second},
		"2 holes, 1 h 0 min": {holes: 2, holesLast: time.Hour - time.Second},
		"3 holes, 12 min; 8 entries without an artist":                       {holes: 3, holesLast: 12*time.Minute + 20*time.Second, withoutArtist: 8},
		"no holes; 1 entry without an artist; 2 entries of estimated length": {withoutArtist: 1, estimated: 2},
		"1 hole, 30 h 1 min; 1 entry of estimated length":                    {holes: 1, holesLast: 30*time.Hour + time.Minute, estimated: 1},
	} {
		if got := s.text(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
