// Package status holds the rules for what sources and people say of the state of
// a source: the studio clock, health and maintenance.
//
// It promises that what arrives last counts, also after the host's clock was set
// back and if several arrive at once (see Rule); that of two clocks the same one
// counts in every database, in whatever order they come (see Later); and that
// nothing which is told of the future hides what comes after it. It knows neither
// HTTP nor SQL.
//
// Clock and maintenance are one statement of each source. Health is a timeline: a
// status may tell an earlier time and then is history.
package status
