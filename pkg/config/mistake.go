package config

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Mistake is what is wrong with one variable. Validate of a block returns a
// Mistake, or several joined.
type Mistake struct {
	Variable string // without the prefix
	Value    string // the received value; leave it empty for secrets
	Rule     string // what is expected, such as "must be host:port"
}

// maxShownValue bounds how much of a wrong value is shown, in bytes.
const maxShownValue = 80

// Error is one line: the full name of the variable, its value and the rule.
func (m *Mistake) Error() string {
	if m.Value == "" {
		return fmt.Sprintf("%s%s: %s", Prefix, m.Variable, m.Rule)
	}
	value := m.Value
	if len(value) > maxShownValue {
		cut := maxShownValue
		for !utf8.RuneStart(value[cut]) {
			cut--
		}
		value = value[:cut] + "…"
	}
	return fmt.Sprintf("%s%s=%q: %s", Prefix, m.Variable, value, m.Rule)
}

// mistakes is a flat list of errors.
type mistakes []error

// add takes joined errors apart and leaves out mistakes that are already
// listed. A struct that embeds one block inherits its Validate, and a struct
// that embeds several may call theirs. So the same mistake is often reported
// twice.
func (l *mistakes) add(err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			l.add(e)
		}
		return
	}
	if !slices.ContainsFunc(*l, func(e error) bool { return e.Error() == err.Error() }) {
		*l = append(*l, err)
	}
}
