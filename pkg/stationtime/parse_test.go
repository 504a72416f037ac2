package stationtime

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestZone_Parse(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		z := load(t, "Europe/Vienna")
		for in, want := range map[string]string{
			"2020-06-27 19:14:00":                 "2020-06-27T17:14:00Z",
			"2020-06-27T19:14:00":                 "2020-06-27T17:14:00Z",
			"2020-06-27t19:14:00":                 "2020-06-27T17:14:00Z",
			"2020-06-27 19:14":                    "2020-06-27T17:14:00Z",
			" \t2020-06-27 19:14:00\n":            "2020-06-27T17:14:00Z",
			"2020-01-27 19:14:00":                 "2020-01-27T18:14:00Z",
			"2020-06-27 19:14:00.5":               "2020-06-27T17:14:00.5Z",
			"2020-06-27 19:14:00,5":               "2020-06-27T17:14:00.5Z",
			"2020-06-27T19:14:00.123456":          "2020-06-27T17:14:00.123456Z",
			"2020-06-27T19:14:00.123456999":       "2020-06-27T17:14:00.123456Z",
			"2020-06-27T19:14:00Z":                "2020-06-27T19:14:00Z",
			"2020-06-27t19:14:00z":                "2020-06-27T19:14:00Z",
			"2020-06-27T19:14Z":                   "2020-06-27T19:14:00Z",
			"2020-06-27 19:14:00+02:00":           "2020-06-27T17:14:00Z",
			"2020-06-27 19:14:00+0200":            "2020-06-27T17:14:00Z",
			"2020-06-27 19:14:00+02":              "2020-06-27T17:14:00Z",
			"2020-06-27 19:14:00 +02:00":          "2020-06-27T17:14:00Z",
			"2020-06-27 19:14:00.25 Z":            "2020-06-27T19:14:00.25Z",
			"2020-06-27 19:14:00-03:30":           "2020-06-27T22:44:00Z",
			"2020-06-27 19:14:00.123456789-11:00": "2020-06-28T06:14:00.123456Z",
			"2020-02-29 00:00:00":                 "2020-02-28T23:00:00Z",
			"2000-02-29 00:00:00Z":                "2000-02-29T00:00:00Z",
			"1969-12-31T23:59:59.9999999Z":        "1969-12-31T23:59:59.999999Z",
		} {
			got, err := z.Parse(in, time.Time{})
			if err != nil || !got.Time.Equal(utc(t, want)) || !got.Other.IsZero() || got.Shifted {
				t.Errorf("%q: %+v, %v, want %s", in, got, err, want)
			}
			if got.Time.Location() != time.UTC {
				t.Errorf("%q: is in %v, want UTC", in, got.Time.Location())
			}
		}
	})

	t.Run("ErrImpossible", func(t *testing.T) {
		t.Parallel()
		z := load(t, "Europe/Vienna")
		for in, want := range map[string]string{
			"":                               "must be a date and a time",
			"now":                            "must be a date and a time",
			"2020-06-27":                     "must be a date and a time",
			"19:14:00":                       "must be a date and a time",
			"2020-06-27 1914":                "must be a date and a time",
			"2020-06-27 19":                  "must be a date and a time",
			"2020-06-27 19:14:":              "must be a date and a time",
			"2020-06-27 19:14:00.":           "must be a date and a time",
			"2020-06-27 19:14.5":             "must be a date and a time",
			"2020-06-27 19:14:00.1234567890": "must be a date and a time",
			"2020-06-27  19:14:00":           "must be a date and a time",
			"2020-06-27_19:14:00":            "must be a date and a time",
			"2020-6-27 19:14:00":             "must be a date and a time",
			"20-06-27 19:14:00":              "must be a date and a time",
			"27.06.2020 19:14:00":            "must be a date and a time",
			"-2020-06-27 19:14:00":           "must be a date and a time",
			"2020-06-27 19:14:00 CEST":       "must be a date and a time",
			"2020-06-27 19:14:00 02:00":      "must be a date and a time",
			"2020-06-27 19:14:00Z Z":         "must be a date and a time",
			"2020-06-27 19:14:00+02:00:00":   "must be a date and a time",
			"２０２０-06-27 19:14:00":            "must be a date and a time",
			"2020-00-27 19:14:00":            "months are 01 to 12",
			"2020-13-27 19:14:00":            "months are 01 to 12",
			"2020-02-30 19:14:00":            "2020-02 has the days 01 to 29",
			"2021-02-29 19:14:00":            "2021-02 has the days 01 to 28",
			"1900-02-29 19:14:00":            "1900-02 has the days 01 to 28",
			"2020-06-31 19:14:00":            "2020-06 has the days 01 to 30",
			"2020-06-00 19:14:00":            "2020-06 has the days 01 to 30",
			"2020-06-27 24:00:00":            "hours are 00 to 23",
			"2020-06-27 19:60:00":            "minutes are 00 to 59",
			"2016-12-31 23:59:60":            "seconds are 00 to 59",
			"2016-12-31T23:59:60Z":           "seconds are 00 to 59",
			"2020-06-27 19:14:00+2":          "possible offset",
			"2020-06-27 19:14:00+02:":        "possible offset",
			"2020-06-27 19:14:00+02:0":       "possible offset",
			"2020-06-27 19:14:00+24:00":      "possible offset",
			"2020-06-27 19:14:00+02:60":      "possible offset",
			"2020-06-27 19:14:00+":           "possible offset",
		} {
			got, err := z.Parse(in, time.Time{})
			if err == nil {
				t.Errorf("%q is read as %v", in, got.Time)
			} else if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "must ") {
				t.Errorf("%q: error is %q, want a rule with %q", in, err, want)
			}
		}
	})
}

func TestZone_Parse_repeated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone, in       string
		earlier, later string
	}{
		"Vienna":                {"Europe/Vienna", "2020-10-25 02:30:00", "2020-10-25T00:30:00Z", "2020-10-25T01:30:00Z"},
		"First":                 {"Europe/Vienna", "2020-10-25 02:00:00", "2020-10-25T00:00:00Z", "2020-10-25T01:00:00Z"},
		"Last":                  {"Europe/Vienna", "2020-10-25 02:59:59.999999", "2020-10-25T00:59:59.999999Z", "2020-10-25T01:59:59.999999Z"},
		"HalfAnHour":            {"Australia/Lord_Howe", "2021-04-04 01:45:00", "2021-04-03T14:45:00Z", "2021-04-03T15:15:00Z"},
		"Midnight":              {"America/Havana", "2021-11-07 00:30:00", "2021-11-07T04:30:00Z", "2021-11-07T05:30:00Z"},
		"BackOverMidnight":      {"America/Asuncion", "2021-03-27 23:30:00", "2021-03-28T02:30:00Z", "2021-03-28T03:30:00Z"},
		"SouthernHemisphere":    {"Pacific/Auckland", "2021-04-04 02:30:00", "2021-04-03T13:30:00Z", "2021-04-03T14:30:00Z"},
		"AWholeDay":             {"Pacific/Kwajalein", "1969-09-30 12:00:00", "1969-09-30T01:00:00Z", "1969-10-01T00:00:00Z"},
		"AfterTheTablesAreOver": {"Europe/Vienna", "2120-10-27 02:30:00", "2120-10-27T00:30:00Z", "2120-10-27T01:30:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := load(t, c.zone)
			earlier, later := utc(t, c.earlier), utc(t, c.later)
			middle := earlier.Add(later.Sub(earlier) / 2)
			for _, a := range []struct {
				name                 string
				arrival, want, other time.Time
			}{
				{"at the earlier", earlier, earlier, later},
				{"at the later", later, later, earlier},
				{"between", middle, earlier, later},
				{"past the middle", middle.Add(time.Microsecond), later, earlier},
				{"long before", earlier.AddDate(-1, 0, 0), earlier, later},
				{"long after", later.AddDate(1, 0, 0), later, earlier},
				{"unknown", time.Time{}, earlier, later},
			} {
				got, err := z.Parse(c.in, a.arrival)
				if err != nil || !got.Time.Equal(a.want) || !got.Other.Equal(a.other) || got.Shifted {
					t.Errorf("arriving %s: %+v, %v, want %v", a.name, got, err, a.want)
				}
			}
		})
	}

	t.Run("OffsetDecides", func(t *testing.T) {
		t.Parallel()
		z := load(t, "Europe/Vienna")
		for in, want := range map[string]string{
			"2020-10-25 02:30:00+02:00": "2020-10-25T00:30:00Z",
			"2020-10-25 02:30:00+01:00": "2020-10-25T01:30:00Z",
		} {
			got, err := z.Parse(in, time.Time{})
			if err != nil || !got.Time.Equal(utc(t, want)) || !got.Other.IsZero() {
				t.Errorf("%s: %+v, %v", in, got, err)
			}
		}
	})

	t.Run("NeighboursAreOrdinary", func(t *testing.T) {
		t.Parallel()
		z := load(t, "Europe/Vienna")
		for in, want := range map[string]string{
			"2020-10-25 01:59:59.999999": "2020-10-24T23:59:59.999999Z",
			"2020-10-25 03:00:00":        "2020-10-25T02:00:00Z",
		} {
			got, err := z.Parse(in, time.Time{})
			if err != nil || !got.Time.Equal(utc(t, want)) || !got.Other.IsZero() {
				t.Errorf("%s: %+v, %v", in, got, err)
			}
		}
	})
}

func TestZone_Parse_skipped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, in, want string }{
		{"Europe/Vienna", "2020-03-29 02:00:00", "2020-03-29 03:00:00"},
		{"Europe/Vienna", "2020-03-29 02:30:00", "2020-03-29 03:30:00"},
		{"Europe/Vienna", "2020-03-29 02:59:59.999999", "2020-03-29 03:59:59.999999"},
		{"Europe/Vienna", "2120-03-31 02:30:00", "2120-03-31 03:30:00"},
		{"Australia/Lord_Howe", "2021-10-03 02:15:00", "2021-10-03 02:45:00"},
		{"Pacific/Auckland", "2021-09-26 02:15:00", "2021-09-26 03:15:00"},
		{"America/Asuncion", "2021-10-03 00:20:00", "2021-10-03 01:20:00"},
		{"America/Havana", "2021-03-14 00:00:00", "2021-03-14 01:00:00"},
		{"Africa/Cairo", "2023-04-28 00:59:00", "2023-04-28 01:59:00"},
		{"Antarctica/Troll", "2021-03-28 02:00:00", "2021-03-28 04:00:00"},
		{"Asia/Kathmandu", "1986-01-01 00:10:00", "1986-01-01 00:25:00"}, // +05:30 to +05:45
		{"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-31 12:00:00"},
	} {
		z := load(t, c.zone)
		got, err := z.Parse(c.in, time.Time{})
		if shown := z.In(got.Time).Format("2006-01-02 15:04:05.999999"); err != nil || shown != c.want || !got.Shifted || !got.Other.IsZero() {
			t.Errorf("%s: %s is %s (%+v), %v, want %s", c.zone, c.in, shown, got, err, c.want)
		}
	}
}

// instant draws a time that clocks show, often one near a clock change.
func instant(z *Zone) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		at := time.UnixMicro(rapid.Int64Range(0, 5e15).Draw(t, "unix µs")) // 1970 to 2128
		if rapid.Bool().Draw(t, "near a change") {
			if _, change := z.In(at).ZoneBounds(); !change.IsZero() {
				at = change.Add(time.Duration(rapid.Int64Range(-3*3600e6, 3*3600e6).Draw(t, "µs from it")) * time.Microsecond)
			}
		}
		return at.UTC()
	})
}

func TestZone_Parse_roundTrip(t *testing.T) {
	t.Parallel()
	for _, name := range zones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := load(t, name)
			rapid.Check(t, func(t *rapid.T) {
				at := instant(z).Draw(t, "at")
				local := z.In(at)
				for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.000000000"} {
					got, err := z.Parse(local.Format(layout), at)
					if err != nil || !got.Time.Equal(at) || got.Shifted {
						t.Fatalf("%s: %+v, %v, want %v", local.Format(layout), got, err, at)
					}
					if !got.Other.IsZero() && z.In(got.Other).Format(layout) != local.Format(layout) {
						t.Fatalf("%s: the other occurrence shows %s", local.Format(layout), z.In(got.Other).Format(layout))
					}
				}
				if _, offset := local.Zone(); offset%60 != 0 {
					return // offsets are written in whole minutes
				}
				for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999-0700", "2006-01-02 15:04:05.999999 Z07:00"} {
					got, err := z.Parse(local.Format(layout), time.Time{})
					if err != nil || !got.Time.Equal(at) || got != (Reading{Time: got.Time}) {
						t.Fatalf("%s: %+v, %v, want %v", local.Format(layout), got, err, at)
					}
				}
			})
		})
	}
}

// TestZone_Parse_wall checks the meaning of a wall time against the definition,
// which is the instants that show it.
func TestZone_Parse_wall(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02 15:04:05"
	for _, name := range zones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := load(t, name)
			rapid.Check(t, func(t *rapid.T) {
				near := instant(z).Draw(t, "near")
				_, offset := z.In(near).Zone()
				wall := near.Add(time.Duration(offset+rapid.IntRange(-7200, 7200).Draw(t, "s from it")) * time.Second).Format(layout)
				got, err := z.Parse(wall, near)
				if err != nil {
					t.Fatal(err)
				}
				shows := z.In(got.Time).Format(layout)
				if got.Shifted != (shows != wall) || shows < wall {
					t.Fatalf("%s: is shown as %s: %+v", wall, shows, got)
				}
				if !got.Other.IsZero() && got.Other.Sub(near).Abs() < got.Time.Sub(near).Abs() {
					t.Fatalf("%s arriving %v: %+v is not the nearest", wall, near, got)
				}
			})
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"2020-06-27 19:14:00", "2020-06-27t19:14:00.123456789z", "2020-06-27 19:14 +0200", "2020-06-27T19:14:00-03",
		"2020-10-25 02:30:00", "2020-03-29 02:30:00", "2011-12-30 12:00:00", "2021-04-04 01:45:00",
		"2020-02-30 00:00:00", "2020-06-27 24:00:00", "2016-12-31T23:59:60Z", "0000-00-00 00:00:00", "9999-12-31 23:59:59.9",
		" 2020-06-27", "2020-06-27T00:00:00 02:00", "",
	} {
		for _, zone := range []string{"Europe/Vienna", "Australia/Lord_Howe", "Pacific/Apia"} {
			f.Add(zone, s, int64(1603586700))
		}
	}
	f.Fuzz(func(t *testing.T, zone, s string, arrival int64) {
		z, err := Load(zone)
		if err != nil {
			t.Skip()
		}
		at := time.Unix(arrival, 0)
		from, errFrom := z.From(s)
		to, errTo := z.To(s)
		if (errFrom == nil) != (errTo == nil) {
			t.Fatalf("From says %v, To says %v", errFrom, errTo)
		}
		got, err := z.Parse(s, at)
		if err != nil {
			return
		}
		if errFrom != nil {
			t.Fatalf("is a time but no bound: %v", errFrom)
		}
		if got.Time.Before(from) || got.Time.After(to) {
			t.Fatalf("%v is outside %v to %v", got.Time, from, to)
		}
		if y := got.Time.Year(); y < 1 || y > 9998 {
			return // cannot be written with four digits everywhere
		}
		for _, written := range []string{got.Time.Format(time.RFC3339Nano), z.In(got.Time).Format("2006-01-02 15:04:05.999999")} {
			again, err := z.Parse(written, got.Time)
			if err != nil || !again.Time.Equal(got.Time) || again.Shifted {
				t.Fatalf("%q is %v, but %q is %+v, %v", s, got.Time, written, again, err)
			}
		}
	})
}
