package model

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kinds of corrections.
const (
	// CorrectionAmend replaces values.
	CorrectionAmend = "amend"
	// CorrectionVoid says that the entry was not played.
	CorrectionVoid = "void"
	// CorrectionRestore undoes a void.
	CorrectionRestore = "restore"
	// CorrectionLog is the record of an entry that a person logged because it
	// was missed.
	CorrectionLog = "log"
)

// MaxReason is the length, in characters, to which a reason is cut.
const MaxReason = 1024

// How many corrections an entry may have. The entry with all its corrections
// must fit into a request between nodes, which is 1 MiB of JSON. At worst a
// correction takes
//
//	by, reason, and seven texts before and after  256 + 1024 + 2·7·256 characters
//	each of them written as \u003c                · 6 bytes = 29,184
//	names, numbers and times                      ≤ 1,300
//
// and the entry itself takes 12,000 bytes: with 32 corrections that is 988 KB.
//
// People get half of that for each database. If the node and the sync node both
// take corrections before they hear of each other's, all of them fit.
const (
	MaxCorrections       = 32
	MaxCorrectionsByHand = MaxCorrections / 2
)

// Room refuses a correction if the entry already has as many corrections by
// hand as it may have. The last one can only be a void, so a wrong entry can
// still be replaced. The error is an *InvalidError.
func (c *Correction) Room(earlier int) error {
	limit := MaxCorrectionsByHand - 1
	if c.Kind == CorrectionVoid {
		limit++
	}
	if earlier < limit {
		return nil
	}
	return Invalid("kind", c.Kind, fmt.Sprintf(
		"the entry already has %d corrections. It may have %d, and the last one must be a void: void the entry, and log what was played as a missed entry", earlier, MaxCorrectionsByHand))
}

// Correction is a separate record about one entry, because a legal log is never
// edited in place.
type Correction struct {
	ID    int64
	Entry Fingerprint // the entry it is about
	Kind  string
	At    time.Time // when it was made: UTC, microseconds
	By    string    // who made it
	// Reason says why, in the words of the person who made the correction.
	Reason  string
	Changes Changes // new values; empty unless Kind is CorrectionAmend
	Before  Changes // the values that they replaced
	Synced  bool
}

// Repeats reports whether c says the same as an earlier correction. The answer
// to the earlier one may have been lost, so storing c again must succeed and
// change nothing.
func (c *Correction) Repeats(earlier Correction) bool {
	earlier.At = c.At
	return c.UID() == earlier.UID()
}

// UID identifies the correction by its content, so that storing a copy of it
// changes nothing.
func (c *Correction) UID() Fingerprint {
	d := newDigest("correction/1")
	d.fingerprint(c.Entry)
	d.text(c.Kind)
	d.time(c.At)
	d.text(c.By)
	d.text(c.Reason)
	d.changes(changedByKind, &c.Changes)
	return d.sum()
}

// Validate refuses a correction that does not say who made it and why, or whose
// values no entry could have. target is the entry that it is about. The error
// is an *InvalidError.
func (c *Correction) Validate(target Entry) error {
	var wrong []FieldError
	if strings.TrimSpace(c.By) == "" {
		wrong = append(wrong, NewFieldError("by", "", "is required: who makes the correction"))
	}
	if strings.TrimSpace(c.Reason) == "" {
		wrong = append(wrong, NewFieldError("reason", "", "is required: why the correction is made"))
	}
	switch c.Kind {
	case CorrectionVoid, CorrectionRestore, CorrectionLog:
		if !c.Changes.IsEmpty() {
			wrong = append(wrong, NewFieldError("changes", "", "must be left out: only an amend has changes"))
		}
	case CorrectionAmend:
		if c.Changes.IsEmpty() {
			wrong = append(wrong, NewFieldError("changes", "", "must have at least one field with its new value if the kind is amend"))
		}
		amended := target
		c.Changes.apply(&amended)
		if invalid, ok := errors.AsType[*InvalidError](amended.Validate()); ok {
			wrong = append(wrong, invalid.Fields...)
		}
	default:
		wrong = append(wrong, NewFieldError("kind", c.Kind, "must be amend, void, restore or log"))
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}

// Normalize brings the correction into the form in which it is stored.
func (c *Correction) Normalize() {
	c.At = c.At.UTC().Truncate(time.Microsecond)
	c.By, _ = cleanText(c.By, MaxText)
	c.Reason, _ = cleanText(c.Reason, MaxReason)
	normalized := Entry{}
	c.Changes.apply(&normalized)
	normalized.Normalize()
	c.Changes = c.Changes.Of(normalized)
}
