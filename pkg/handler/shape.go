package handler

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// shape says which fields of an entry an answer shows: those that the generated
// type has under one of their names. So the contract alone decides. The code that
// makes the answer adds fields about the record itself, rather than about what
// was played.
type shape[A any] []shownField

type shownField struct {
	*model.Field
	index int // in the answer
}

var (
	trackShape   = newShape[api.Track]()
	track1xShape = newShape[api.Track1x]()
	playlogShape = newShape[api.PlaylogEntry]()
)

func newShape[A any]() (s shape[A]) {
	for _, f := range model.Fields {
		for i, field := range reflect.VisibleFields(reflect.TypeFor[A]()) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if slices.Contains(f.Names, name) && f.IsCorrectable() {
				s = append(s, shownField{f, i})
			}
		}
	}
	return s
}

// show fills the answer; what is not known is null if the contract allows it.
func (s shape[A]) show(zone *stationtime.Zone, e *model.Entry, to *A) {
	answer := reflect.ValueOf(to).Elem()
	for _, f := range s {
		to := answer.Field(f.index).Addr().Interface()
		switch v := f.Of(e).(type) {
		case *string:
			*to.(*string) = *v
		case *int:
			if nullable, ok := to.(**int); ok {
				*nullable = known(*v)
			} else {
				*to.(*int) = *v
			}
		case *int64:
			*to.(**int64) = known(*v)
		case *time.Duration:
			*to.(**float64) = known(v.Seconds())
		case *time.Time:
			*to.(*stationtime.Stamp) = zone.Stamp(*v)
		}
	}
}

// changedValue is a field's value after a correction; null if it is not known.
// An identity field is never unknown.
func changedValue(zone *stationtime.Zone, f *model.Field, changed *model.Entry) any {
	switch v := f.Of(changed).(type) {
	case *time.Time:
		return zone.Stamp(*v)
	case *time.Duration:
		return known(v.Seconds())
	case *int:
		if f.Identity {
			return *v
		}
		return known(*v)
	case *int64:
		return known(*v)
	default:
		return v
	}
}

func known[T int | int64 | float64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}
