package stationtime_test

import (
	"testing"
	"time"

	"aura.radio/engine/pkg/stationtime"
)

func TestZone_ParseEngine(t *testing.T) {
	t.Parallel()
	vienna, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	for sent, want := range map[string]string{
		"2026-11-27 10:00:00":       "2026-11-27T09:00:00Z",
		"2026/11/27 10:00:00":       "2026-11-27T09:00:00Z",
		"2026/7/5T10:00":            "2026-07-05T08:00:00Z",
		"20261127T100000":           "2026-11-27T09:00:00Z",
		"20261127 100000.5":         "2026-11-27T09:00:00.5Z",
		"20261127T100000Z":          "2026-11-27T10:00:00Z",
		"20261127100000":            "2026-11-27T09:00:00Z",
		"1795773600":                "2026-11-27T10:00:00Z",
		"1795773600.25":             "2026-11-27T10:00:00.25Z",
		"1795773600250":             "2026-11-27T10:00:00.25Z",
		" 1795773600 ":              "2026-11-27T10:00:00Z",
		"0":                         "1970-01-01T00:00:00Z",
		"2026-11-27T10:00:00+05:30": "2026-11-27T04:30:00Z",
	} {
		got, err := vienna.ParseEngine(sent, time.Time{})
		if err != nil || got.Time.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: got %v, %v, want %s", sent, got.Time, err, want)
		}
	}
	for _, sent := range []string{"", "soon", "2026/13/27 10:00:00", "27/11/2026 10:00:00", "2026/11/27", "20261327T100000", "1e9", "-5", "99999999999999", "0x5f", "2026/111/1 10:00"} {
		if got, err := vienna.ParseEngine(sent, time.Time{}); err == nil {
			t.Errorf("%q is read as %v", sent, got.Time)
		}
	}
}
