package stationtime

import (
	"errors"
	"strings"
	"time"
)

// MaxAhead is how much the sender's clock may be ahead of ours.
const MaxAhead = 5 * time.Second

// Reading is what a written time means.
type Reading struct {
	// Time is the instant: UTC, microseconds.
	Time time.Time
	// Other is the other occurrence if the time had no offset and is in an hour
	// that a clock change repeats, otherwise zero.
	Other time.Time
	// Shifted: the time had no offset and is in an hour that a clock change
	// skips. It was moved forward by the length of the change.
	Shifted bool
}

// Parse reads a date and a time such as 2020-06-27 19:14:00,
// 2020-06-27T19:14:00.123456 or 2020-06-27T19:14:00+02:00. Seconds may be
// missing. A fraction has at most nanoseconds; digits finer than microseconds
// are cut off. A time with an offset means that instant; a time without an
// offset is in the zone. A time in a repeated hour means the occurrence nearest
// to its arrival, and the earlier one if both are equally near. The error says
// what is expected, in words fit for the sender.
func (z *Zone) Parse(s string, arrival time.Time) (Reading, error) {
	w, err := readMoment(strings.TrimSpace(s))
	if err != nil {
		return Reading{}, err
	}
	if w.hasOffset {
		return Reading{Time: w.wall.Add(-w.offset)}, nil
	}
	m := z.moments(w.wall)
	if len(m.at) == 0 {
		return Reading{Time: m.ahead, Shifted: true}, nil
	}
	first, last := m.at[0], m.at[len(m.at)-1]
	switch {
	case len(m.at) == 1:
		return Reading{Time: first}, nil
	case arrival.Sub(first).Abs() <= arrival.Sub(last).Abs():
		return Reading{Time: first, Other: last}, nil
	default:
		return Reading{Time: last, Other: first}, nil
	}
}

// written is a date and a time as the sender wrote them.
type written struct {
	wall      time.Time     // what is written before the offset, as if it were UTC
	rest      time.Duration // from wall to the last microsecond of the second or minute that is written
	offset    time.Duration
	hasOffset bool
}

// The errors are rules: they are shown to the sender with the field's name and
// its value.
var (
	errMoment = errors.New("must be a date and a time, such as 2020-06-27 19:14:00 or 2020-06-27T19:14:00+02:00")
	errHour   = errors.New("must be a possible time: hours are 00 to 23, and midnight is 00:00 of the next day")
	errMinute = errors.New("must be a possible time: minutes are 00 to 59")
	errSecond = errors.New("must be a possible time: seconds are 00 to 59, also in a leap second")
	errOffset = errors.New("must have a possible offset, such as Z, +02:00 or -0330")
)

// readMoment reads all of s.
func readMoment(s string) (written, error) {
	r := reader{rest: s}
	date, ok, err := r.date()
	if err != nil {
		return written{}, err
	}
	if !ok || !r.skip("Tt ") {
		return written{}, errMoment
	}
	clock, unit, err := r.clock()
	if err != nil {
		return written{}, err
	}
	w := written{wall: date.Add(clock), rest: unit - time.Microsecond}
	r.rest = strings.TrimLeft(r.rest, " ")
	if r.rest == "" {
		return w, nil
	}
	w.hasOffset = true
	w.offset, err = r.offset()
	if err == nil && r.rest != "" {
		err = errMoment
	}
	return w, err
}

// reader takes parts off the left of a text.
type reader struct {
	rest string
}

// digits takes exactly n digits.
func (r *reader) digits(n int) (value int, ok bool) {
	if len(r.rest) < n {
		return 0, false
	}
	for _, c := range []byte(r.rest[:n]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		value = value*10 + int(c-'0')
	}
	r.rest = r.rest[n:]
	return value, true
}

// skip takes one of the characters in among.
func (r *reader) skip(among string) bool {
	if r.rest == "" || strings.IndexByte(among, r.rest[0]) < 0 {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// clock takes hours and minutes, and seconds with their fraction if they are
// present. unit is how much of the day is written: a minute, a second, or with a
// fraction a microsecond.
func (r *reader) clock() (of, unit time.Duration, err error) {
	hour, okHour := r.digits(2)
	colon := r.skip(":")
	minute, okMinute := r.digits(2)
	if !okHour || !colon || !okMinute {
		return 0, 0, errMoment
	}
	unit = time.Minute
	var second int
	var fraction time.Duration
	if r.skip(":") {
		var ok bool
		unit = time.Second
		if second, ok = r.digits(2); !ok {
			return 0, 0, errMoment
		}
		if r.skip(".,") { // ISO 8601 allows both
			unit = time.Microsecond
			if fraction, ok = r.fraction(); !ok {
				return 0, 0, errMoment
			}
		}
	}
	switch {
	case hour > 23:
		return 0, 0, errHour
	case minute > 59:
		return 0, 0, errMinute
	case second > 59:
		return 0, 0, errSecond
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + fraction.Truncate(time.Microsecond), unit, nil
}

// fraction takes one to nine digits of a second.
func (r *reader) fraction() (time.Duration, bool) {
	value, unit := time.Duration(0), time.Second
	for unit > 1 {
		digit, ok := r.digits(1)
		if !ok {
			break
		}
		unit /= 10
		value += time.Duration(digit) * unit
	}
	return value, unit < time.Second
}

// offset takes Z, +02:00, +0200 or +02.
func (r *reader) offset() (time.Duration, error) {
	if r.skip("Zz") {
		return 0, nil
	}
	sign := time.Duration(1)
	switch {
	case r.skip("-"):
		sign = -1
	case !r.skip("+"):
		return 0, errMoment
	}
	hours, ok := r.digits(2)
	if !ok {
		return 0, errOffset
	}
	minutes := 0
	if colon := r.skip(":"); colon || r.rest != "" {
		if minutes, ok = r.digits(2); !ok {
			return 0, errOffset
		}
	}
	if hours > 23 || minutes > 59 {
		return 0, errOffset
	}
	return sign * (time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute), nil
}
