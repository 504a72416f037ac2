package lenient

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"aura.radio/engine/pkg/model"
)

// Body is the field of a doubt that is about no member, or about several.
const Body = "body"

// Read returns data as JSON in UTF-8, with a doubt for each kind of mending.
// charset is what the sender declared, if anything. If data is a list, a doubt
// about the title of its first element has the field 0.title; see OfElement. If data is JSON in UTF-8
// already, it is returned itself. Text that is cut off is never completed.
func Read(data []byte, charset string) (text []byte, doubts []model.Doubt, err error) {
	if utf8.Valid(data) && json.Valid(data) {
		return data, nil, nil
	}
	m := mender{field: Body}
	m.mend(m.decode(data, charset))
	if err := check(m.out); err != nil {
		return nil, nil, err
	}
	return m.out, m.doubts, nil
}

func check(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("must be UTF-8 outside of texts")
	}
	if json.Valid(text) {
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(text, &raw)
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		return fmt.Errorf("must be JSON: %w at byte %d", err, syntax.Offset)
	}
	return fmt.Errorf("must be JSON: %w", err)
}
