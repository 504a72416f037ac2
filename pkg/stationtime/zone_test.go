package stationtime

import (
	"testing"
	"time"
)

// zones are zones with unusual clock changes or offsets.
var zones = []string{
	"UTC", "Europe/Vienna", "Europe/London", "Europe/Dublin", "America/New_York",
	"Australia/Lord_Howe",                 // changes by half an hour
	"Asia/Kathmandu",                      // +05:45
	"Asia/Kolkata",                        // +05:30
	"Pacific/Auckland", "Pacific/Chatham", // far east of UTC
	"Pacific/Apia", "Pacific/Kwajalein", // skipped a whole day
	"Pacific/Kiritimati", "Pacific/Pago_Pago", // +14, -11
	"America/Asuncion", "America/Sao_Paulo", // change at midnight: days began at 01:00
	"Africa/Cairo", "Asia/Beirut", "Asia/Tehran", // the same
	"America/Havana", "America/Scoresbysund", //     the same, and some repeat 00:00
	"America/St_Johns",                     //     changed at 00:01, back into the day before
	"Africa/Casablanca",                    //     changes four times in some years
	"Antarctica/Troll", "Antarctica/Casey", //     changes by two hours and more
	"Asia/Pyongyang", "America/Caracas", "Asia/Gaza",
}

func load(t testing.TB, name string) *Zone {
	t.Helper()
	z, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// utc parses a UTC time in a test.
func utc(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func TestLoad(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for _, name := range zones {
			if got := load(t, name).Name(); got != name {
				t.Errorf("%s calls itself %s", name, got)
			}
		}
	})

	t.Run("ErrUnknown", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"", "Local", "Europe/Wien", "CEST", "+02:00", "../etc/passwd", "/etc/localtime"} {
			if _, err := Load(name); err == nil {
				t.Errorf("%q is taken for a zone", name)
			}
		}
	})
}

func TestZone_In(t *testing.T) {
	t.Parallel()
	at := utc(t, "2020-06-27T17:14:00.000001Z")
	got := load(t, "Europe/Vienna").In(at)
	if want := "2020-06-27T19:14:00.000001+02:00"; got.Format(time.RFC3339Nano) != want || !got.Equal(at) {
		t.Errorf("shows %s, want %s", got.Format(time.RFC3339Nano), want)
	}
}
