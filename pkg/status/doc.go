// Package status holds the rules for what sources and people say of the state of
// a source: the studio clock, health and maintenance.
//
// It promises that what arrives last counts, also after the host's clock was set
// back and if several arrive at once (see Rule); that of two clocks the same one
// counts in every database, in whatever order they come (see Later); and that
// nothing which is told of the future hides what comes after it. It knows neither
// HTTP nor SQL.
//
// Clock and maintenance are one statement of each source. Health is a timeline of
// states. A report that says nothing new confirms the last state, so a day of
// 8,640 reports is a few states (see HealthRule); a report may tell an earlier
// time and then is history. A state is known by its first report. Copies of it
// merge the same way in whatever order they come (see MergeHealth). The first and
// the last report of each state are kept, and with them what health said next to
// a fallback play, which closes the state.
//
// From the details it reads fallback, silence, a level that is frozen, and
// restarts (see model.Sign). A store is told which state to keep, and a Watch
// tells Prometheus. Lives knows when each source was last heard at all, without a
// store.
package status
