// Package loose holds JSON scalars as engines of every age send them: numbers
// may come as strings, and null, "" or nothing at all mean "not known".
package loose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Integer is a whole number as engines send it: a number or text. It is unknown
// if null, "" or nothing was sent.
type Integer struct {
	Value int64
	Known bool
}

// UnmarshalJSON accepts 42, 42.0, "42", "" and null.
func (v *Integer) UnmarshalJSON(b []byte) error {
	s, err := looseToken(b)
	if err != nil || s == "" {
		*v = Integer{}
		return err
	}
	n, err := whole(s)
	if err == nil {
		*v = Integer{Value: n, Known: true}
	}
	return err
}

// whole is a whole number. JSON does not distinguish 42 from 42.0; from 2^53 on
// floats are not exact.
func whole(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return n, nil
	}
	f, ok := decimal(s)
	if !ok || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return int64(f), nil
}

// MarshalJSON writes the number, or null if it is unknown.
func (v Integer) MarshalJSON() ([]byte, error) {
	if !v.Known {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, v.Value, 10), nil
}

// Number is a number as engines send it: a number or text. It is unknown if
// null, "" or nothing was sent.
type Number struct {
	Value float64
	Known bool
}

// UnmarshalJSON accepts 1.5, "1.5", "" and null; never NaN or infinity.
func (v *Number) UnmarshalJSON(b []byte) error {
	s, err := looseToken(b)
	if err != nil || s == "" {
		*v = Number{}
		return err
	}
	f, ok := decimal(s)
	if !ok {
		return fmt.Errorf("%q is not a number", s)
	}
	*v = Number{Value: f, Known: true}
	return nil
}

// MarshalJSON writes the number, or null if it is unknown.
func (v Number) MarshalJSON() ([]byte, error) {
	if !v.Known {
		return []byte("null"), nil
	}
	return json.Marshal(v.Value)
}

// Text is text as engines send it: a number becomes its digits, null
// becomes "", which means not known.
type Text string

// UnmarshalJSON accepts text, numbers and null.
func (v *Text) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '"' {
		s, err := unquoted(b)
		*v = Text(s)
		return err
	}
	s, err := looseToken(b)
	*v = Text(s)
	return err
}

// Boolean is a truth value as engines send it: true, "true", "True", 1.
type Boolean bool

// UnmarshalJSON accepts what strconv.ParseBool does, quoted or not.
func (v *Boolean) UnmarshalJSON(b []byte) error {
	s, err := looseToken(b)
	if err != nil {
		return err
	}
	t, err := strconv.ParseBool(s)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", s)
	}
	*v = Boolean(t)
	return nil
}

// decimal reads a finite number. strconv also accepts inf, nan, 0x1p4 and 1_0
// as numbers, but an engine that sends them does not mean a number.
func decimal(s string) (f float64, ok bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) && !strings.ContainsAny(s, "xX_")
}

// unquoted is what a JSON text says.
func unquoted(b []byte) (string, error) {
	if n := len(b); n > 1 && b[n-1] == '"' && isPlain(b[1:n-1]) { // nearly always
		return string(b[1 : n-1]), nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	return s, err
}

// isPlain reports whether the inside of a JSON text stands for itself.
func isPlain(inside []byte) bool {
	for _, c := range inside {
		if c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return utf8.Valid(inside)
}

// looseToken is the text of a JSON scalar, "" for null.
func looseToken(b []byte) (string, error) {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0 || string(b) == "null":
		return "", nil
	case b[0] == '"':
		s, err := unquoted(b)
		return strings.TrimSpace(s), err
	case b[0] == '{' || b[0] == '[':
		return "", fmt.Errorf("is not a single value")
	}
	return string(b), nil
}
