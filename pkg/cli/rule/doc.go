// Package rule is the command that shows by which rules it is derived what was
// heard, tries another one, and lets it count.
//
// It promises that a trial changes nothing, and that only the service that decides
// for the station lets a rule count.
package rule
