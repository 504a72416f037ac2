package stationtime

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	errDate   = errors.New("must be a date, such as 2020-06-27")
	errPeriod = errors.New("must be a month, such as 2020-06, a quarter (2020-Q2), a week by ISO 8601 (2020-W26) or a year (2020)")
	errBound  = errors.New("must be a date, such as 2020-06-27, or a date and a time, such as 2020-06-27 19:14:00 or 2020-06-27T19:14:00+02:00")
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

// Period is a month, a quarter, a week or a year of the zone: half open. They are
// written 2020-06, 2020-Q2, 2020-W26 and 2020, also with _ in the place of -. A
// week is that of ISO 8601: it begins on a Monday, and belongs to the year that has
// its Thursday. name is how the period is written with -. The error says what is
// expected, in words fit for the sender.
func (z *Zone) Period(s string) (name string, from, to time.Time, err error) {
	name = strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"))
	first, end, err := readPeriod(name)
	if err != nil {
		return "", time.Time{}, time.Time{}, err
	}
	return name, z.first(first), z.first(end), nil
}

// readPeriod returns the first day of a period and the day after it.
func readPeriod(name string) (first, end time.Time, err error) {
	r := reader{rest: name}
	year, ok := r.digits(4)
	january := time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC)
	switch {
	case ok && r.rest == "":
		return january, january.AddDate(1, 0, 0), nil
	case ok && strings.HasPrefix(r.rest, "-Q"):
		return quarter(january, r.rest[2:])
	case ok && strings.HasPrefix(r.rest, "-W"):
		return week(january, r.rest[2:])
	}
	r.rest = name
	month, ok, err := r.month()
	switch {
	case err != nil:
		return time.Time{}, time.Time{}, err
	case !ok || r.rest != "":
		return time.Time{}, time.Time{}, errPeriod
	}
	return month, month.AddDate(0, 1, 0), nil
}

// quarter is a quarter of the year that begins on that day.
func quarter(january time.Time, number string) (first, end time.Time, err error) {
	r := reader{rest: number}
	n, ok := r.digits(1)
	switch {
	case !ok || r.rest != "":
		return time.Time{}, time.Time{}, errPeriod
	case n < 1 || n > 4:
		return time.Time{}, time.Time{}, errors.New("must be a possible quarter: a year has Q1 to Q4")
	}
	first = january.AddDate(0, 3*(n-1), 0)
	return first, first.AddDate(0, 3, 0), nil
}

// week is a week of the year that begins on that day. January 4th is always in
// the first week, and December 28th in the last one.
func week(january time.Time, number string) (first, end time.Time, err error) {
	r := reader{rest: number}
	n, ok := r.digits(2)
	if !ok || r.rest != "" {
		return time.Time{}, time.Time{}, errPeriod
	}
	if _, last := january.AddDate(0, 11, 27).ISOWeek(); n < 1 || n > last {
		return time.Time{}, time.Time{}, fmt.Errorf("must be a possible week: %s has W01 to W%d", january.Format("2006"), last)
	}
	fourth := january.AddDate(0, 0, 3)
	sinceMonday := (int(fourth.Weekday()) + 6) % 7
	first = fourth.AddDate(0, 0, 7*(n-1)-sinceMonday)
	return first, first.AddDate(0, 0, 7), nil
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
	month, ok, err := r.month()
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

// month takes a year and a month, and returns the month's first day.
func (r *reader) month() (first time.Time, ok bool, err error) {
	year, okYear := r.digits(4)
	separator := r.skip("-")
	month, okMonth := r.digits(2)
	switch {
	case !okYear || !separator || !okMonth:
		return time.Time{}, false, nil
	case month < 1 || month > 12:
		return time.Time{}, false, errors.New("must be a possible date: months are 01 to 12")
	}
	return time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC), true, nil
}
