// Package report writes the report of a period of the station: one row per play,
// totals per recording, per show and per track type, and a summary, as JSON, CSV or
// XLSX. It also lists the holes: times in which nothing was heard although something
// should have been.
//
// It promises that a play belongs to the period in which it starts, and that it
// is listed with the time for which it was audible, rounded to milliseconds. Every
// total is exactly the sum over the listed plays that have begun. A title that goes
// on after a switch of the source counts as one play.
//
// A hole is a gap of more than Config.HoleAfter between two plays, or of more than
// five seconds between two plays of one timeslot. Gaps are judged as a whole. Of a
// hole that crosses the end of a period, each period has its part.
//
// Plays are streamed in one pass, and memory is bounded by a few megabytes, however
// many plays, holes, recordings and shows there are: totals that outgrow it are in a
// temporary file, which is gone with the report. An error of the
// source, or the end of the context, ends the report with that error. The output
// until then is incomplete, and must not look complete to its receiver. Nothing is
// written before the source has delivered some of the plays, so a source that fails
// at once leaves the writer untouched. What is audible is decided by Plays, never
// here. The package knows neither HTTP nor SQL.
package report
