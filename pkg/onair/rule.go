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
