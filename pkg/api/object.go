package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"aura.radio/engine/pkg/api/lenient"
)

// Object is a JSON object whose members are judged one by one: its members in their
// order. Unlike a map it costs nearly nothing to make, and an engine's play has few
// members.
type Object []Member

// Member is a member of an object.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Get returns the value of a member. Of several that have the name, the last
// counts, as in package json.
func (o Object) Get(name string) (value json.RawMessage, ok bool) {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].Name == name {
			return o[i].Value, true
		}
	}
	return nil, false
}

// UnmarshalJSON implements json.Unmarshaler. null becomes nil.
func (o *Object) UnmarshalJSON(text []byte) (err error) {
	if *o = nil; string(text) != "null" {
		*o, err = ReadObject(bytes.Clone(text))
	}
	return err
}

// MarshalJSON implements json.Marshaler.
func (o Object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	text := []byte{'{'}
	for i, m := range o {
		name, err := json.Marshal(m.Name)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, name...), ':'), m.Value...)
	}
	return append(text, '}'), nil
}

var errNoObject = errors.New("must be an object")

// ReadObject reads an object, whose values are then parts of text. text must be
// JSON. Error: that it is no object.
func ReadObject(text []byte) (Object, error) {
	if text = bytes.TrimSpace(text); len(text) == 0 || text[0] != '{' {
		return nil, errNoObject
	}
	whole := string(text) // of which the names are parts
	object := make(Object, 0, 16)
	name, valueAt, depth := `""`, 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			end := lenient.EndOfText(text, i)
			if depth == 1 && valueAt == 0 {
				name = whole[i:end]
			}
			i = end - 1
			continue
		case '{', '[':
			depth++
			continue
		case ':':
			if depth == 1 {
				valueAt = i + 1
			}
			continue
		case '}', ']':
			depth--
		case ',':
		default:
			continue
		}
		if valueAt > 0 && (depth == 0 || depth == 1 && text[i] == ',') {
			object = append(object, Member{nameOf(name), bytes.TrimSpace(text[valueAt:i])})
			valueAt = 0
		}
	}
	return object, nil
}

// nameOf is the name that a JSON text is.
func nameOf(quoted string) string {
	if !strings.Contains(quoted, `\`) && utf8.ValidString(quoted) { // nearly always
		return quoted[1 : len(quoted)-1]
	}
	return decoded(quoted)
}

func decoded(quoted string) (text string) {
	_ = json.Unmarshal([]byte(quoted), &text) // it is JSON
	return text
}
