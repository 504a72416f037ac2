package repo_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/onairtest"
)

// The last record starts, and the longest record ends, before the oracle's
// horizon.
const lastStart, longest = 20, 12

// midnight lies between the two days of the histories.
var midnight = onairtest.At(0).Truncate(24*time.Hour).AddDate(0, 0, 1)

func (h *history) anySource(t *rapid.T) int { return rapid.IntRange(1, h.sources+1).Draw(t, "source") }

func anyMinute(t *rapid.T) time.Time {
	return onairtest.At(rapid.IntRange(0, lastStart).Draw(t, "minute"))
}

func anyDuration(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(0, longest).Draw(t, "duration")) * time.Minute
}

// anyRecord is a new record, or a copy of a known record that may say more.
func (h *history) anyRecord(t *rapid.T) model.Record {
	if len(h.records) > 0 && rapid.IntRange(0, 3).Draw(t, "again") == 0 {
		r := rapid.SampledFrom(h.records).Draw(t, "known")
		if rapid.Bool().Draw(t, "told again") {
			again := r.Entry
			again.ReceivedAt = anyMinute(t)
			r.Entry = model.Tell(r.Entry, again)
		}
		r.Entry.Duration = anyDuration(t)
		if rapid.Bool().Draw(t, "as it was played") {
			r.Corrections = nil
		}
		return h.maybeCorrected(t, r)
	}
	return h.maybeCorrected(t, model.Record{Entry: h.anyEntry(t)})
}

func (h *history) anyEntry(t *rapid.T) model.Entry {
	e := model.Entry{
		LogSource:  rapid.IntRange(1, h.sources).Draw(t, "source"),
		TrackStart: anyMinute(t),
		Title:      rapid.SampledFrom([]string{"a", "b", "Á"}).Draw(t, "title"),
		Duration:   anyDuration(t),
	}
	if rapid.IntRange(0, 3).Draw(t, "fallback") == 0 {
		e.ShowName = "Fallback"
	}
	switch rapid.IntRange(0, 3).Draw(t, "arrival") {
	case 0: // not known
	case 1:
		e.ReceivedAt = e.TrackStart
	default:
		e.ReceivedAt = anyMinute(t).Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "tenths")) * 100 * time.Millisecond)
	}
	return e
}

// anyHealth is a state of health.
func (h *history) anyHealth(t *rapid.T) model.Health {
	fallback := rapid.Bool().Draw(t, "fallback")
	at := anyMinute(t).Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "seconds off")) * time.Second)
	s := model.Health{
		Source: rapid.IntRange(1, h.sources).Draw(t, "source"), LogTime: at, ReceivedAt: at, Healthy: true,
		Signs: model.Sign{Fallback: &fallback}.Text(),
	}
	if rapid.Bool().Draw(t, "confirmed") {
		last := at.Add(time.Duration(rapid.IntRange(1, 10).Draw(t, "minutes")) * time.Minute)
		s.Last = model.Report{LogTime: last, ReceivedAt: last}
	}
	return s
}

// anyRules are rules from the beginning on.
func anyRules(t *rapid.T) []model.HeardRule {
	asSaid := model.HeardRule{From: model.Earliest, Version: model.RuleAsSaid}
	first, then := anyRule(t), anyRule(t)
	first.From = model.Earliest
	switch rapid.IntRange(0, 6).Draw(t, "rules") {
	case 0:
		return nil
	case 1:
		return []model.HeardRule{asSaid}
	case 2:
		return []model.HeardRule{asSaid, then}
	case 3: // all plays are older, as after an update
		then.From = onairtest.At(rapid.IntRange(lastStart+1, onairtest.Horizon+1).Draw(t, "after all plays"))
		return []model.HeardRule{asSaid, then}
	case 4:
		back := asSaid
		back.From = then.From.Add(time.Duration(rapid.IntRange(1, 10).Draw(t, "minutes")) * time.Minute)
		return []model.HeardRule{first, then, back}
	case 5:
		return []model.HeardRule{first, then}
	}
	return []model.HeardRule{first}
}

// anyRule counts from some minute on.
func anyRule(t *rapid.T) model.HeardRule {
	r := model.DefaultHeardRule()
	r.From = anyMinute(t)
	r.LongestFile = time.Duration(rapid.IntRange(1, 15).Draw(t, "longest file")) * time.Minute
	if rapid.IntRange(0, 3).Draw(t, "no fallback shows") == 0 {
		r.FallbackShows = nil
	}
	return r
}

func (h *history) maybeCorrected(t *rapid.T, r model.Record) model.Record {
	r.Corrections = slices.Clone(r.Corrections)
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "corrections") {
		r.Corrections = append(r.Corrections, anyCorrection(t))
	}
	r.Normalize()
	return r
}

func anyCorrection(t *rapid.T) model.Correction {
	c := model.Correction{
		Kind:   rapid.SampledFrom([]string{model.CorrectionAmend, model.CorrectionAmend, model.CorrectionVoid, model.CorrectionRestore}).Draw(t, "kind"),
		At:     noon.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "made at")) * time.Hour),
		By:     "alice",
		Reason: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "reason"),
	}
	if c.Kind == model.CorrectionAmend {
		if rapid.Bool().Draw(t, "amends start") {
			c.Changes.TrackStart = new(anyMinute(t))
		}
		if rapid.Bool().Draw(t, "amends duration") {
			c.Changes.Duration = new(anyDuration(t))
		}
		c.Changes.Title = new(rapid.SampledFrom([]string{"a", "c", ""}).Draw(t, "amended title"))
	}
	return c
}
