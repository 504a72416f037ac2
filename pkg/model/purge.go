package model

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// PurgeableAfter is how old a play must be before it may be purged. So a slip of the
// pen never takes what a station still works with, and what an engine plays now is
// never compared with purges.
const PurgeableAfter = 31 * 24 * time.Hour

// Purge is a person's decision that the plays before a time are gone for ever, and
// the tombstone that remains of them. Every database of a station has it, so that
// none gives them back to another.
type Purge struct {
	// Before is the bound: what was played before is gone. A play that was moved over
	// the bound is gone, or not, by where it is now. UTC, microseconds.
	Before time.Time
	Source int // 0: every source
	At     time.Time
	By     string
	Reason string
	// Gone is what was deleted in the database where it was decided, and Done that
	// this was all of it.
	Gone []Gone
	Done bool
	// Seal is by what the database where it was decided knows it again, and nobody
	// else. It is zero if it has none.
	Seal Fingerprint
}

// SealedBy is the seal that a database with a secret of its own gives the purge.
func (p *Purge) SealedBy(secret Fingerprint) Fingerprint {
	uid := p.UID()
	mac := hmac.New(sha256.New, secret[:])
	mac.Write(uid[:])
	return Fingerprint(mac.Sum(nil)[:len(Fingerprint{})])
}

// Gone is how much of a source and a month was deleted.
type Gone struct {
	Source  int    `json:"source"`
	Month   string `json:"month"` // of the station, such as 2020-06
	Entries int64  `json:"entries"`
	// Length adds up the lengths that were told, except those of void entries.
	Length time.Duration `json:"length"`
}

// AddGone adds up what was deleted, by source and month.
func AddGone(a []Gone, b ...Gone) []Gone {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(a, b Gone) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Month, b.Month))
	})
	sums := all[:0]
	for _, g := range all {
		if n := len(sums) - 1; n >= 0 && sums[n].Source == g.Source && sums[n].Month == g.Month {
			sums[n].Entries += g.Entries
			sums[n].Length += g.Length
			continue
		}
		sums = append(sums, g)
	}
	return sums
}

// Total is the sum of all that was deleted.
func Total(all []Gone) (sum Gone) {
	for _, g := range all {
		sum.Entries += g.Entries
		sum.Length += g.Length
	}
	return sum
}

// GoneOf is what counts of an entry, in a month.
func GoneOf(e Entry, month string) Gone {
	g := Gone{Source: e.LogSource, Month: month, Entries: 1}
	if !e.Overlay.Void {
		g.Length = e.Effective().Duration
	}
	return g
}

// UID identifies the purge in every database.
func (p *Purge) UID() Fingerprint {
	d := newDigest("purge/1")
	d.time(p.Before)
	d.number(int64(p.Source))
	d.time(p.At)
	d.text(p.By)
	d.text(p.Reason)
	return d.sum()
}

// Normalize brings the purge into the form in which it is stored.
func (p *Purge) Normalize() {
	p.Before = p.Before.UTC().Truncate(time.Microsecond)
	p.At = p.At.UTC().Truncate(time.Microsecond)
	p.By, _ = cleanText(p.By, MaxText)
	p.Reason, _ = cleanText(p.Reason, MaxReason)
}

// Validate refuses a purge that nobody may decide now, or that says neither who
// decided it nor why. Call it on a normalized purge. The error is an *InvalidError.
func (p *Purge) Validate(now time.Time) error {
	var wrong []FieldError
	add := func(field, value, rule string) { wrong = append(wrong, NewFieldError(field, value, rule)) }
	if last := now.Add(-PurgeableAfter); p.Before.After(last) || p.Before.Before(minTime) {
		add("before", p.Before.Format(time.RFC3339), "must be at least 31 days ago")
	}
	if p.Source < 0 || p.Source != 0 && ValidateSource("source", p.Source) != nil {
		add("source", strconv.Itoa(p.Source), "must be a source, or 0 for all")
	}
	if p.At.Before(minTime) || p.At.After(maxTime) {
		add("at", p.At.Format(time.RFC3339), "must be after 1970-01-01 and before 9999")
	}
	if p.By == "" {
		add("by", "", "is required: who decided it")
	}
	if p.Reason == "" {
		add("reason", "", "is required: why the plays are purged")
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}

// Of is the purge as far as it is about a source, and whether it is about that at
// all. It is another one then, without a seal.
func (p Purge) Of(source int) (Purge, bool) {
	if p.Source != 0 && p.Source != source {
		return Purge{}, false
	}
	p.Source, p.Seal = source, Fingerprint{}
	p.Gone = slices.DeleteFunc(slices.Clone(p.Gone), func(g Gone) bool { return g.Source != source })
	return p, true
}

// KnowsMore reports whether p says more of what was deleted than another copy of it.
func (p *Purge) KnowsMore(than *Purge) bool {
	mine, other := Total(p.Gone), Total(than.Gone)
	return mine.Entries > other.Entries || mine.Entries == other.Entries && p.Done && !than.Done
}

// covers reports whether a play of a source that began then is gone.
func (p *Purge) covers(source int, at time.Time) bool {
	return at.Before(p.Before) && (p.Source == 0 || p.Source == source)
}

// Refusal is why a play that is gone is not stored again.
func (p *Purge) Refusal(at time.Time) *InvalidError {
	return Invalid("track_start", at.UTC().Format(time.RFC3339), p.String())
}

// String says in words what is gone, and who decided it.
func (p *Purge) String() string { return p.What() + " by " + p.By + ": " + p.Reason }

// What says in words what is gone since when, in the zone of the purge's times.
func (p *Purge) What() string {
	of := "plays"
	if p.Source != 0 {
		of = fmt.Sprintf("plays of source %d", p.Source)
	}
	return fmt.Sprintf("%s before %s were purged on %s", of, p.Before.Format(time.RFC3339), p.At.Format(time.DateOnly))
}

// PurgedError says that what was asked for is gone by a purge.
type PurgedError struct{ Purge Purge }

// Error is Purge.String.
func (e *PurgedError) Error() string { return e.Purge.String() }

// Purges are all those that a database knows.
type Purges []Purge

// Valid are those that another node may have decided, and what is wrong with the
// others.
func (all Purges) Valid(now time.Time) (good Purges, wrong error) {
	for _, p := range all {
		if err := p.Validate(now); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("a purge of %s: %w", p.At.UTC().Format(time.RFC3339), err))
			continue
		}
		good = append(good, p)
	}
	return good, wrong
}

// Covering is the purge by which a play of a source, or of every source if that is 0,
// that began then is gone; nil if it is not.
func (all Purges) Covering(source int, at time.Time) *Purge {
	for i := range all {
		if all[i].covers(source, at) {
			return &all[i]
		}
	}
	return nil
}

// Bound is before when the plays of a source, or of every source if that is 0, are
// gone; zero if none are.
func (all Purges) Bound(source int) (bound time.Time) {
	for _, p := range all {
		if (p.Source == 0 || p.Source == source) && p.Before.After(bound) {
			bound = p.Before
		}
	}
	return bound
}

// MayBePurged reports whether a play that began then is old enough.
func MayBePurged(at, now time.Time) bool { return now.Sub(at) >= PurgeableAfter }
