package model

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that every layer understands; the HTTP server has a status for each.
var (
	// ErrNotFound: the requested object does not exist.
	ErrNotFound = errors.New("not found")
	// ErrNoSuchFormat: the answer does not exist in the format that was asked for.
	ErrNoSuchFormat = errors.New("no such format")
	// ErrUnavailable: the database cannot be reached or cannot write now. The
	// same call may succeed later. A write was stored as a whole or not at all.
	// If the database went away in the middle of a write, it is not known
	// which.
	ErrUnavailable = errors.New("database unavailable")
	// ErrOverloaded: the maximum number of callers is being served; there will
	// be room later.
	ErrOverloaded = errors.New("too many callers at once")
	// ErrQueueFull: so many callers wait for the same that no more may wait.
	ErrQueueFull = errors.New("too many callers wait already")
	// ErrStaleEpoch: somebody else has activated a source since the caller
	// looked.
	ErrStaleEpoch = errors.New("the active source has changed in the meantime")
	// ErrDeposed: since the monitor decided to activate a source, another
	// monitor has had the lease.
	ErrDeposed = errors.New("another monitor has had the lease since the decision")
	// ErrSyncNodeAway: the sync node, which decides, cannot be reached or does
	// not serve this node. The same call may succeed later. It is not known
	// whether any part of the call was stored.
	ErrSyncNodeAway = errors.New("sync node unavailable")
	// ErrLoop: a node received a request that had already been passed on, and
	// could only pass it on again.
	ErrLoop = errors.New("the request was passed on in a circle")
	// ErrPinned: a person pinned the active source, and nobody has released it
	// yet.
	ErrPinned = errors.New("the active source is pinned")
)

// FieldError says what is wrong with one field, and how to fix it.
type FieldError struct {
	Field string // name on the wire, such as "track_start"
	Value string // the received value, shortened; "" if there was none
	Rule  string // what is expected
}

// InvalidError names every mistake of an input at once.
type InvalidError struct {
	Fields []FieldError
}

// Error lists the fields with their rules.
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = fmt.Sprintf("%s: %s", f.Field, f.Rule)
	}
	return "invalid: " + strings.Join(parts, "; ")
}

// maxShownValue bounds how much of a wrong value is repeated to its sender.
const maxShownValue = 64

// Invalid is an InvalidError about one field.
func Invalid(field, value, rule string) *InvalidError {
	return &InvalidError{Fields: []FieldError{NewFieldError(field, value, rule)}}
}

// NewFieldError shortens the value to what may be shown to its sender.
func NewFieldError(field, value, rule string) FieldError {
	if r := []rune(value); len(r) > maxShownValue {
		value = string(r[:maxShownValue]) + "…"
	}
	return FieldError{Field: field, Value: value, Rule: rule}
}

// Found returns nil for an entry that does not exist, instead of ErrNotFound.
func Found(e Entry, err error) (*Entry, error) {
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &e, nil
}
