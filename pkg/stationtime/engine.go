package stationtime

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// compact is 20261127T100000, with the separators that Parse needs left out.
var compact = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})[Tt ]?(\d{2})(\d{2})(\d{2})(.*)$`)

// slashed is 2026/11/27 10:00:00.
var slashed = regexp.MustCompile(`^(\d{4})/(\d{1,2})/(\d{1,2})([Tt ].*)$`)

// ParseEngine reads a time as engines and other playout programs write it: as
// Parse does, also with slashes in the date, without separators, or as seconds
// or milliseconds since 1970. What is less than 100,000,000,000 is seconds,
// which reaches to the year 5138. The error is that of Parse.
func (z *Zone) ParseEngine(s string, arrival time.Time) (Reading, error) {
	s = strings.TrimSpace(s)
	r, err := z.Parse(s, arrival)
	if err == nil {
		return r, nil
	}
	if since, ok := sinceEpoch(s); ok {
		return Reading{Time: since}, nil
	}
	if m := slashed.FindStringSubmatch(s); m != nil {
		return z.Parse(m[1]+"-"+twoDigits(m[2])+"-"+twoDigits(m[3])+m[4], arrival)
	}
	if m := compact.FindStringSubmatch(s); m != nil {
		return z.Parse(m[1]+"-"+m[2]+"-"+m[3]+"T"+m[4]+":"+m[5]+":"+m[6]+m[7], arrival)
	}
	return Reading{}, err
}

func twoDigits(s string) string { return strings.Repeat("0", 2-len(s)) + s }

// decimal is a number without an exponent.
var decimal = regexp.MustCompile(`^\d{1,13}(\.\d+)?$`)

// firstMilliseconds is the least number that counts as milliseconds.
const firstMilliseconds = 1e11

func sinceEpoch(s string) (time.Time, bool) {
	if !decimal.MatchString(s) {
		return time.Time{}, false
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return time.Time{}, false
	}
	if n < firstMilliseconds {
		n *= 1000
	}
	return time.UnixMicro(int64(n*1000 + 0.5)).UTC(), true
}
