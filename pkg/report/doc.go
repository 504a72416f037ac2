// Package report writes the monthly report: one row per play of a month of the
// station, and totals per title, per show and per track type, as JSON, CSV or
// XLSX.
//
// It promises that a play belongs to the month in which it starts, and that it
// is listed with the time for which it was audible, rounded to milliseconds.
// Every total is exactly the sum over the listed plays. Plays are streamed in
// one pass: memory is bounded by the number of distinct titles and shows, not
// by the number of plays. An error of the source, or the end of the context,
// ends the report with that error. The output until then is incomplete, and
// must not look complete to its receiver. Nothing is written before the source
// has delivered some of the plays, so a source that fails at once leaves the
// writer untouched. The package knows neither HTTP nor SQL.
package report
