package stationtime

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	errDate  = errors.New("must be a date, such as 2020-06-27")
	errMonth = errors.New("must be a month, such as 2020-06")
	errBound = errors.New("must be a date, such as 2020-06-27, or a date and a time, such as 2020-06-27 19:14:00 or 2020-06-27T19:14:00+02:00")
)

// Day is a day of the zone: half open, from its first moment to the first
// moment of the next day. It is empty if the zone skipped that day. The error
// says what is expected, in words fit for the sender.
func (z *Zone) Day(date string) (from, to time.Time, err error) {
	r := reader{rest: strings.TrimSpace(date)}
	day, ok, err := r.date()
	switch {
	case err != nil:
		return time.Time{}, time.Time{}, err
	case !ok || r.rest != "":
		return time.Time{}, time.Time{}, errDate
	}
	return z.first(day), z.first(day.AddDate(0, 0, 1)), nil
}

// Month is a month of the zone, written 2020-06 or 2020_06: half open. The
// error says what is expected, in words fit for the sender.
func (z *Zone) Month(s string) (from, to time.Time, err error) {
	r := reader{rest: strings.TrimSpace(s)}
	month, ok, err := r.month("-_")
	switch {
	case err != nil:
		return time.Time{}, time.Time{}, err
	case !ok || r.rest != "":
		return time.Time{}, time.Time{}, errMonth
	}
	return z.first(month), z.first(month.AddDate(0, 1, 0)), nil
}

// From is the first moment that a query asks for. A date alone means the first
// moment of that day. A time in a repeated hour means its first occurrence. The
// error says what is expected, in words fit for the sender.
func (z *Zone) From(s string) (time.Time, error) {
	from, _, err := z.bounds(s)
	return from, err
}

// To is the last moment, to the microsecond, that a query asks for. A date
// alone means the last moment of that day, and a time without a fraction the
// last moment of its second or minute. A time in a repeated hour means its last
// occurrence. The error says what is expected, in words fit for the sender.
func (z *Zone) To(s string) (time.Time, error) {
	_, to, err := z.bounds(s)
	return to, err
}

// bounds are the first and the last moment, both inclusive, of the time or day
// that s names. A time in a skipped hour is shifted as Parse does, so that an
// entry logged under a time is found under that time.
func (z *Zone) bounds(s string) (first, last time.Time, err error) {
	s = strings.TrimSpace(s)
	if len(s) == len(time.DateOnly) {
		from, to, err := z.Day(s)
		switch {
		case errors.Is(err, errDate):
			return time.Time{}, time.Time{}, errBound
		case err != nil:
			return time.Time{}, time.Time{}, err
		}
		return from, to.Add(-time.Microsecond), nil
	}
	w, err := readMoment(unescapePlus(s))
	switch {
	case errors.Is(err, errMoment):
		return time.Time{}, time.Time{}, errBound
	case err != nil:
		return time.Time{}, time.Time{}, err
	case w.hasOffset:
		at := w.wall.Add(-w.offset)
		return at, at.Add(w.rest), nil
	}
	m := z.moments(w.wall)
	if len(m.at) == 0 {
		return m.ahead, m.ahead.Add(w.rest), nil
	}
	return m.at[0], m.at[len(m.at)-1].Add(w.rest), nil
}

// unescapePlus repairs an offset that was copied from an answer into a query
// unescaped: in a query, + means a blank. Only an offset can follow a blank
// that late.
func unescapePlus(s string) string {
	const shortest = len("2020-06-27T19:14")
	i := strings.LastIndexByte(s, ' ')
	if i < shortest || s[i+1] < '0' || s[i+1] > '9' {
		return s
	}
	return s[:i] + "+" + s[i+1:]
}

// date takes a date; ok is false if there is no date, and err is set if the
// date is impossible.
func (r *reader) date() (day time.Time, ok bool, err error) {
	month, ok, err := r.month("-")
	if !ok || err != nil || !r.skip("-") {
		return time.Time{}, false, err
	}
	n, ok := r.digits(2)
	if !ok {
		return time.Time{}, false, nil
	}
	if last := month.AddDate(0, 1, -1).Day(); n < 1 || n > last {
		return time.Time{}, false, fmt.Errorf("must be a possible date: %s has the days 01 to %02d", month.Format("2006-01"), last)
	}
	return month.AddDate(0, 0, n-1), true, nil
}

// month takes a year and a month with one of the separators between, and
// returns the month's first day.
func (r *reader) month(separators string) (first time.Time, ok bool, err error) {
	year, okYear := r.digits(4)
	separator := r.skip(separators)
	month, okMonth := r.digits(2)
	switch {
	case !okYear || !separator || !okMonth:
		return time.Time{}, false, nil
	case month < 1 || month > 12:
		return time.Time{}, false, errors.New("must be a possible date: months are 01 to 12")
	}
	return time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC), true, nil
}
