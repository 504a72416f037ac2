// Package chapters makes the chapters of a recording out of what was heard, and
// writes them as players read them: JSON chapters of Podcasting 2.0, WebVTT and cue
// sheets.
//
// It promises that chapters lie within the recording, in the order of their times,
// and never overlap; and that no title can break a file, whatever characters it has.
package chapters
