// Package stationtime says what times mean at the station: times without an
// offset, and the station's days and months.
//
// It promises that every time that is understood means one instant, also in
// the hours that a change of the clocks repeats or skips, that a time which is
// impossible is refused and never bent into another, and that consecutive days
// and months follow each other without gap or overlap in every zone of the IANA
// database, whatever their clocks did: days have 23, 24 or 25 hours, may begin
// at 01:00, and one that a zone skipped altogether is empty. The database is
// embedded, so a host without one answers alike. Results are UTC with
// microseconds.
package stationtime
