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

// host is where a host tells its time zone, and the clock to compare by.
type host struct {
	tz        string // the variable TZ
	localtime string // /etc/localtime
	timezone  string // /etc/timezone: on Debian, the name that belongs to it
	now       time.Time
}

// Host is this host's time zone. An engine on the same host that sends local
// times without an offset is so understood without any configuration. The error
// tells what the host says instead: it says nothing, or something of which the
// rules are not known. The zone is then not taken for UTC, because a station's
// days would begin at the wrong hour, and nobody would notice.
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
		return nil, fmt.Errorf("TZ=%s is no zone of the IANA database", h.tz)
	}
	return z, nil
}

// file reads the rules of a zone: a file has them whatever its name is. A link
// into the database tells the name, too.
func (h host) file(path string) (*Zone, error) {
	rules, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("TZ is not set and there is no %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the host's time zone: %w", err)
	}
	loc, err := time.LoadLocationFromTZData(path, rules)
	if err != nil {
		return nil, fmt.Errorf("%s holds no time zone", path)
	}
	unnamed := &Zone{loc: loc}
	for _, name := range h.names(path) {
		if z, err := Load(name); err == nil && z.Agrees(unnamed, h.now) {
			return z, nil
		}
	}
	return unnamed, nil
}

// names are what the zone of a file may be called.
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

// Offset is the offset from UTC that a zone's clocks have from a moment on.
type Offset struct {
	From   time.Time     `json:"from"` // UTC
	Offset time.Duration `json:"offset"`
}

// Offsets are the offsets of the zone from a year before now until a year after,
// in order; the first is from the begin of that time.
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
