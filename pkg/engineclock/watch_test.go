package engineclock

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

func zone(t testing.TB, name string) *stationtime.Zone {
	t.Helper()
	z, err := stationtime.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestZones_describe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		engine, station string
		offset          time.Duration
		winter          bool
		want            string
	}{
		"UTC":        {"Europe/Vienna", "Europe/Vienna", -2*time.Hour - 30*time.Millisecond, false, "starts are 2h behind their arrival, as UTC is to Europe/Vienna now: set TZ in the engine's container, or AURA_ENGINE_TIMEZONE=UTC"},
		"UTCWinter":  {"Europe/Vienna", "Europe/Vienna", -time.Hour, true, "starts are 1h behind their arrival, as UTC is to Europe/Vienna now"},
		"SummerTime": {"Europe/Vienna", "Europe/Vienna", -time.Hour, false, "starts are 1h behind their arrival, as another time zone may be to Europe/Vienna"},
		"NoLonger":   {"UTC", "Europe/Vienna", 2 * time.Hour, false, "starts are 2h ahead of their arrival, as Europe/Vienna is to UTC now: the engine writes the station's time; leave out AURA_ENGINE_TIMEZONE"},
		"Kathmandu":  {"UTC", "UTC", 5*time.Hour + 45*time.Minute, false, "starts are 5h45m ahead of their arrival, as another time zone may be to UTC"},
		"Clock":      {"Europe/Vienna", "Europe/Vienna", -95 * time.Second, false, "starts are 1m35s behind their arrival, so the clock of the engine or that of this host is wrong: check both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := noon
			if c.winter {
				now = noon.AddDate(0, 6, 0)
			}
			got := Zones{Engine: zone(t, c.engine), Station: zone(t, c.station)}.describe(c.offset, now)
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := New(Zones{Engine: zone(t, "Europe/Vienna"), Station: zone(t, "Europe/Vienna")}, zerolog.New(&log))
	note := func(source, minute int, late time.Duration) {
		start := noon.Add(time.Duration(minute) * time.Minute)
		w.Note(&model.Entry{LogSource: source, TrackStart: start, ReceivedAt: start.Add(late)})
	}
	for i := range 3 {
		note(1, 4*i, 20*time.Millisecond)
		note(2, 4*i, 2*time.Hour+20*time.Millisecond)
	}
	const warning = "source 2: starts are 2h behind their arrival, as UTC is to Europe/Vienna now"
	if got := w.Warnings(); len(got) != 1 || !strings.HasPrefix(got[0], warning) {
		t.Errorf("warnings %q", got)
	}
	const command = "engine-api correct shift --source 2 --from 2020-06-27T12:00:00+02:00 --to 2020-06-27T12:08:00+02:00 --by 2h0m0s --reason 'the engine's clock was wrong' --if-nearer"
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), `"source":2`) || !strings.Contains(log.String(), strings.Replace(command, "engine's", `engine'\\''s`, 1)) {
		t.Errorf("%d lines: %s", n, &log)
	}
	const metrics = `# HELP aura_engine_clock_offset_seconds The median of start minus arrival of an engine's last ten plays; less than 0: the starts are behind.
# TYPE aura_engine_clock_offset_seconds gauge
aura_engine_clock_offset_seconds{source="1"} -0.02
aura_engine_clock_offset_seconds{source="2"} -7200.02
# HELP aura_engine_clock_wrong 1 while this offset is at least a minute and most of the plays agree: the engine's clock or time zone is wrong.
# TYPE aura_engine_clock_wrong gauge
aura_engine_clock_wrong{source="1"} 0
aura_engine_clock_wrong{source="2"} 1
`
	if err := testutil.CollectAndCompare(w, strings.NewReader(metrics)); err != nil {
		t.Error(err)
	}
	note(2, 12, 2*time.Hour)
	log.Reset()
	for i := range 3 { // the zone is right again
		note(2, 136+4*i, 0)
	}
	if got := w.Warnings(); got != nil {
		t.Errorf("warnings after all is well: %q", got)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "--to 2020-06-27T12:12:00+02:00 --by 2h0m0s") {
		t.Errorf("%d lines: %s", n, &log)
	}
}

// TestWatch_bounded: senders can't make up sources without end.
func TestWatch_bounded(t *testing.T) {
	t.Parallel()
	w := New(Zones{Engine: zone(t, "UTC"), Station: zone(t, "UTC")}, zerolog.Nop())
	for source := range 100 {
		w.Note(&model.Entry{LogSource: source + 1, TrackStart: noon, ReceivedAt: noon})
	}
	if len(w.sources) != maxSources {
		t.Errorf("%d sources are watched", len(w.sources))
	}
}
