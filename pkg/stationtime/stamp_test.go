package stationtime

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// What is sent with a fraction of any length is answered with six digits or
// none.
func TestStamp(t *testing.T) {
	zone := load(t, "Europe/Vienna")
	cases := []struct{ sent, written string }{
		{"2026-11-29 10:21:00", "2026-11-29T10:21:00+01:00"},
		{"2026-11-29 10:21:00.0", "2026-11-29T10:21:00+01:00"},
		{"2026-11-29 10:21:00.000001", "2026-11-29T10:21:00.000001+01:00"},
		{"2026-11-29 10:21:00.0000019", "2026-11-29T10:21:00.000001+01:00"},
		{"2026-11-29 10:21:00.1", "2026-11-29T10:21:00.100000+01:00"},
		{"2026-11-29 10:21:00.12", "2026-11-29T10:21:00.120000+01:00"},
		{"2026-11-29 10:21:00.123", "2026-11-29T10:21:00.123000+01:00"},
		{"2026-11-29 10:21:00.1234", "2026-11-29T10:21:00.123400+01:00"},
		{"2026-11-29 10:21:00.12345", "2026-11-29T10:21:00.123450+01:00"},
		{"2026-11-29 10:21:00.123456", "2026-11-29T10:21:00.123456+01:00"},
	}
	for _, c := range cases {
		read, err := zone.Parse(c.sent, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		stamp := zone.Stamp(read.Time)
		if got := stamp.String(); got != c.written {
			t.Errorf("%s is written as %s, want %s", c.sent, got, c.written)
		}
		body, err := json.Marshal(stamp)
		if want := `"` + c.written + `"`; err != nil || string(body) != want {
			t.Errorf("%s is %s in JSON, %v; want %s", c.sent, body, err, want)
		}
		var again Stamp
		if err := json.Unmarshal(body, &again); err != nil || !again.Equal(read.Time) {
			t.Errorf("%s was read as %v, %v", body, again, err)
		}
	}
	if got, want := UTC(time.Unix(0, 999)).String(), "1970-01-01T00:00:00+00:00"; got != want {
		t.Errorf("what is finer than microseconds is written as %s, want %s", got, want)
	}
	if _, err := json.Marshal(Stamp{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("a year of five digits was written")
	}
}

// Times of one offset sort as text.
func TestStamp_sorts(t *testing.T) {
	noon := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	var written []string
	for _, after := range []time.Duration{0, time.Microsecond, 99 * time.Millisecond, 100 * time.Millisecond, 101 * time.Millisecond, 999999 * time.Microsecond, time.Second} {
		written = append(written, UTC(noon.Add(after)).String())
	}
	if !slices.IsSorted(written) {
		t.Errorf("they do not sort as text: %v", written)
	}
}
