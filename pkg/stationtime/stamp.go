package stationtime

import (
	"fmt"
	"time"
)

// Stamp is a time as services write it: six digits of a fraction or none, and
// an offset in digits, so UTC is +00:00. Some readers, such as Python before
// 3.11, understand nothing else. As text, times of one offset sort in their
// order. Digits finer than microseconds are cut off. JSON in any form of
// RFC 3339 is read.
type Stamp struct{ time.Time }

// UTC is the time as it is written in UTC.
func UTC(t time.Time) Stamp { return Stamp{t.UTC()} }

// Stamp is the time as it is written at the station.
func (z *Zone) Stamp(t time.Time) Stamp { return Stamp{z.In(t)} }

const (
	wholeSeconds = "2006-01-02T15:04:05-07:00"
	microseconds = "2006-01-02T15:04:05.000000-07:00"
)

// Append adds the written time to b.
func (s Stamp) Append(b []byte) []byte {
	if s.Nanosecond() < int(time.Microsecond) {
		return s.AppendFormat(b, wholeSeconds)
	}
	return s.AppendFormat(b, microseconds)
}

// String is the written time.
func (s Stamp) String() string { return string(s.Append(nil)) }

// MarshalText writes the time. It fails for a year that does not have four
// digits.
func (s Stamp) MarshalText() ([]byte, error) {
	if y := s.Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("write time: the year %d does not have four digits", y)
	}
	return s.Append(make([]byte, 0, len(microseconds))), nil
}

// MarshalJSON writes the time as a JSON string. It fails as MarshalText does.
func (s Stamp) MarshalJSON() ([]byte, error) {
	text, err := s.MarshalText()
	if err != nil {
		return nil, err
	}
	return append(append([]byte{'"'}, text...), '"'), nil
}
