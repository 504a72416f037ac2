package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Record is an entry with all its corrections. Nodes exchange records, so a
// correction never travels without its entry.
type Record struct {
	Entry       Entry
	Corrections []Correction
}

// Content is a hash of everything that the nodes must agree on: the entry's
// identity, every field, and its corrections in any order. Values that belong to
// one database only (ID, Synced, Air) are not part of it. Overlay is not part of
// it either, because it follows from the corrections. Call it on a normalized
// record.
func (r *Record) Content() Content { return r.Entry.content(r.Entry.Fingerprint(), r.Corrections) }

// Hashes are the fingerprint of an entry, and the content of its record as long as
// that has no corrections. Call it on a normalized entry.
func (e *Entry) Hashes() (Fingerprint, Content) {
	id := e.Fingerprint()
	return id, e.content(id, nil)
}

func (e *Entry) content(id Fingerprint, corrections []Correction) Content {
	d := newDigest("content/1")
	d.fingerprint(id)
	d.fields(described, e)
	for _, uid := range correctionUIDs(corrections) {
		d.fingerprint(uid)
	}
	return Content{Base: d.sum(), Supplement: e.supplement(id)}
}

func correctionUIDs(corrections []Correction) []Fingerprint {
	uids := make([]Fingerprint, len(corrections))
	for i := range corrections {
		uids[i] = corrections[i].UID()
	}
	slices.SortFunc(uids, func(a, b Fingerprint) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(uids)
}

// Normalize brings the record into the form in which it is stored: the entry,
// its corrections, each about this entry, and the overlay that follows from
// them. Copies of the record that share its corrections stay unchanged.
func (r *Record) Normalize() {
	r.Entry.Normalize()
	id := r.Entry.Fingerprint()
	r.Corrections = slices.Clone(r.Corrections)
	for i := range r.Corrections {
		r.Corrections[i].Normalize()
		r.Corrections[i].Entry = id
	}
	r.Entry.Overlay = Fold(r.Corrections)
}

// Validate refuses values that have no meaning. Unlike a person's correction, a
// correction that another node accepted is not judged by its changes. The error
// is an *InvalidError.
func (r *Record) Validate() error {
	if err := r.Entry.Validate(); err != nil {
		return err
	}
	if n := len(r.Corrections); n > MaxCorrections {
		return Invalid("corrections", strconv.Itoa(n), fmt.Sprintf("must not be more than %d", MaxCorrections))
	}
	for _, c := range r.Corrections {
		switch c.Kind {
		case CorrectionAmend, CorrectionVoid, CorrectionRestore, CorrectionLog:
		default:
			return Invalid("corrections.kind", c.Kind, "must be amend, void, restore or log")
		}
		if c.At.Before(minTime) || c.At.After(maxTime) {
			return Invalid("corrections.at", c.At.Format(time.RFC3339), "must be after 1970-01-01 and before 9999")
		}
		if strings.TrimSpace(c.By) == "" {
			return Invalid("corrections.by", "", "is required: who made the correction")
		}
	}
	effective := r.Entry.Effective()
	return effective.Validate()
}

// MergeRecords unites two copies of one record. It merges the entries by Merge,
// and keeps every correction that either copy has.
func MergeRecords(a, b Record) Record { return mergeRecords(Merge, a, b) }

// TellRecord is MergeRecords for a record that its engine tells again; see Tell.
func TellRecord(stored, told Record) Record { return mergeRecords(Tell, stored, told) }

func mergeRecords(merge func(a, b Entry) Entry, a, b Record) Record {
	m := Record{Entry: merge(a.Entry, b.Entry), Corrections: slices.Clone(a.Corrections)}
	known := correctionUIDs(a.Corrections)
	for _, c := range b.Corrections {
		if !slices.Contains(known, c.UID()) {
			m.Corrections = append(m.Corrections, c)
			m.Entry.Synced = false
		}
	}
	m.Entry.Overlay = Fold(m.Corrections)
	return m
}
