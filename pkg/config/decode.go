package config

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v10"
)

// decode lets env set one field; an empty value means its envDefault. It sets
// one field at a time, because env's errors name the fields of structs and not
// the variables.
func decode(field reflect.StructField, into reflect.Value, name, value string, secret bool) error {
	key, _, _ := strings.Cut(field.Tag.Get("env"), ",")
	one := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: field.Name, Type: field.Type, Tag: field.Tag},
	}))
	environ := map[string]string{}
	if value != "" {
		environ[key] = value
	}
	err := env.ParseWithOptions(one.Interface(), env.Options{
		Environment: environ,
		FuncMap:     map[reflect.Type]env.ParserFunc{reflect.TypeFor[time.Duration](): duration},
	})
	if err == nil {
		into.Set(one.Elem().Field(0))
		return nil
	}
	if secret {
		value = ""
	}
	return &Mistake{Variable: name, Value: value, Rule: rule(field.Type, err)}
}

// rule says what is expected of a field, from env's error.
func rule(t reflect.Type, err error) string {
	var all env.AggregateError
	if errors.As(err, &all) && len(all.Errors) > 0 {
		err = all.Errors[0]
	}
	var parse env.ParseError
	switch {
	case errors.As(err, new(env.EnvVarIsNotSetError)), errors.As(err, new(env.EmptyEnvVarError)):
		return "is required"
	case !errors.As(err, &parse):
		return err.Error()
	}
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	switch syntax := new(strconv.NumError); {
	case !errors.As(parse.Err, &syntax):
		return parse.Err.Error() // the field's own type chose these words
	case errors.Is(parse.Err, strconv.ErrRange):
		return "is out of range"
	case t.Kind() == reflect.Bool:
		return "must be true or false"
	case t.Kind() == reflect.Float32, t.Kind() == reflect.Float64:
		return "must be a number"
	}
	return "must be a whole number"
}

// duration reads 230ms and 1h. Like the original it also reads plain seconds:
// 0.23, 3600.
func duration(s string) (any, error) {
	if d, err := time.ParseDuration(s); err == nil {
		return d, nil
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(math.Abs(seconds) < math.MaxInt64/float64(time.Second)) {
		return nil, errors.New("must be a duration such as 230ms, 90s or 1h, or plain seconds")
	}
	// Rounded, because 0.23 has no exact float: 230ms is meant, not 229.999999ms.
	return time.Duration(math.Round(seconds * float64(time.Second))), nil
}
