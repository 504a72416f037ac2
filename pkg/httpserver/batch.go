package httpserver

import (
	"io"
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"aura.radio/engine/pkg/api/lenient"
)

// batches are those members of an operation's body that are lists of objects
// which the contract does not describe further.
func batches(op *openapi3.Operation) (names []string) {
	if op.RequestBody == nil {
		return nil
	}
	content := op.RequestBody.Value.Content.Get("application/json")
	if content == nil {
		return nil
	}
	for name, property := range content.Schema.Value.Properties {
		if items := property.Value.Items; items != nil && items.Value.Extensions["x-go-type"] == "json.RawMessage" {
			names = append(names, name)
		}
	}
	return names
}

// enveloped is the request as the contract sees it. A thousand records need not
// be decoded to check that there are not too many of them.
func enveloped(r *http.Request, batches []string) *http.Request {
	if r.GetBody == nil {
		return r
	}
	body, err := r.GetBody()
	if err != nil {
		return r
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return r
	}
	light := *r
	setBody(&light, envelope(data, batches))
	return &light
}

// envelope is the JSON object in data, with every object emptied in the lists
// of those names. data must be valid JSON.
func envelope(data []byte, batches []string) []byte {
	var (
		out    = make([]byte, 0, 4096)
		depth  int
		member string // of the outermost object
		kept   int    // everything before this offset is in out already, or left out
	)
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			end := lenient.EndOfText(data, i)
			if depth == 1 && isName(data, end) {
				member = string(data[i+1 : end-1])
			}
			i = end - 1
		case '{', '[':
			depth++
			if data[i] == '{' && depth == 3 && slices.Contains(batches, member) {
				out = append(out, data[kept:i+1]...)
				i = endOfObject(data, i) - 1
				kept = i
				depth--
			}
		case '}', ']':
			depth--
		}
	}
	return append(out, data[kept:]...)
}

// isName distinguishes a member's name from a text: a colon follows the name.
func isName(data []byte, end int) bool {
	for ; end < len(data); end++ {
		switch data[end] {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return data[end] == ':'
	}
	return false
}

// endOfObject is the offset after the bracket that closes the one at i.
func endOfObject(data []byte, i int) int {
	for open := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = lenient.EndOfText(data, i) - 1
		case '{', '[':
			open++
		case '}', ']':
			if open--; open == 0 {
				return i + 1
			}
		}
	}
	return len(data)
}
