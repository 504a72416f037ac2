package model

import (
	"errors"
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

// RulesDiffer is since when two lists of rules, in the order of their times, derive
// something else. The first rule of a list also counts before its time, so a
// difference of these counts from the beginning, which is zero.
func RulesDiffer(a, b []HeardRule) (from time.Time, differ bool) {
	for i := range max(len(a), len(b)) {
		switch {
		case i < len(a) && i < len(b) && a[i].From.Equal(b[i].From) && a[i].IsSame(b[i]):
			continue
		case i == 0:
			return time.Time{}, true
		case i >= len(a) || i < len(b) && b[i].From.Before(a[i].From):
			return b[i].From, true
		}
		return a[i].From, true
	}
	return time.Time{}, false
}

// ValidateRules refuses a list of rules that another node can't be followed in:
// an empty one, one that is not in the order of its times, or one with a version
// that only a later program knows.
func ValidateRules(rules []HeardRule) error {
	if len(rules) == 0 {
		return errors.New("there is no rule")
	}
	for i, r := range rules {
		switch {
		case r.Version != RuleAsSaid && r.Version != RuleHeard:
			return fmt.Errorf("rule %d is of a later version of this program", r.Version)
		case r.From.Before(Earliest) || r.From.After(Within(r.From)):
			return fmt.Errorf("a rule can't count from %s", r.From.Format(time.RFC3339))
		case i > 0 && !rules[i-1].From.Before(r.From):
			return errors.New("the rules are not in the order of their times")
		case r.LongestFile < 0 || r.LongestLive < 0:
			return errors.New("the longest unknown duration is negative")
		}
	}
	return nil
}

// String tells the rule in words.
func (r HeardRule) String() string {
	if r.Version == RuleAsSaid {
		return "rule 1: each play as it was said"
	}
	return fmt.Sprintf("rule %d: fallback shows %q, unknown durations up to %v (files) and %v (streams and lines)",
		r.Version, strings.Join(r.FallbackShows, ", "), r.LongestFile, r.LongestLive)
}
