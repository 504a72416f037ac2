package stationtime

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestZone_Day(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct{ zone, day, from, to string }{
			{"Europe/Vienna", "2020-06-27", "2020-06-26T22:00:00Z", "2020-06-27T22:00:00Z"},
			{"Europe/Vienna", "2020-03-29", "2020-03-28T23:00:00Z", "2020-03-29T22:00:00Z"},       // 23 h
			{"Europe/Vienna", "2020-10-25", "2020-10-24T22:00:00Z", "2020-10-25T23:00:00Z"},       // 25 h
			{"Pacific/Auckland", "2020-06-27", "2020-06-26T12:00:00Z", "2020-06-27T12:00:00Z"},    // "this morning" is there
			{"Australia/Lord_Howe", "2021-04-04", "2021-04-03T13:00:00Z", "2021-04-04T13:30:00Z"}, // 24.5 h
			{"Asia/Kathmandu", "2020-06-27", "2020-06-26T18:15:00Z", "2020-06-27T18:15:00Z"},
			{"America/Asuncion", "2021-10-03", "2021-10-03T04:00:00Z", "2021-10-04T03:00:00Z"}, // begins at 01:00
			{"America/Asuncion", "2021-03-27", "2021-03-27T03:00:00Z", "2021-03-28T04:00:00Z"}, // 23:00 twice
			{"America/Havana", "2021-11-07", "2021-11-07T04:00:00Z", "2021-11-08T05:00:00Z"},   // 00:00 twice
			{"Africa/Cairo", "2023-04-28", "2023-04-27T22:00:00Z", "2023-04-28T21:00:00Z"},     // begins at 01:00
			{"America/St_Johns", "2006-10-29", "2006-10-29T02:30:00Z", "2006-10-30T03:30:00Z"}, // 00:01 back to 23:01
			{"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"},
			{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"}, // this day did not exist
			{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"},
			{"Europe/Vienna", "2040-12-31", "2040-12-30T23:00:00Z", "2040-12-31T23:00:00Z"}, // beyond the zone's table
			{"UTC", " 9999-12-31 ", "9999-12-31T00:00:00Z", "9999-12-31T23:59:59.999999Z"},
		} {
			want, last := utc(t, c.from), utc(t, c.to)
			if strings.HasSuffix(c.to, "999999Z") {
				last = last.Add(time.Microsecond)
			}
			from, to, err := load(t, c.zone).Day(c.day)
			if err != nil || !from.Equal(want) || !to.Equal(last) {
				t.Errorf("%s %s: %v to %v, %v, want %s to %s", c.zone, c.day, from, to, err, c.from, c.to)
			}
		}
	})

	t.Run("ErrImpossible", func(t *testing.T) {
		t.Parallel()
		z := load(t, "Europe/Vienna")
		for in, want := range map[string]string{
			"": "must be a date", "2020-06": "must be a date", "2020_06_27": "must be a date", "2020-06-27 00:00:00": "must be a date",
			"2020-06-2x": "must be a date", "2020-02-30": "2020-02 has the days 01 to 29", "2020-13-01": "months are 01 to 12",
		} {
			if from, _, err := z.Day(in); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, %v, want an error with %q", in, from, err, want)
			}
		}
	})
}

func TestZone_Period(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			zone, period, name, from string
			hours                    float64
		}{
			{"Europe/Vienna", "2020-06", "2020-06", "2020-05-31T22:00:00Z", 720},
			{"Europe/Vienna", " 2020_06 ", "2020-06", "2020-05-31T22:00:00Z", 720},
			{"Europe/Vienna", "2020-10", "2020-10", "2020-09-30T22:00:00Z", 745},
			{"Europe/Vienna", "2020-03", "2020-03", "2020-02-29T23:00:00Z", 743},
			{"Europe/Vienna", "2020-12", "2020-12", "2020-11-30T23:00:00Z", 744},
			{"Australia/Lord_Howe", "2021-04", "2021-04", "2021-03-31T13:00:00Z", 720.5},
			{"Pacific/Apia", "2011-12", "2011-12", "2011-12-01T10:00:00Z", 720},      // 30 of 31 days
			{"America/Asuncion", "2017-10", "2017-10", "2017-10-01T04:00:00Z", 743},  // begins at 01:00
			{"America/Sao_Paulo", "2018-11", "2018-11", "2018-11-01T03:00:00Z", 719}, // skips 00:00 within
			{"Europe/Vienna", "9999-12", "9999-12", "9999-11-30T23:00:00Z", 744},
			{"Europe/Vienna", "2026-Q4", "2026-Q4", "2026-09-30T22:00:00Z", 92*24 + 1},
			{"Europe/Vienna", "2026_q1", "2026-Q1", "2025-12-31T23:00:00Z", 90*24 - 1},
			{"Europe/Vienna", "2026", "2026", "2025-12-31T23:00:00Z", 365 * 24},
			{"Europe/Vienna", "2024", "2024", "2023-12-31T23:00:00Z", 366 * 24},
			{"Pacific/Apia", "2011", "2011", "2011-01-01T10:00:00Z", 364 * 24},
			{"Europe/Vienna", "2026-W48", "2026-W48", "2026-11-22T23:00:00Z", 168},
			{"Europe/Vienna", "2026-W13", "2026-W13", "2026-03-22T23:00:00Z", 167}, // clocks go forward
			{"Europe/Vienna", "2026-w43", "2026-W43", "2026-10-18T22:00:00Z", 169}, // clocks go back
			{"Europe/Vienna", "2026_W01", "2026-W01", "2025-12-28T23:00:00Z", 168}, // begins in the year before
			{"Europe/Vienna", "2026-W53", "2026-W53", "2026-12-27T23:00:00Z", 168}, // ends in the year after
			{"Europe/Vienna", "2021-W01", "2021-W01", "2021-01-03T23:00:00Z", 168},
		} {
			name, from, to, err := load(t, c.zone).Period(c.period)
			if err != nil || name != c.name || !from.Equal(utc(t, c.from)) || to.Sub(from).Hours() != c.hours {
				t.Errorf("%s %s: %s, %v to %v (%v h), %v, want %s from %s %v h", c.zone, c.period, name, from, to, to.Sub(from).Hours(), err, c.name, c.from, c.hours)
			}
		}
	})

	t.Run("ErrImpossible", func(t *testing.T) {
		t.Parallel()
		z := load(t, "Europe/Vienna")
		for in, want := range map[string]string{
			"": "must be a month", "202": "must be a month", "2020-6": "must be a month", "2020/06": "must be a month",
			"2020-06-27": "must be a month", "202006": "must be a month", "2020-00": "months are 01 to 12", "2020_13": "months are 01 to 12",
			"2020-": "must be a month", "2020-Q": "must be a month", "2020-Q01": "must be a month", "2020Q1": "must be a month",
			"2020-Q0": "a year has Q1 to Q4", "2020-Q5": "a year has Q1 to Q4", "2020-W1": "must be a month", "2020-W011": "must be a month",
			"2020-W00": "2020 has W01 to W53", "2021-W53": "2021 has W01 to W52", "0001-W53": "0001 has W01 to W52",
		} {
			if _, from, _, err := z.Period(in); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, %v, want an error with %q", in, from, err, want)
			}
		}
	})

	// A week is named as Go names it, and one begins where the other ends.
	t.Run("Weeks", func(t *testing.T) {
		t.Parallel()
		z := load(t, "Europe/Vienna")
		var end time.Time
		for monday := time.Date(1996, 1, 1, 0, 0, 0, 0, time.UTC); monday.Year() < 2050; monday = monday.AddDate(0, 0, 7) {
			year, week := monday.ISOWeek()
			_, from, to, err := z.Period(fmt.Sprintf("%d-W%02d", year, week))
			day, _, _ := z.Day(monday.Format(time.DateOnly))
			if err != nil || !from.Equal(day) || !end.IsZero() && !from.Equal(end) {
				t.Fatalf("%d-W%02d begins at %v, %v, want %v, when the week before ended", year, week, from, err, day)
			}
			end = to
		}
	})
}

// TestZone_tiles: consecutive days and months leave nothing out and repeat
// nothing, and each day holds the moments that the clocks show on it.
func TestZone_tiles(t *testing.T) {
	t.Parallel()
	for _, name := range zones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := load(t, name)
			var dayEnd, monthEnd time.Time
			for day := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2050; day = day.AddDate(0, 0, 1) {
				date := day.Format(time.DateOnly)
				from, to, err := z.Day(date)
				if err != nil || to.Before(from) || to.Sub(from) > 27*time.Hour {
					t.Fatalf("%s: %v to %v, %v", date, from, to, err)
				}
				if !dayEnd.IsZero() && !from.Equal(dayEnd) {
					t.Fatalf("%s begins at %v, but the day before ended at %v", date, from, dayEnd)
				}
				dayEnd = to
				// The first moment is never in the day before, and is the first
				// of the day itself.
				if to.After(from) && (z.In(from).Format(time.DateOnly) != date || z.In(from.Add(-1)).Format(time.DateOnly) >= date) {
					t.Fatalf("%s begins at %v, after %v", date, z.In(from), z.In(from.Add(-1)))
				}
				if to.After(from) && z.In(to.Add(-1)).Format(time.DateOnly) > date {
					t.Fatalf("%s ends at %v", date, z.In(to.Add(-1)))
				}
				if day.Day() > 1 {
					continue
				}
				month := day.Format("2006-01")
				_, monthFrom, monthTo, err := z.Period(month)
				if err != nil || !monthFrom.Equal(from) || !monthEnd.IsZero() && !monthFrom.Equal(monthEnd) {
					t.Fatalf("%s begins at %v, its first day at %v, and the month before ended at %v: %v", month, monthFrom, from, monthEnd, err)
				}
				monthEnd = monthTo
			}
		})
	}
}

func TestZone_bounds(t *testing.T) {
	t.Parallel()
	z := load(t, "Europe/Vienna")

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct{ in, from, to string }{
			{"2020-06-27", "2020-06-26T22:00:00Z", "2020-06-27T21:59:59.999999Z"},
			{" 2020-03-29 ", "2020-03-28T23:00:00Z", "2020-03-29T21:59:59.999999Z"},
			{"2020-10-25", "2020-10-24T22:00:00Z", "2020-10-25T22:59:59.999999Z"},
			{"2020-06-27 19:14:00", "2020-06-27T17:14:00Z", "2020-06-27T17:14:00.999999Z"}, // the whole second
			{"2020-06-27T19:14:00Z", "2020-06-27T19:14:00Z", "2020-06-27T19:14:00.999999Z"},
			{"2020-06-27T19:14:00.0", "2020-06-27T17:14:00Z", "2020-06-27T17:14:00Z"},
			{"2020-06-27T23:59:59", "2020-06-27T21:59:59Z", "2020-06-27T21:59:59.999999Z"},
			{"2020-06-27T19:14", "2020-06-27T17:14:00Z", "2020-06-27T17:14:59.999999Z"}, // the whole minute
			{"2020-06-27T19:14:00.5+01:00", "2020-06-27T18:14:00.5Z", "2020-06-27T18:14:00.5Z"},
			{"2020-10-25 02:30:00", "2020-10-25T00:30:00Z", "2020-10-25T01:30:00.999999Z"},       // both occurrences
			{"2020-03-29 02:30:00", "2020-03-29T01:30:00Z", "2020-03-29T01:30:00.999999Z"},       // as such a time is logged
			{"2020-06-27T19:14:00 02:00", "2020-06-27T17:14:00Z", "2020-06-27T17:14:00.999999Z"}, // an unescaped +
			{"2020-06-27 19:14 0200", "2020-06-27T17:14:00Z", "2020-06-27T17:14:59.999999Z"},
		} {
			from, errFrom := z.From(c.in)
			to, errTo := z.To(c.in)
			if errFrom != nil || errTo != nil || !from.Equal(utc(t, c.from)) || !to.Equal(utc(t, c.to)) {
				t.Errorf("%q: %v to %v, %v, %v, want %s to %s", c.in, from, to, errFrom, errTo, c.from, c.to)
			}
		}
	})

	t.Run("ErrImpossible", func(t *testing.T) {
		t.Parallel()
		for in, want := range map[string]string{
			"": "must be a date, such as", "yesterday!": "must be a date, such as", "2020-06": "must be a date, such as",
			"2020-02-30": "2020-02 has the days 01 to 29", "2020-02-30 10:00": "2020-02 has the days 01 to 29",
			"2020-06-27 25:00": "hours are 00 to 23", "2020-06-27 10:00+99:00": "possible offset",
		} {
			_, errFrom := z.From(in)
			_, errTo := z.To(in)
			for _, err := range []error{errFrom, errTo} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%q: error is %v, want %q", in, err, want)
				}
			}
		}
	})

	// An entry that was logged under a time without an offset is found under
	// that time.
	t.Run("FindsWhatWasLogged", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			name := rapid.SampledFrom(zones).Draw(t, "zone")
			z, err := Load(name)
			if err != nil {
				t.Fatal(err)
			}
			arrival := instant(z).Draw(t, "arrival")
			wall := z.In(arrival.Add(time.Duration(rapid.IntRange(-7200, 7200).Draw(t, "s")) * time.Second)).Format("2006-01-02 15:04:05")
			logged, err := z.Parse(wall, arrival)
			from, errFrom := z.From(wall)
			to, errTo := z.To(wall)
			if err != nil || errFrom != nil || errTo != nil || logged.Time.Before(from) || logged.Time.After(to) {
				t.Fatalf("%s logged at %v, asked for %v to %v", wall, logged.Time, from, to)
			}
		})
	})
}
