package engineclock

import (
	"fmt"
	"strings"
	"time"

	"aura.radio/engine/pkg/stationtime"
)

// Zones are those in which times without an offset are read: the engine's, and
// the station's.
type Zones struct{ Engine, Station *stationtime.Zone }

// closely is how far an offset may be from that of a time zone.
const closely = 30 * time.Second

// describe says what is wrong if the starts have an offset from their arrivals,
// and what the likely cause is.
func (z Zones) describe(offset time.Duration, now time.Time) string {
	direction := "ahead of"
	if offset < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("starts are %s %s their arrival, %s", spoken(offset.Abs()), direction, z.cause(offset, now))
}

// cause is the likely one. An engine that writes the times of another zone is off
// by the difference of the two zones.
func (z Zones) cause(offset time.Duration, now time.Time) string {
	engine := offsetOf(z.Engine, now)
	is := func(zone time.Duration) bool { return zone != engine && (offset-(zone-engine)).Abs() <= closely }
	switch {
	case is(offsetOf(z.Station, now)):
		return fmt.Sprintf("as %s is to %s now: the engine writes the station's time; leave out AURA_ENGINE_TIMEZONE", z.Station.Name(), z.Engine.Name())
	case is(0):
		return fmt.Sprintf("as UTC is to %s now: set TZ in the engine's container, or AURA_ENGINE_TIMEZONE=UTC", z.Engine.Name())
	case (offset-offset.Round(quarter)).Abs() <= closely && offset.Round(quarter) != 0:
		return fmt.Sprintf("as another time zone may be to %s: check TZ of the engine, and AURA_ENGINE_TIMEZONE", z.Engine.Name())
	}
	return "so the clock of the engine or that of this host is wrong: check both"
}

// quarter of an hour: offsets of zones are multiples of it.
const quarter = 15 * time.Minute

func offsetOf(zone *stationtime.Zone, at time.Time) time.Duration {
	_, seconds := zone.In(at).Zone()
	return time.Duration(seconds) * time.Second
}

// spoken is a duration for people: a zone's offset in hours and minutes.
func spoken(d time.Duration) string {
	if rounded := d.Round(time.Minute); (d - rounded).Abs() <= near {
		d = rounded
	}
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
