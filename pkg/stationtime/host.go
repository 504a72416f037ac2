package stationtime

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// host is where a host keeps its time zone, and the clock to compare by.
type host struct {
	tz        string // the variable TZ
	localtime string // /etc/localtime
	timezone  string // /etc/timezone: on Debian, the name that belongs to it
	now       time.Time
}

// Host is this host's time zone. With it, local times without an offset from an
// engine on the same host are understood without any configuration. The error
// says what the host has instead: nothing, or a zone whose rules are not known.
// In this case UTC is not assumed: the station's days would begin at the wrong
// hour, and nobody would notice.
func Host() (*Zone, error) {
	return host{os.Getenv("TZ"), "/etc/localtime", "/etc/timezone", time.Now()}.zone()
}

func (h host) zone() (*Zone, error) {
	tz := strings.TrimPrefix(h.tz, ":")
	switch {
	case tz == "" || tz == h.localtime:
		return h.file(h.localtime)
	case filepath.IsAbs(tz):
		return h.file(tz)
	}
	z, err := Load(tz)
	if err != nil {
		return nil, fmt.Errorf("TZ=%s is not a zone of the IANA database", h.tz)
	}
	return z, nil
}

// file reads the rules of a zone; a file contains the rules whatever its name
// is. A link into the database also tells the name.
func (h host) file(path string) (*Zone, error) {
	rules, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("TZ is not set, and %s does not exist", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the host's time zone: %w", err)
	}
	loc, err := time.LoadLocationFromTZData(path, rules)
	if err != nil {
		return nil, fmt.Errorf("%s does not contain a time zone", path)
	}
	unnamed := &Zone{loc: loc}
	for _, name := range h.names(path) {
		if z, err := Load(name); err == nil && z.Agrees(unnamed, h.now) {
			return z, nil
		}
	}
	return unnamed, nil
}

// names are the possible names of the zone in a file.
func (h host) names(path string) []string {
	var names []string
	if target, err := filepath.EvalSymlinks(path); err == nil {
		if _, name, found := strings.Cut(target, "/zoneinfo/"); found {
			names = append(names, name)
		}
	}
	if name, err := os.ReadFile(h.timezone); err == nil {
		names = append(names, strings.TrimSpace(string(name)))
	}
	return names
}

// Offset is the offset of a zone's clocks from UTC, from a moment on.
type Offset struct {
	From   time.Time // UTC
	Offset time.Duration
}

// Offsets are the offsets of the zone from a year before now until a year
// after, in order. The first one starts at the beginning of that time.
func (z *Zone) Offsets(now time.Time) []Offset {
	from, end := now.UTC().AddDate(-1, 0, 0), now.UTC().AddDate(1, 0, 0)
	var offsets []Offset
	for !from.IsZero() && from.Before(end) {
		offset, to := z.period(from)
		if n := len(offsets); n == 0 || offsets[n-1].Offset != offset {
			offsets = append(offsets, Offset{from, offset})
		}
		from = to
	}
	return offsets
}

// Agrees reports whether the clocks of both zones show the same from a year
// before now until a year after.
func (z *Zone) Agrees(other *Zone, now time.Time) bool {
	return slices.EqualFunc(z.Offsets(now), other.Offsets(now), func(a, b Offset) bool {
		return a.From.Equal(b.From) && a.Offset == b.Offset
	})
}

// Difference is a moment at which the clocks of two zones show different times.
type Difference struct {
	At           time.Time // UTC
	Ours, Theirs time.Duration
}

// margin is left out at both ends when offsets are compared with those of
// another host, whose now may be another one.
const margin = 24 * time.Hour

// Differs finds the first moment, from a year before now until a year after, at
// which the zone's clocks and those with the offsets do not show the same.
// Offsets that are not in order make no sense, and nil says nothing.
func (z *Zone) Differs(theirs []Offset, now time.Time) (Difference, bool) {
	if len(theirs) == 0 {
		return Difference{}, false
	}
	ours := z.Offsets(now)
	from, end := now.AddDate(-1, 0, 0).Add(margin), now.AddDate(1, 0, 0).Add(-margin)
	moments := []time.Time{from}
	for _, o := range slices.Concat(ours, theirs) {
		if o.From.After(from) && o.From.Before(end) {
			moments = append(moments, o.From)
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	for _, at := range moments {
		if a, b := offsetAt(ours, at), offsetAt(theirs, at); a != b {
			return Difference{at.UTC(), a, b}, true
		}
	}
	return Difference{}, false
}

// offsetAt is the offset that holds at a moment, the first one if all begin
// later.
func offsetAt(all []Offset, at time.Time) time.Duration {
	offset := all[0].Offset
	for _, o := range all {
		if !o.From.After(at) {
			offset = o.Offset
		}
	}
	return offset
}
