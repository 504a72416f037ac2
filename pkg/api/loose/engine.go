package loose

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// noNumber are words that programs write if they have no number.
var noNumber = []string{"", "none", "null", "nil", "undefined", "-", "n/a"}

// IsNone reports whether text is a word that stands for nothing, such as None.
func IsNone(text string) bool {
	return slices.Contains(noNumber, strings.ToLower(strings.TrimSpace(text)))
}

// Count is a whole number as engines, playlists and tags have it. Beyond Integer
// it understands "None", -1 and similar as not known, and "5/12" as 5.
type Count struct {
	Value int64
	Known bool
}

// UnmarshalJSON reads what Integer reads, and the forms above.
func (v *Count) UnmarshalJSON(b []byte) error {
	*v = Count{}
	s, err := looseToken(b)
	if err != nil || IsNone(s) {
		return err
	}
	first, total, isPart := strings.Cut(s, "/")
	if isPart {
		if _, err := strconv.ParseUint(strings.TrimSpace(total), 10, 32); err != nil && !IsNone(total) {
			return fmt.Errorf("%q is not a whole number", s)
		}
	}
	if first = strings.TrimSpace(first); first == "" {
		return nil
	}
	n, err := whole(first)
	if err == nil && n != -1 {
		*v = Count{Value: n, Known: true}
	}
	return err
}

// MaxSeconds is the longest length of a title: 366 days.
const MaxSeconds = 366 * 24 * 60 * 60

var (
	errSeconds = errors.New("is no length in seconds")
	errTooLong = errors.New("is longer than 366 days")
)

// Length is how long a title is, in seconds, as engines and tags have it: 225,
// "225.5", "225,5", "225.5 s", "3:45", "00:03:45.5". What is infinite, negative
// or no number is not known.
type Length struct {
	Value float64
	Known bool
}

// UnmarshalJSON reads the forms above.
func (v *Length) UnmarshalJSON(b []byte) error {
	*v = Length{}
	s, err := looseToken(b)
	if err != nil || IsNone(s) {
		return err
	}
	seconds, err := parseLength(strings.ToLower(s))
	switch {
	case err != nil:
		return err
	case math.IsNaN(seconds), math.IsInf(seconds, 0), seconds < 0:
		return nil
	case seconds > MaxSeconds:
		return errTooLong
	}
	*v = Length{Value: seconds, Known: true}
	return nil
}

func parseLength(s string) (seconds float64, err error) {
	for _, unit := range []string{"seconds", "sec", "s"} {
		if number, ok := strings.CutSuffix(s, unit); ok {
			s = strings.TrimSpace(number)
			break
		}
	}
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	if strings.ContainsAny(s, "x_p") { // as in 0x1p4
		return 0, errSeconds
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, errSeconds
	}
	for i, part := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		isRange := errors.Is(err, strconv.ErrRange) // it is infinite then
		switch {
		case err != nil && !isRange:
			return 0, errSeconds
		case len(parts) > 1 && (n < 0 || i > 0 && n >= 60 || i < len(parts)-1 && n != math.Trunc(n) || math.IsNaN(n) || math.IsInf(n, 0)):
			return 0, errSeconds
		}
		seconds = seconds*60 + n
	}
	return seconds, nil
}

// Names is text as engines send it, or a list of texts such as several artists.
// The list is joined by a comma and a blank.
type Names string

// UnmarshalJSON reads what Text reads, and lists of that.
func (v *Names) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '[' {
		return (*Text)(v).UnmarshalJSON(b)
	}
	var list []Text
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	known := make([]string, 0, len(list))
	for _, name := range list {
		if name != "" {
			known = append(known, string(name))
		}
	}
	*v = Names(strings.Join(known, ", "))
	return nil
}
