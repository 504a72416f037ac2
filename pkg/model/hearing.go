package model

import "strconv"

// Hearing is what was heard of an entry, by the rule that counts at its start.
type Hearing struct {
	// Heard says when it was audible at its source, in order; empty: not at all.
	Heard []Airing
	// OnAir says when it was on air, in order, as a station's on-air log has it.
	OnAir []Airing
	// Why says why it was not heard, or not wholly.
	Why []Unheard
	// Doubted: the engine told a fallback that was not heard.
	Doubted bool
}

// Unheard is a reason why an entry was not heard, or not wholly.
type Unheard struct {
	Reason string // in words, without By
	By     int64  // the number of the entry that the reason names; 0: it names none
}

// String tells the reason in words.
func (u Unheard) String() string {
	if u.By == 0 {
		return u.Reason
	}
	return u.Reason + " " + strconv.FormatInt(u.By, 10)
}

// HeardEntry is an entry with what was heard of it.
type HeardEntry struct {
	Entry
	Hearing
}
