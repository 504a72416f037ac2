package onair

import (
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// Period is a time during which one rule counts.
type Period struct {
	Window
	Rule model.HeardRule
}

// Lookback is how long before a period what started still counts in it. Whatever
// started earlier is not heard in the period.
const Lookback = 24 * time.Hour

// Periods are the times of the rules, in order, without gaps from the beginning
// to the end of time. Without rules it is one period, of the default rule. The
// first rule also counts before its time.
func Periods(rules []model.HeardRule) []Period {
	if len(rules) == 0 {
		rules = []model.HeardRule{model.DefaultHeardRule()}
	}
	rules = slices.SortedFunc(slices.Values(rules), func(a, b model.HeardRule) int { return a.From.Compare(b.From) })
	periods := make([]Period, len(rules))
	for i, r := range rules {
		periods[i].Rule = r
		if i > 0 {
			periods[i].From, periods[i-1].To = r.From, r.From
		}
	}
	return periods
}

// Versions are those of the rules that count at any time of the window, each once,
// in ascending order.
func Versions(rules []model.HeardRule, w Window) (versions []int) {
	for _, p := range Periods(rules) {
		if _, ok := w.Intersect(p.Window); ok {
			versions = append(versions, p.Rule.Version)
		}
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}

// Counting are the rules after another one begins to count at its time: whatever
// counted since then does not count any more.
func Counting(rules []model.HeardRule, r model.HeardRule) []model.HeardRule {
	if len(rules) == 0 {
		rules = []model.HeardRule{model.DefaultHeardRule()}
	}
	return append(slices.DeleteFunc(slices.Clone(rules), func(known model.HeardRule) bool { return !known.From.Before(r.From) }), r)
}

// Since is the start of the earliest play that counts in the period; zero if all
// do.
func (p Period) Since() time.Time {
	if p.From.IsZero() {
		return time.Time{}
	}
	return p.From.Add(-Lookback)
}

// Config are the settings of the period's rule for package heard.
func (p Period) Config() heard.Config {
	return heard.Config{FallbackShows: p.Rule.FallbackShows, LongestFile: p.Rule.LongestFile, LongestLive: p.Rule.LongestLive}
}
