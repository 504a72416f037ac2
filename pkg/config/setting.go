package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// setting is one field of a configuration struct: a variable or a family.
type setting struct {
	name   string // without the prefix; of a family without the number
	family bool
	secret bool
	field  reflect.StructField
	value  reflect.Value
}

// describe lists the settings of a struct in order of declaration, and the
// blocks that hold them, innermost first. It panics if the struct is declared
// wrongly; the first test of a service reveals that.
func describe(into any) (settings []setting, blocks []reflect.Value) {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: %T is not a pointer to a struct", into))
	}
	v = v.Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		s := setting{field: f, value: v.Field(i), secret: f.Tag.Get("secret") == "true"}
		s.name, _, _ = strings.Cut(f.Tag.Get("env"), ",")
		switch {
		case s.name != "":
			settings = append(settings, s)
		case f.Tag.Get("family") != "":
			if f.Type.Kind() != reflect.Map || f.Type.Key().Kind() != reflect.Int {
				panic(fmt.Sprintf("config: family %s is not a map[int]T", f.Name))
			}
			s.name, s.family = f.Tag.Get("family"), true
			settings = append(settings, s)
		case f.Type.Kind() == reflect.Struct:
			inner, innerBlocks := describe(s.value.Addr().Interface())
			settings, blocks = append(settings, inner...), append(blocks, innerBlocks...)
		}
	}
	return settings, append(blocks, v)
}

// reads tells whether the setting is read from that variable.
func (s setting) reads(variable string) bool {
	if s.family {
		_, ok := s.member(variable)
		return ok
	}
	own := Prefix + s.name
	return variable == own || s.secret && variable == own+fileSuffix
}

// member is the number in the name of a family's variable: AURA_SOURCE_12 is
// 12. Numbers start at 1 and have only one spelling.
func (s setting) member(variable string) (int, bool) {
	digits, ok := strings.CutPrefix(variable, Prefix+s.name+"_")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 1 && strconv.Itoa(n) == digits
}

// load sets the field from its variable, if that is set.
func (s setting) load(environ map[string]string) error {
	if s.family {
		return s.loadFamily(environ)
	}
	value := environ[Prefix+s.name]
	if s.secret {
		var err error
		if value, err = secret(s.name, environ); err != nil {
			return err
		}
	}
	if value == "" && !s.value.IsZero() {
		return nil // the value that the service set before is the default
	}
	return decode(s.field, s.value, s.name, value, s.secret)
}

// loadFamily adds every member to the map.
func (s setting) loadFamily(environ map[string]string) error {
	var found mistakes
	for _, variable := range slices.Sorted(maps.Keys(environ)) {
		n, ok := s.member(variable)
		if !ok || environ[variable] == "" {
			continue
		}
		element := reflect.New(s.field.Type.Elem()).Elem()
		f := reflect.StructField{Name: s.field.Name, Type: element.Type(), Tag: `env:"MEMBER"`}
		name := strings.TrimPrefix(variable, Prefix)
		if err := decode(f, element, name, environ[variable], s.secret); err != nil {
			found.add(err)
			continue
		}
		if s.value.IsNil() {
			s.value.Set(reflect.MakeMap(s.field.Type))
		}
		s.value.SetMapIndex(reflect.ValueOf(n), element)
	}
	return errors.Join(found...)
}
