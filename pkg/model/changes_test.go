package model

import (
	"reflect"
	"testing"
	"time"
)

// allChanges sets every field of Changes to a value that differs from play's.
func allChanges() Changes {
	var c Changes
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		value := reflect.New(v.Field(i).Type().Elem())
		switch elem := value.Elem(); elem.Interface().(type) {
		case string:
			elem.SetString("new")
		case time.Time:
			elem.Set(reflect.ValueOf(start.Add(time.Hour)))
		default:
			elem.SetInt(5e9)
			if elem.Kind() == reflect.Int {
				elem.SetInt(5)
			}
		}
		v.Field(i).Set(value)
	}
	return c
}

// only returns c with only that field set.
func only(c Changes, field int) Changes {
	var o Changes
	reflect.ValueOf(&o).Elem().Field(field).Set(reflect.ValueOf(c).Field(field))
	return o
}

// TestChanges guards against a field that one of the methods forgets.
func TestChanges(t *testing.T) {
	t.Parallel()
	all := allChanges()
	names := reflect.TypeFor[Changes]()
	seen := map[Fingerprint]string{}
	for i := range names.NumField() {
		name, one := names.Field(i).Name, only(all, i)
		e := play()
		before := one.Of(e)
		one.apply(&e)
		if want := only(before, i); e == play() || before.IsEmpty() || before != want {
			t.Errorf("%s: changes nothing, or too much: %+v", name, before)
		}
		if got := one.Of(e); !reflect.DeepEqual(got, one) {
			t.Errorf("%s: is %+v after the change", name, got)
		}
		before.apply(&e)
		if e != play() {
			t.Errorf("%s: what was before does not come back: %+v", name, e)
		}
		if got := (Changes{}).over(one); got != one {
			t.Errorf("%s: over nothing is %+v", name, got)
		}
		if got := before.over(one); got != one {
			t.Errorf("%s: the later change does not win: %+v", name, got)
		}
		if got := one.over(Changes{}); got != one {
			t.Errorf("%s: does not stay: %+v", name, got)
		}
		for _, changes := range []Changes{one, before} {
			c := Correction{Changes: changes}
			if other, ok := seen[c.UID()]; ok {
				t.Errorf("%s: has the UID of %s", name, other)
			}
			seen[c.UID()] = name
		}
	}
	if !(Changes{}).IsEmpty() || all.IsEmpty() {
		t.Error("IsEmpty is wrong")
	}
}
