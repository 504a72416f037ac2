package stationtime

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // a host or an image may come without the database
)

// Zone is the station's time zone.
type Zone struct {
	loc *time.Location
}

// Load finds a zone by its IANA name, such as Europe/Vienna.
func Load(name string) (*Zone, error) {
	// Go takes "" for UTC and "Local" for the host's zone, but a station's log
	// must not depend on the host that keeps it.
	if name == "" || name == "Local" {
		return nil, errors.New("load time zone: the name of an IANA zone is required")
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("load time zone: %w", err)
	}
	return &Zone{loc: loc}, nil
}

// Name is the zone's IANA name.
func (z *Zone) Name() string { return z.loc.String() }

// In is the instant as the zone's clocks show it.
func (z *Zone) In(t time.Time) time.Time { return t.In(z.loc) }

// moments are the instants at which the zone's clocks show one wall time.
type moments struct {
	// at holds the moments in order: one, or two if the wall time is repeated.
	// It is empty if the wall time is skipped; only then the other fields are
	// set.
	at []time.Time
	// jump is when the clocks jumped over the wall time.
	jump time.Time
	// ahead shows the wall time shifted forward by the length of the jump.
	ahead time.Time
}

// reach is more than any offset from UTC ever was. It is also more than the
// whole day by which zones jumped over the date line.
const reach = 26 * time.Hour

// moments looks at every period of constant offset around the wall time, which
// is given as if it were UTC. time.Date would be enough for ordinary times, but
// it does not distinguish them from repeated and skipped ones.
func (z *Zone) moments(wall time.Time) moments {
	var m moments
	var before time.Time // the moment by the offset of the period before, if that period ended too soon
	for from := wall.Add(-reach); ; {
		offset, to := z.period(from)
		at := wall.Add(-offset)
		endsTooSoon := !to.IsZero() && !at.Before(to)
		switch startsTooLate := at.Before(from); {
		case startsTooLate && !before.IsZero():
			m.jump, m.ahead = from, before
		case !startsTooLate && !endsTooSoon:
			m.at = append(m.at, at)
		}
		before = time.Time{}
		if endsTooSoon {
			before = at
		}
		if to.IsZero() || to.After(wall.Add(reach)) {
			return m
		}
		from = to
	}
}

// period returns the offset from UTC at that instant, and the instant until
// which it stays the same; zero means for ever. The next period may have the
// same offset.
func (z *Zone) period(at time.Time) (offset time.Duration, to time.Time) {
	local := at.In(z.loc)
	_, seconds := local.Zone()
	if _, to = local.ZoneBounds(); !to.IsZero() {
		to = to.UTC()
		if !to.After(at) {
			// For the years after the zone's table, Go computes by a rule,
			// which ends leap years a day too early.
			to = at.Truncate(24 * time.Hour).Add(24 * time.Hour)
		}
	}
	return time.Duration(seconds) * time.Second, to
}

// first is the first moment at which the zone's clocks show the wall time. If
// the clocks jump over the wall time, it is the moment of the jump.
func (z *Zone) first(wall time.Time) time.Time {
	m := z.moments(wall)
	if len(m.at) == 0 {
		return m.jump
	}
	return m.at[0]
}
