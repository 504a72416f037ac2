package status

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"aura.radio/engine/pkg/model"
)

// After is the time under which a statement is kept that arrives at a time when
// last is the latest one: what arrives last counts, whatever the host's clock
// says. Two statements that arrive at once may get one time: then Later decides.
// So it does no harm if last is read before the transaction that stores.
func After(arrived, last time.Time) time.Time {
	if arrived.After(last) {
		return arrived
	}
	return last.Add(time.Microsecond) // the finest that a database keeps
}

// Statement is what one source has one of.
type Statement interface {
	model.Clock | model.Maintenance
}

// Later is which of two statements on one source counts: the one of the later
// time, and of two at one instant the one with the greater content, text by
// text and byte by byte. So every order of many ends with the same one.
func Later[S Statement](a, b S) S {
	atA, textA := said(a)
	atB, textB := said(b)
	if cmp.Or(atA.Compare(atB), slices.Compare(textA, textB)) < 0 {
		return b
	}
	return a
}

// said is when a statement was made, and its content.
func said(statement any) (at time.Time, content []string) {
	switch s := statement.(type) {
	case model.Clock:
		return s.SentAt, []string{string(s.Body)}
	case model.Maintenance:
		return s.ChangedAt, []string{s.By, s.Reason, strconv.FormatBool(s.On)}
	}
	return at, nil
}
