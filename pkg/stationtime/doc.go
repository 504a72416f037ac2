// Package stationtime says what times mean at the station: times without an
// offset, and the station's days and months. It also says how services write
// times.
//
// It promises that every time that is understood means one instant, also in the
// hours that a clock change repeats or skips. An impossible time is refused and
// never turned into another one. Consecutive days and months follow each other
// without gap or overlap in every zone of the IANA database, whatever its
// clocks did. Days have 23, 24 or 25 hours, and may begin at 01:00; a day that
// a zone skipped altogether is empty. The database is embedded, so a host
// without one gives the same answers. Results are UTC with microseconds. Every time that
// is written has six digits of a fraction or none, and an offset in digits.
package stationtime
