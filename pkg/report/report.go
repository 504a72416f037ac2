package report

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
)

// Report is what is written about a period.
type Report struct {
	Period Period
	// Plays are those of the period, and those next to it; see Period.Around. The
	// latter are not listed. They tell where holes at the ends of the period begin
	// and end.
	Plays Plays
	// HoleAfter is Config.HoleAfter.
	HoleAfter time.Duration
	// Made is when the report is made. A hole that goes on lasts until then.
	Made time.Time
	// RuleVersions are the versions of the rules by which it was derived what was
	// heard in the period, in ascending order.
	RuleVersions []int
	// Purges are those by which some plays of the period are gone.
	Purges model.Purges
	// Station is the author of a workbook, "" if that is not known.
	Station string
	// GuardFormulas keeps spreadsheets from taking texts of a CSV for formulas.
	GuardFormulas bool

	// inMemory is how many bytes of totals of each kind stay in memory; 0 is
	// mostInMemory.
	inMemory int
}

// plays calls fn for every play of the period.
func (r *Report) plays(ctx context.Context, fn func(*Play) error) error {
	return r.Plays(ctx, func(p Play) error {
		if !r.Period.has(p.From) {
			return nil
		}
		return fn(&p)
	})
}

// rules are the versions as text.
func (r *Report) rules() string {
	texts := make([]string, len(r.RuleVersions))
	for i, version := range r.RuleVersions {
		texts[i] = strconv.Itoa(version)
	}
	return strings.Join(texts, ", ")
}

// purged says in words which plays are gone.
func (r *Report) purged() string {
	texts := make([]string, len(r.Purges))
	for i := range r.Purges {
		texts[i] = r.Purges[i].What()
	}
	return strings.Join(texts, "; ")
}

// each calls fn for every row of a part. Only some totals are kept in memory.
func (r *Report) each(ctx context.Context, part Part, fn func(record) error) error {
	switch part {
	case PartPlays:
		return r.plays(ctx, func(p *Play) error { return fn(p) })
	case PartHoles:
		return r.holes(ctx, func(h *hole) error { return fn(h) })
	}
	t, err := r.tally(ctx, func(*Play) error { return nil })
	if err != nil {
		return err
	}
	return errors.Join(t.each(part, fn), t.close())
}

// failed is the error of a report; nil if there is none.
func failed(err error) error {
	if err != nil {
		err = fmt.Errorf("write report: %w", err)
	}
	return err
}
