package sqldb

import "time"

// StartOfDay is the beginning of a time's day in UTC. The databases keep the
// lengths of long lists by that day.
func StartOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// NextDay is the day after the day.
func NextDay(day time.Time) time.Time { return day.AddDate(0, 0, 1) }

// Date is a day in the databases' format.
func Date(day time.Time) string { return day.Format(time.DateOnly) }

// WholeDays are the days in [from, to] of which nothing is missing, without the
// day of to itself: those from first until before last. What remains are
// [from, first) and [last, to]. If there are no whole days, first and last are
// from.
func WholeDays(from, to time.Time) (first, last time.Time) {
	first, last = StartOfDay(from), StartOfDay(to)
	if first.Before(from) {
		first = NextDay(first)
	}
	if !first.Before(last) {
		return from, from
	}
	return first, last
}
