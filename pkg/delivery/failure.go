package delivery

import (
	"errors"
	"math/rand/v2"
	"time"
)

// PermanentError is why a delivery is given up rather than tried again.
type PermanentError struct {
	Reason string
	// Answered: the receiver was reached, so the channel is not in trouble.
	Answered bool
}

// Error is the reason.
func (e *PermanentError) Error() string { return e.Reason }

// LaterError is a failure after which the receiver wants to be left alone.
type LaterError struct {
	Err   error
	Pause time.Duration
}

// Error is that of the failure itself.
func (e *LaterError) Error() string { return e.Err.Error() }

// Unwrap is the failure itself.
func (e *LaterError) Unwrap() error { return e.Err }

// Backoff bounds the time out of which a pause is drawn.
type Backoff struct {
	First time.Duration // after one failure
	Most  time.Duration // after many in a row
	// Draw draws a pause of less than a bound; nil: at random.
	Draw func(bound time.Duration) time.Duration
}

// after is the pause after so many failures in a row, the last of them err: full
// jitter, plus the pause that the receiver wants.
func (b Backoff) after(failures int, err error) time.Duration {
	bound := b.Most
	if doublings := failures - 1; doublings < 16 {
		bound = min(b.First<<doublings, b.Most)
	}
	draw := b.Draw
	if draw == nil {
		draw = rand.N[time.Duration]
	}
	pause := draw(bound)
	if later, ok := errors.AsType[*LaterError](err); ok {
		pause += later.Pause
	}
	return pause
}
