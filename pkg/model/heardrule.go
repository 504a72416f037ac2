package model

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The versions of the rule by which what was heard follows from what was said.
const (
	// RuleAsSaid takes each play as it was said: from its start until the next
	// one, or until its duration is over.
	RuleAsSaid = 1
	// RuleHeard knows of repetitions, late arrivals and fallback: package heard.
	RuleHeard = 2
)

// HeardRule is part of a station's record: by which rule, and with which settings, it
// is derived from a time on what was heard. What was before stays as it was
// reported.
type HeardRule struct {
	From    time.Time // UTC; Earliest: from the beginning
	Version int       // one of the Rule constants
	// FallbackShows are the names of shows that stand for an engine's fallback.
	FallbackShows []string
	// LongestFile and LongestLive bound what has no known duration: a file; a
	// stream or a line. Whole milliseconds.
	LongestFile, LongestLive time.Duration
}

// DefaultHeardRule is the rule of a station that sets nothing.
func DefaultHeardRule() HeardRule {
	return HeardRule{
		From:          Earliest,
		Version:       RuleHeard,
		FallbackShows: []string{"Fallback"},
		LongestFile:   15 * time.Minute,
		LongestLive:   4 * time.Hour,
	}
}

// IsSame reports whether two rules derive the same, whenever they count from.
func (r HeardRule) IsSame(other HeardRule) bool {
	return r.Version == other.Version && r.LongestFile == other.LongestFile && r.LongestLive == other.LongestLive &&
		slices.Equal(r.FallbackShows, other.FallbackShows)
}

// String tells the rule in words.
func (r HeardRule) String() string {
	if r.Version == RuleAsSaid {
		return "rule 1: each play as it was said"
	}
	return fmt.Sprintf("rule %d: fallback shows %q, unknown durations up to %v (files) and %v (streams and lines)",
		r.Version, strings.Join(r.FallbackShows, ", "), r.LongestFile, r.LongestLive)
}
