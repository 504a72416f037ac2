package model

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// statusMistakes lists the mistakes in a status that a source reports about
// itself.
func statusMistakes(field string, source int, at time.Time) (wrong []FieldError) {
	if invalid, ok := errors.AsType[*InvalidError](ValidateSource("source", source)); ok {
		wrong = append(wrong, invalid.Fields...)
	}
	if at.Before(time.UnixMicro(0)) || at.After(maxTime) {
		wrong = append(wrong, NewFieldError(field, at.UTC().Format(time.RFC3339), "must be after 1970 and before 9999"))
	}
	return wrong
}

// ActiveSource is which source is on air.
type ActiveSource struct {
	Source int
	// Since is nil for the default source before the first activation.
	Since *time.Time
	// Epoch is the latest accepted epoch; 0 before the first activation.
	Epoch  int64
	Pinned bool
	// Stale: this is the last known state, because the authority can't be
	// reached.
	Stale bool
	// Unknown: no setting, name or record knows the source.
	Unknown bool
}

// ValidateSource refuses a number that no source can have; field names it on
// the wire. The error is an *InvalidError.
func ValidateSource(field string, source int) error {
	if source < 1 || source > math.MaxInt32 {
		return Invalid(field, strconv.Itoa(source), "must be a source's number, from 1")
	}
	return nil
}
