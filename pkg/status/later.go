package status

import (
	"bytes"
	"cmp"
	"time"

	"aura.radio/engine/pkg/model"
)

// Rule is a pure function that says what counts if a statement arrives after
// last; last is zero if it is the first one. A store calls the Rule within the
// transaction that stores the result, so no other statement comes in between.
// It may call the Rule more than once.
type Rule[S any] func(said, last S) S

// After is the time under which a statement is kept that arrives at a time when
// last is the latest one: what arrives last counts, whatever the host's clock
// says.
func After(arrived, last time.Time) time.Time {
	if arrived.After(last) {
		return arrived
	}
	return last.Add(time.Microsecond) // the finest that a database keeps
}

// Later is the Rule for clocks that nodes exchange: the later one counts, and of
// two at one instant the one with the greater body, byte by byte. So every order
// of many ends with the same one. Of two copies, the one counts that knows more
// of its arrival.
func Later(a, b model.Clock) model.Clock {
	if cmp.Or(a.SentAt.Compare(b.SentAt), bytes.Compare(a.Body, b.Body), a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(a.Doubts, b.Doubts)) < 0 {
		return b
	}
	return a
}
