package onairtest

import (
	"cmp"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
)

// Station is all that a station knows, in any order.
type Station struct {
	Rules         []model.HeardRule
	Entries       []model.Entry
	Healths       []model.Health
	Activations   []model.Activation
	DefaultSource int
}

// Log is the whole on-air log. It derives all of each source by each rule, and
// only then takes what each rule and each activation lets through.
func (s Station) Log() []onair.Segment {
	var log []onair.Segment
	audible := make(map[int][]onair.Segment)
	activations := slices.SortedFunc(slices.Values(s.Activations), func(a, b model.Activation) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Epoch, b.Epoch))
	})
	for _, r := range onair.Reigns(onair.Window{}, activations, s.DefaultSource) {
		if audible[r.Source] == nil {
			audible[r.Source] = s.Source(r.Source)
		}
		log = append(log, onair.Clip(audible[r.Source], r.Window)...)
	}
	return join(log)
}

// Source is the whole log of one source, whatever is active.
func (s Station) Source(source int) (log []onair.Segment) {
	for _, p := range onair.Periods(s.Rules) {
		if p.Rule.Version == model.RuleAsSaid {
			log = append(log, onair.Derive(p.Window, s.records(source), nil, source)...)
			continue
		}
		plays, entries := s.plays(source, p)
		log = append(log, onair.Sounding(p.Window, source, heard.Derive(p.Config(), plays, s.reports(source)), entries)...)
	}
	return join(log)
}

// Why says why something was not heard of each play of a source, or not wholly: by
// the rule that counts at its start.
func (s Station) Why(source int) map[model.Fingerprint][]heard.Why {
	reasons := make(map[model.Fingerprint][]heard.Why)
	for _, p := range onair.Periods(s.Rules) {
		plays, _ := s.plays(source, p)
		derived := heard.Derive(p.Config(), plays, s.reports(source))
		if p.Rule.Version == model.RuleAsSaid {
			derived = onair.AsSaid(plays, time.Time{})
		}
		for _, h := range derived {
			start := plays[slices.IndexFunc(plays, func(p heard.Play) bool { return p.ID == h.ID })].Start
			if !start.Before(p.From) && (p.To.IsZero() || start.Before(p.To)) {
				reasons[h.ID] = h.Why
			}
		}
	}
	return reasons
}

func (s Station) records(source int) (records []onair.Record) {
	for _, e := range s.Entries {
		if e.LogSource == source && !e.Overlay.Void {
			records = append(records, onair.NewRecord(e))
		}
	}
	return records
}

func (s Station) plays(source int, p onair.Period) (plays []heard.Play, entries map[model.Fingerprint]int64) {
	entries = make(map[model.Fingerprint]int64)
	for _, e := range s.Entries {
		if e.LogSource == source && !e.PlayedAt().Before(p.Since()) {
			id := e.Fingerprint()
			plays = append(plays, heard.NewPlay(id, e))
			entries[id] = e.ID
		}
	}
	return plays, entries
}

func (s Station) reports(source int) (reports []heard.Report) {
	for _, h := range s.Healths {
		if h.Source == source {
			reports = append(reports, heard.NewReports(h)...)
		}
	}
	return reports
}

// join puts segments together that are one.
func join(log []onair.Segment) (joined []onair.Segment) {
	slices.SortFunc(log, func(a, b onair.Segment) int { return a.From.Compare(b.From) })
	for _, s := range log {
		if n := len(joined); n > 0 && joined[n-1].Fingerprint == s.Fingerprint && joined[n-1].Until.Equal(s.From) {
			joined[n-1].Until, joined[n-1].Estimated = s.Until, s.Estimated
			continue
		}
		joined = append(joined, s)
	}
	return joined
}
