package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kinds of corrections.
const (
	// CorrectionAmend replaces values.
	CorrectionAmend = "amend"
	// CorrectionVoid says that the entry was not played.
	CorrectionVoid = "void"
	// CorrectionRestore takes back a void.
	CorrectionRestore = "restore"
	// CorrectionLog is the record of an entry that a person logged because it
	// was missed.
	CorrectionLog = "log"
)

// MaxReason is the length, in characters, to which a reason is cut.
const MaxReason = 1024

// How many corrections an entry may have, so that it always fits into a request
// between nodes with all of them: 1 MiB of JSON. At worst a correction takes
//
//	by, reason, and seven texts before and after  256 + 1024 + 2·7·256 characters
//	each of them written as \u003c                · 6 bytes = 29,184
//	names, numbers and times                      ≤ 1,300
//
// and the entry itself 12,000 bytes: 32 corrections take 988 KB with it.
//
// People get half of that for each database: where the node and the sync node
// both take corrections before they hear of one another's, all of them fit.
const (
	MaxCorrections       = 32
	MaxCorrectionsByHand = MaxCorrections / 2
)

// Room refuses a correction of an entry that has as many as it may have by hand.
// The last one can only be a void: then what is wrong can still be replaced. The
// error is an *InvalidError.
func (c *Correction) Room(earlier int) error {
	limit := MaxCorrectionsByHand - 1
	if c.Kind == CorrectionVoid {
		limit++
	}
	if earlier < limit {
		return nil
	}
	return Invalid("kind", c.Kind, fmt.Sprintf(
		"the entry has %d corrections already, and may have %d, the last of them a void: void it, and log what was played as a missed entry", earlier, MaxCorrectionsByHand))
}

// Changes are the fields that a correction sets; nil fields stay. A pointer to
// the zero value makes a field unknown. The source and so the identity of an
// entry cannot be amended. The JSON form is how databases keep it.
type Changes struct {
	TrackStart *time.Time     `json:"track_start,omitempty"` // UTC, microseconds
	Artist     *string        `json:"track_artist,omitempty"`
	Album      *string        `json:"track_album,omitempty"`
	Title      *string        `json:"track_title,omitempty"`
	TrackNum   *int           `json:"track_num,omitempty"`
	TrackType  *int           `json:"track_type,omitempty"`
	Duration   *time.Duration `json:"duration,omitempty"`
	PlaylistID *int64         `json:"playlist_id,omitempty"`
	TimeslotID *int64         `json:"timeslot_id,omitempty"`
	ShowID     *int64         `json:"show_id,omitempty"`
	ShowName   *string        `json:"show_name,omitempty"`
	Composer   *string        `json:"track_composer,omitempty"`
	Label      *string        `json:"track_label,omitempty"`
	ISRC       *string        `json:"track_isrc,omitempty"`
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func keep[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

func pick[T any](change *T, current T) *T {
	if change == nil {
		return nil
	}
	return &current
}

// IsEmpty reports whether nothing changes.
func (c Changes) IsEmpty() bool { return c == Changes{} }

func (c Changes) apply(e *Entry) {
	set(&e.TrackStart, c.TrackStart)
	set(&e.Artist, c.Artist)
	set(&e.Album, c.Album)
	set(&e.Title, c.Title)
	set(&e.TrackNum, c.TrackNum)
	set(&e.TrackType, c.TrackType)
	set(&e.Duration, c.Duration)
	set(&e.PlaylistID, c.PlaylistID)
	set(&e.TimeslotID, c.TimeslotID)
	set(&e.ShowID, c.ShowID)
	set(&e.ShowName, c.ShowName)
	set(&e.Composer, c.Composer)
	set(&e.Label, c.Label)
	set(&e.ISRC, c.ISRC)
}

// over lays the later changes over c.
func (c Changes) over(later Changes) Changes {
	keep(&c.TrackStart, later.TrackStart)
	keep(&c.Artist, later.Artist)
	keep(&c.Album, later.Album)
	keep(&c.Title, later.Title)
	keep(&c.TrackNum, later.TrackNum)
	keep(&c.TrackType, later.TrackType)
	keep(&c.Duration, later.Duration)
	keep(&c.PlaylistID, later.PlaylistID)
	keep(&c.TimeslotID, later.TimeslotID)
	keep(&c.ShowID, later.ShowID)
	keep(&c.ShowName, later.ShowName)
	keep(&c.Composer, later.Composer)
	keep(&c.Label, later.Label)
	keep(&c.ISRC, later.ISRC)
	return c
}

// Of returns e's own values of the fields that c changes: what an audit shows
// as "before".
func (c Changes) Of(e Entry) Changes {
	return Changes{
		TrackStart: pick(c.TrackStart, e.TrackStart),
		Artist:     pick(c.Artist, e.Artist),
		Album:      pick(c.Album, e.Album),
		Title:      pick(c.Title, e.Title),
		TrackNum:   pick(c.TrackNum, e.TrackNum),
		TrackType:  pick(c.TrackType, e.TrackType),
		Duration:   pick(c.Duration, e.Duration),
		PlaylistID: pick(c.PlaylistID, e.PlaylistID),
		TimeslotID: pick(c.TimeslotID, e.TimeslotID),
		ShowID:     pick(c.ShowID, e.ShowID),
		ShowName:   pick(c.ShowName, e.ShowName),
		Composer:   pick(c.Composer, e.Composer),
		Label:      pick(c.Label, e.Label),
		ISRC:       pick(c.ISRC, e.ISRC),
	}
}

// Correction is a record of its own about one entry: a legal log is never
// edited in place.
type Correction struct {
	ID    int64
	Entry Fingerprint // the entry it is about
	Kind  string
	At    time.Time // when it was made: UTC, microseconds
	By    string    // who made it
	// Reason is why, in the words of who made it.
	Reason  string
	Changes Changes // new values; empty unless Kind is CorrectionAmend
	Before  Changes // the values that they replaced
	Synced  bool
}

// Repeats reports whether c says the same as an earlier correction, whose answer
// was lost: then storing it again must succeed and change nothing.
func (c *Correction) Repeats(earlier Correction) bool {
	earlier.At = c.At
	return c.UID() == earlier.UID()
}

// UID identifies the correction by its content, so that storing a copy of it
// changes nothing.
func (c *Correction) UID() Fingerprint {
	d := newDigest("correction/1")
	d.bytes(c.Entry[:])
	d.text(c.Kind)
	d.time(c.At)
	d.text(c.By)
	d.text(c.Reason)
	d.changes(c.Changes)
	return d.sum()
}

func (d *digest) changes(c Changes) {
	probe := func(known bool, write func()) {
		if !known {
			d.number(0)
			return
		}
		d.number(1)
		write()
	}
	probe(c.TrackStart != nil, func() { d.time(*c.TrackStart) })
	for _, s := range []*string{c.Artist, c.Album, c.Title, c.ShowName, c.Composer, c.Label, c.ISRC} {
		probe(s != nil, func() { d.text(*s) })
	}
	for _, n := range []*int{c.TrackNum, c.TrackType} {
		probe(n != nil, func() { d.number(int64(*n)) })
	}
	for _, n := range []*int64{c.PlaylistID, c.TimeslotID, c.ShowID} {
		probe(n != nil, func() { d.number(*n) })
	}
	probe(c.Duration != nil, func() { d.number(int64(*c.Duration)) })
}

// Validate refuses a correction that does not say who made it and why, or
// whose values no entry could have; target is the entry it is about. The error
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
			wrong = append(wrong, NewFieldError("changes", "", "only an amend has changes"))
		}
	case CorrectionAmend:
		if c.Changes.IsEmpty() {
			wrong = append(wrong, NewFieldError("changes", "", "an amend names at least one field and its new value"))
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

// Overlay is the net effect of all corrections of an entry.
type Overlay struct {
	Void    bool    `json:"void,omitempty"`
	Changes Changes `json:"changes,omitzero"`
}

// IsEmpty reports whether the entry stands as the engine sent it.
func (o Overlay) IsEmpty() bool { return !o.Void && o.Changes.IsEmpty() }

// Fold computes the net effect of corrections in the order in which they were
// made; of two made at one instant the one with the greater UID is the later.
// So it does not depend on the order in which they are given.
func Fold(corrections []Correction) Overlay {
	sorted := slices.Clone(corrections)
	slices.SortFunc(sorted, func(a, b Correction) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		ua, ub := a.UID(), b.UID()
		return slices.Compare(ua[:], ub[:])
	})
	var o Overlay
	for _, c := range sorted {
		switch c.Kind {
		case CorrectionAmend:
			o.Changes = o.Changes.over(c.Changes)
		case CorrectionVoid:
			o.Void = true
		case CorrectionRestore:
			o.Void = false
		}
	}
	return o
}
