package httpserver

import (
	"io"
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// batches are the members of an operation's body that are lists of objects of
// which the contract says nothing more.
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

// enveloped is the request as the contract looks at it: a thousand records need
// not be decoded to see that there are not too many of them.
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

// envelope is the JSON object in data with every object in the lists of those
// names emptied. data must be valid JSON.
func envelope(data []byte, batches []string) []byte {
	var (
		out    = make([]byte, 0, 4096)
		depth  int
		member string // of the outermost object
		kept   int    // what is before it is in out, or left out
	)
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			end := endOfText(data, i)
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

// endOfText is behind the quotation mark that ends the text which begins at i.
func endOfText(data []byte, i int) int {
	for i++; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data)
}

// isName tells a member's name from a text: a colon follows it.
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

// endOfObject is behind the bracket that closes the one at i.
func endOfObject(data []byte, i int) int {
	for open := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = endOfText(data, i) - 1
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
