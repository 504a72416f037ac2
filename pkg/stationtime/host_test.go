package stationtime

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestHost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := func(name, target string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rules := write("usr/share/zoneinfo/Europe/Vienna", viennaRules)
	copied := write("copied", viennaRules)
	linked := link("linked", rules)
	vienna, other := write("vienna", "Europe/Vienna\n"), write("other", "Asia/Tokyo\n")
	nothing := filepath.Join(dir, "nothing")

	for _, test := range []struct{ name, tz, localtime, timezone, want string }{
		{"Link", "", linked, nothing, "Europe/Vienna"},
		{"File", "", copied, nothing, copied},
		{"FileWithName", "", copied, vienna, "Europe/Vienna"},
		{"FileWithWrongName", "", copied, other, copied},
		{"TZ", "Asia/Kathmandu", linked, nothing, "Asia/Kathmandu"},
		{"TZWithColon", ":Asia/Kathmandu", linked, nothing, "Asia/Kathmandu"},
		{"TZPath", ":" + linked, nothing, nothing, "Europe/Vienna"},
		{"TZLocaltime", ":" + linked, linked, nothing, "Europe/Vienna"},
		{"TZUTC", "UTC", linked, nothing, "UTC"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			z, err := host{test.tz, test.localtime, test.timezone, summer}.zone()
			if err != nil || z.Name() != test.want {
				t.Fatalf("%v, %v, want %s", z, err, test.want)
			}
			if _, offset := z.In(summer).Zone(); test.tz == "" && offset != 2*60*60 {
				t.Errorf("in summer it is %d s from UTC, want 7200", offset)
			}
		})
	}
	for _, test := range []struct{ name, tz, localtime, want string }{
		{"Nothing", "", nothing, nothing + " does not exist"},
		{"NoZone", "", vienna, "does not contain a time zone"},
		{"Directory", "", dir, "read the host's time zone"},
		{"TZRule", "CET-1CEST,M3.5.0,M10.5.0/3", linked, "TZ=CET-1CEST,M3.5.0,M10.5.0/3"},
		{"TZShort", "CET-1CEST", linked, "TZ=CET-1CEST"},
		{"TZMistyped", "Europe/Wien", linked, "TZ=Europe/Wien"},
		{"TZPathToNothing", ":" + nothing, linked, nothing + " does not exist"},
	} {
		t.Run("Unknown"+test.name, func(t *testing.T) {
			t.Parallel()
			if z, err := (host{test.tz, test.localtime, nothing, summer}).zone(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, %v, want an error with %q", z, err, test.want)
			}
		})
	}
}

var summer = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func TestZone_Agrees(t *testing.T) {
	t.Parallel()
	zone := func(name string) *Zone {
		t.Helper()
		z, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"Europe/Vienna", "Europe/Berlin", true},
		{"Europe/Vienna", "Europe/London", false},
		{"Europe/Vienna", "Africa/Algiers", false}, // only in winter
		{"UTC", "Africa/Abidjan", true},
	} {
		if got := zone(test.a).Agrees(zone(test.b), summer); got != test.want {
			t.Errorf("%s and %s: %v", test.a, test.b, got)
		}
	}
	offsets := zone("Europe/Vienna").Offsets(summer)
	if len(offsets) != 5 || !offsets[0].From.Equal(summer.AddDate(-1, 0, 0)) || offsets[1].Offset != time.Hour ||
		!offsets[1].From.Equal(time.Date(2025, 10, 26, 1, 0, 0, 0, time.UTC)) {
		t.Errorf("offsets are %v", offsets)
	}
}

// TestZone_Differs: whoever asks, and whenever the other host's clock says that it
// is, only offsets count.
func TestZone_Differs(t *testing.T) {
	t.Parallel()
	zone := func(name string) *Zone {
		t.Helper()
		z, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	change := time.Date(2025, 10, 26, 1, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		ours, theirs string
		now          time.Time
		ahead        time.Duration // of their clock
		differs      bool
		want         Difference
	}{
		{"Europe/Vienna", "Europe/Berlin", summer, 0, false, Difference{}},
		{"Europe/Vienna", "Europe/Berlin", change.AddDate(-1, 0, 0), -time.Hour, false, Difference{}}, // theirs end before the change
		{"Europe/Vienna", "Europe/Berlin", change.AddDate(1, 0, 0), time.Hour, false, Difference{}},
		{"Europe/Vienna", "UTC", summer, 0, true, Difference{summer.AddDate(-1, 0, 1), 2 * time.Hour, 0}},
		{"Europe/Vienna", "Africa/Algiers", change.Add(time.Hour).AddDate(1, 0, 0), time.Minute, true,
			Difference{time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), 2 * time.Hour, time.Hour}}, // the same in winter
	} {
		got, differs := zone(test.ours).Differs(zone(test.theirs).Offsets(test.now.Add(test.ahead)), test.now)
		if differs != test.differs || !got.At.Equal(test.want.At) || got.Ours != test.want.Ours || got.Theirs != test.want.Theirs {
			t.Errorf("%s and %s: %+v %v, want %+v", test.ours, test.theirs, got, differs, test.want)
		}
	}
	if got, differs := zone("UTC").Differs(nil, summer); differs {
		t.Errorf("differs from nothing: %+v", got)
	}
}

// viennaRules is a file of a time zone (RFC 9636) that has no table, only the rule
// of central Europe.
var viennaRules = func() string {
	block := "TZif2" + strings.Repeat("\x00", 15) +
		strings.Repeat("\x00", 16) + "\x00\x00\x00\x01" + "\x00\x00\x00\x04" + // one type, four characters
		"\x00\x00\x0e\x10\x00\x00" + "CET\x00"
	return block + block + "\nCET-1CEST,M3.5.0,M10.5.0/3\n"
}()
