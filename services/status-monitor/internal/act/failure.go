package act

import (
	"errors"
	"math/rand/v2"
	"time"
)

// givenUp is why a delivery is not tried again.
type givenUp struct {
	reason string
	// answered: whoever it was for could be reached.
	answered bool
}

// Error is the reason.
func (e *givenUp) Error() string { return e.reason }

// wait is a failure after which whoever it was for asks to be left alone.
type wait struct {
	error
	pause time.Duration
}

// Unwrap is the failure itself.
func (w *wait) Unwrap() error { return w.error }

// backoff bounds the time out of which the pause after the first failure, and
// after many in a row, is drawn.
type backoff struct {
	first, most time.Duration
	draw        func(bound time.Duration) time.Duration // rand.N; a test may foresee it
}

func newBackoff(first, most time.Duration) backoff {
	return backoff{first, most, rand.N[time.Duration]}
}

// after is the pause after so many failures in a row, the last of them err: full
// jitter, so that monitors which fail together don't come back together, on top
// of what was asked for.
func (b backoff) after(failures int, err error) time.Duration {
	bound := b.most
	if doublings := failures - 1; doublings < 16 {
		bound = min(b.first<<doublings, b.most)
	}
	pause := b.draw(bound)
	if asked, ok := errors.AsType[*wait](err); ok {
		pause += asked.pause
	}
	return pause
}
