package links

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// template is an address with placeholders; empty if there is none.
type template []part

// part is a text of an address, and the placeholder that follows it.
type part struct {
	text string
	name string // "" at the end
	// optional: it is in the query or the fragment, which may lack something.
	optional bool
}

var errAddress = errors.New("must begin with https:// and a host, or with / and a path, without blanks and without a placeholder before the path")

// parse reads a template that may have the known placeholders. The error says what
// is expected.
func parse(address string, known []string) (t template, _ error) {
	if address == "" {
		return nil, nil
	}
	if !isAddress(address) {
		return nil, errAddress
	}
	optional := false
	for rest := address; ; {
		text, behind, found := strings.Cut(rest, "{")
		optional = optional || strings.ContainsAny(text, "?#")
		if !found {
			t = append(t, part{text: text})
			break
		}
		name, behind, closed := strings.Cut(behind, "}")
		if !closed || !slices.Contains(known, name) {
			return nil, fmt.Errorf("must have no other placeholders than {%s}", strings.Join(known, "}, {"))
		}
		t = append(t, part{text, name, optional})
		rest = behind
	}
	if len(t) == 1 {
		return nil, fmt.Errorf("must have at least one of the placeholders {%s}", strings.Join(known, "}, {"))
	}
	return t, nil
}

// isAddress reports whether a template leads to one host, or to a path of the
// website.
func isAddress(address string) bool {
	if strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"'<>\\^`|", r) }) {
		return false
	}
	fixed, _, _ := strings.Cut(address, "{")
	u, err := url.Parse(fixed)
	switch {
	case err != nil || u.User != nil:
		return false
	case u.Scheme == "https":
		return u.Host != "" && u.Opaque == "" && u.Path != ""
	}
	return strings.HasPrefix(fixed, "/") && u.Host == "" && !strings.HasPrefix(fixed, "//") && u.Scheme == ""
}

// fill puts values in place of the placeholders. The address is "" if none of its
// values is known, or one that it needs is not.
func (t template) fill(value func(name string) string) string {
	var b strings.Builder
	known := false
	for _, p := range t {
		b.WriteString(p.text)
		if p.name == "" {
			continue
		}
		v := value(p.name)
		if strings.Trim(v, ".") == "" { // dots alone would lead to another folder
			v = ""
		}
		if v == "" && !p.optional {
			return ""
		}
		known = known || v != ""
		b.WriteString(strings.ReplaceAll(url.QueryEscape(v), "+", "%20"))
	}
	if !known {
		return ""
	}
	return b.String()
}

// has reports whether an address has one of the placeholders.
func (t template) has(names ...string) bool {
	return slices.ContainsFunc(t, func(p part) bool { return slices.Contains(names, p.name) })
}
