package model

import (
	"cmp"
	"slices"
	"time"
)

// Field describes one field of an entry. All code that treats every field alike
// follows from the table Fields: merging, hashing, corrections, columns, and
// reading and writing the wire format.
type Field struct {
	// Names are what requests and answers call the field. Answers use the first.
	// Engines since 2025 use the second.
	Names []string
	// Identity: all copies of an entry agree on the field, because it
	// identifies the entry.
	Identity bool
	// Merge is the rule by which two values are merged that were told at one
	// time, or never by an engine; zero if the field is
	// identity, or says how the entry came to be known.
	Merge Rule
	// IsSupplement: nodes of the first edition don't know the field. It is
	// hashed only if it is known, and apart from the other fields (see Content).
	// So an entry that lacks it keeps its hash, and nodes of two editions agree
	// on the rest. Every new field needs this.
	IsSupplement bool

	column string // if it is not the first name
	value
}

// Name is the name that answers use.
func (f *Field) Name() string { return f.Names[0] }

// Column is the name of the field in databases and between nodes.
func (f *Field) Column() string {
	if f.column != "" {
		return f.column
	}
	return f.Name()
}

// IsCorrectable reports whether a correction may change the field. It may if
// the field describes the title that was played, and not the record itself.
func (f *Field) IsCorrectable() bool { return f.Change(new(Changes)) != nil }

// Rule is how two values of a field merge. Every rule is commutative,
// associative and idempotent. Package repo has each rule in SQL.
type Rule int

// The rules.
const (
	// Greater: the greater value wins; texts are compared byte by byte. A known
	// value beats an unknown one, because unknown is the least value.
	Greater Rule = iota + 1
	// Both: true if both values are.
	Both
)

// Fields is the table of an entry's fields. Its order is the order in which
// fields are hashed, so a new field goes to the end.
var Fields = []*Field{
	{Names: Spellings("log_source"), Identity: true,
		value: integer(func(e *Entry) *int { return &e.LogSource }, nil)},
	{Names: Spellings("track_start"), Identity: true,
		value: moment(func(e *Entry) *time.Time { return &e.TrackStart }, func(c *Changes) **time.Time { return &c.TrackStart })},
	{Names: Spellings("track_artist"), Identity: true,
		value: text(MaxText, func(e *Entry) *string { return &e.Artist }, func(c *Changes) **string { return &c.Artist })},
	{Names: Spellings("track_album"), Identity: true,
		value: text(MaxText, func(e *Entry) *string { return &e.Album }, func(c *Changes) **string { return &c.Album })},
	{Names: Spellings("track_title"), Identity: true,
		value: text(MaxText, func(e *Entry) *string { return &e.Title }, func(c *Changes) **string { return &c.Title })},
	{Names: Spellings("track_num"), Identity: true,
		value: integer(func(e *Entry) *int { return &e.TrackNum }, func(c *Changes) **int { return &c.TrackNum })},
	{Names: Spellings("track_type"), Identity: true,
		value: integer(func(e *Entry) *int { return &e.TrackType }, func(c *Changes) **int { return &c.TrackType })},

	{Names: Spellings("track_duration"), column: "duration_ms", Merge: Greater,
		value: length(func(e *Entry) *time.Duration { return &e.Duration }, func(c *Changes) **time.Duration { return &c.Duration })},
	{Names: Spellings("playlist_id"), Merge: Greater,
		value: positive(func(e *Entry) *int64 { return &e.PlaylistID }, func(c *Changes) **int64 { return &c.PlaylistID })},
	{Names: Spellings("timeslot_id"), Merge: Greater,
		value: positive(func(e *Entry) *int64 { return &e.TimeslotID }, func(c *Changes) **int64 { return &c.TimeslotID })},
	{Names: Spellings("show_id"), Merge: Greater,
		value: positive(func(e *Entry) *int64 { return &e.ShowID }, func(c *Changes) **int64 { return &c.ShowID })},
	{Names: Spellings("show_name"), Merge: Greater,
		value: text(MaxText, func(e *Entry) *string { return &e.ShowName }, func(c *Changes) **string { return &c.ShowName })},
	{Names: Spellings("track_composer"), Merge: Greater,
		value: text(MaxText, func(e *Entry) *string { return &e.Composer }, func(c *Changes) **string { return &c.Composer })},
	{Names: Spellings("track_label"), Merge: Greater,
		value: text(MaxText, func(e *Entry) *string { return &e.Label }, func(c *Changes) **string { return &c.Label })},
	{Names: Spellings("track_isrc"), Merge: Greater,
		value: text(MaxText, func(e *Entry) *string { return &e.ISRC }, func(c *Changes) **string { return &c.ISRC })},
	{Names: []string{"is_manual"}, Merge: Both,
		value: flag(func(e *Entry) *bool { return &e.Manual })},

	{Names: Spellings("media_id"), Merge: Greater, IsSupplement: true,
		value: positive(func(e *Entry) *int64 { return &e.MediaID }, func(c *Changes) **int64 { return &c.MediaID })},
	{Names: []string{"received_at"}, IsSupplement: true,
		value: moment(func(e *Entry) *time.Time { return &e.ReceivedAt }, nil)},
	{Names: []string{"told"}, IsSupplement: true,
		value: cleaned(func(e *Entry) *Tellings { return &e.Told }, Tellings.clean)},
	{Names: []string{"doubts"}, IsSupplement: true,
		value: cleaned(func(e *Entry) *Doubts { return &e.Doubts }, Doubts.clean)},
}

// Parts of the table.
var (
	identity    = fieldsThat(func(f *Field) bool { return f.Identity })
	merged      = fieldsThat(func(f *Field) bool { return f.Merge != 0 })
	described   = fieldsThat(func(f *Field) bool { return !f.Identity && !f.IsSupplement })
	supplement  = fieldsThat(func(f *Field) bool { return f.IsSupplement })
	correctable = fieldsThat((*Field).IsCorrectable)
	// changedByKind is the order in which a correction hashes its changes.
	changedByKind = slices.SortedStableFunc(slices.Values(correctable), func(a, b *Field) int {
		return cmp.Compare(placeInCorrection(a), placeInCorrection(b))
	})
)

// FieldOf is the row of the field with that name. The name must be in the table.
func FieldOf(name string) *Field {
	return Fields[slices.IndexFunc(Fields, func(f *Field) bool { return f.Name() == name })]
}

// FieldSpelled is the row of the field that has the name among its spellings; nil
// if there is none.
func FieldSpelled(name string) *Field {
	for _, f := range Fields {
		if slices.Contains(f.Names, name) {
			return f
		}
	}
	return nil
}

func fieldsThat(are func(*Field) bool) (some []*Field) {
	for _, f := range Fields {
		if are(f) {
			some = append(some, f)
		}
	}
	return some
}

func placeInCorrection(f *Field) int {
	if f.IsSupplement {
		return 5
	}
	switch f.Of(&Entry{}).(type) {
	case *time.Time:
		return 0
	case *string:
		return 1
	case *int:
		return 2
	case *int64:
		return 3
	default:
		return 4
	}
}
