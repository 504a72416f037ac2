package onair

import (
	"slices"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// Sounding returns the segments of what was heard of a source within w, oldest
// first. entries has the number of each play's entry.
func Sounding(w Window, source int, plays []heard.Heard, entries map[model.Fingerprint]int64) []Segment {
	var segments []Segment
	for _, p := range plays {
		for i, in := range p.Intervals {
			segments = append(segments, Segment{
				Entry: entries[p.ID], Fingerprint: p.ID, Source: source, From: in.From, Until: in.Until,
				Estimated: p.Estimated && i == len(p.Intervals)-1,
			})
		}
	}
	slices.SortFunc(segments, byTime)
	return Clip(segments, w)
}

// Clip returns the parts of segments within w.
func Clip(segments []Segment, w Window) []Segment {
	var within []Segment
	for _, s := range segments {
		if s.From.Before(w.From) {
			s.From = w.From
		}
		if !w.To.IsZero() && (s.Until.IsZero() || s.Until.After(w.To)) {
			s.Until, s.Estimated = w.To, false
		}
		if s.Until.IsZero() || s.From.Before(s.Until) {
			within = append(within, s)
		}
	}
	return within
}
