package model

import (
	"cmp"
	"time"
)

// value says where entries and changes keep a field, and how its values are
// cleaned and merged.
type value interface {
	// Of points to the field of an entry: a *string, *int, *int64, *bool,
	// *time.Time, *time.Duration, *Tellings or *Doubts.
	Of(e *Entry) any
	// Change points to the field of changes, such as a **string; nil if no
	// correction may change it.
	Change(c *Changes) any
	// IsChanged reports whether changes set it.
	IsChanged(c *Changes) bool

	clean(e *Entry) (cut bool)
	merge(rule Rule, to, from *Entry)
	copy(to, from *Entry)
	differs(a, b *Entry) bool
	isKnown(e *Entry) bool

	apply(c *Changes, to *Entry)
	over(later, to *Changes)
	pick(c *Changes, from *Entry, to *Changes)
}

// valueOf is a value of type T.
type valueOf[T comparable] struct {
	of      func(*Entry) *T
	change  func(*Changes) **T
	cleaned func(T) (_ T, cut bool)
	merged  func(rule Rule, a, b T) T
}

// moment is a time in UTC and whole microseconds.
func moment(of func(*Entry) *time.Time, change func(*Changes) **time.Time) value {
	return &valueOf[time.Time]{
		of: of, change: change,
		cleaned: func(t time.Time) (time.Time, bool) { return micro(t), false },
		merged:  func(_ Rule, a, _ time.Time) time.Time { return a },
	}
}

// text has at most limit characters.
func text(limit int, of func(*Entry) *string, change func(*Changes) **string) value {
	return &valueOf[string]{
		of: of, change: change,
		cleaned: func(s string) (string, bool) { return cleanText(s, limit) },
		merged:  mergeOrdered[string],
	}
}

// integer is any number.
func integer[T int | int64](of func(*Entry) *T, change func(*Changes) **T) value {
	return &valueOf[T]{of: of, change: change, cleaned: asItIs[T], merged: mergeOrdered[T]}
}

// positive is a number from 1. Engines send -1 or 0 if they don't know the
// number.
func positive[T int | int64](of func(*Entry) *T, change func(*Changes) **T) value {
	return &valueOf[T]{
		of: of, change: change,
		cleaned: func(n T) (T, bool) { return max(n, 0), false },
		merged:  mergeOrdered[T],
	}
}

// length is a duration in whole milliseconds.
func length(of func(*Entry) *time.Duration, change func(*Changes) **time.Duration) value {
	return &valueOf[time.Duration]{
		of: of, change: change,
		cleaned: func(l time.Duration) (time.Duration, bool) { return l.Round(time.Millisecond), false },
		merged:  mergeOrdered[time.Duration],
	}
}

// flag is true or false; no correction changes it.
func flag(of func(*Entry) *bool) value {
	return &valueOf[bool]{
		of:      of,
		cleaned: asItIs[bool],
		merged:  func(rule Rule, a, b bool) bool { return a && (b || rule != Both) },
	}
}

// cleaned is a text that has a canonical form; no correction changes it.
func cleaned[T ~string](of func(*Entry) *T, clean func(T) (T, bool)) value {
	return &valueOf[T]{of: of, cleaned: clean, merged: func(_ Rule, a, _ T) T { return a }}
}

func asItIs[T any](v T) (T, bool) { return v, false }

func mergeOrdered[T cmp.Ordered](rule Rule, a, b T) T {
	if rule == Greater {
		return max(a, b)
	}
	return a
}

func (v *valueOf[T]) Of(e *Entry) any { return v.of(e) }

func (v *valueOf[T]) Change(c *Changes) any {
	if v.change == nil {
		return nil
	}
	return v.change(c)
}

func (v *valueOf[T]) clean(e *Entry) (cut bool) {
	own := v.of(e)
	*own, cut = v.cleaned(*own)
	return cut
}

func (v *valueOf[T]) merge(rule Rule, to, from *Entry) {
	own := v.of(to)
	*own = v.merged(rule, *own, *v.of(from))
}

func (v *valueOf[T]) copy(to, from *Entry) { *v.of(to) = *v.of(from) }

func (v *valueOf[T]) differs(a, b *Entry) bool { return *v.of(a) != *v.of(b) }

func (v *valueOf[T]) isKnown(e *Entry) bool {
	var unknown T
	return *v.of(e) != unknown
}

func (v *valueOf[T]) IsChanged(c *Changes) bool { return v.change != nil && *v.change(c) != nil }

func (v *valueOf[T]) apply(c *Changes, to *Entry) {
	if changed := *v.change(c); changed != nil {
		*v.of(to) = *changed
	}
}

func (v *valueOf[T]) over(later, to *Changes) {
	if changed := *v.change(later); changed != nil {
		*v.change(to) = changed
	}
}

func (v *valueOf[T]) pick(c *Changes, from *Entry, to *Changes) {
	if v.IsChanged(c) {
		*v.change(to) = new(*v.of(from))
	}
}
