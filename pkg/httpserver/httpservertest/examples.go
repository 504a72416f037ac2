package httpservertest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"aura.radio/engine/pkg/api"
)

// Example is the request that the documentation page sends if a person changes
// nothing: it has the contract's examples, and the defaults of parameters.
type Example struct {
	Endpoint
	Header   http.Header
	ServedBy []string
}

// methods are in the order in which examples are sent. Reads come first, while
// everything that was prepared is there.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}

// Examples makes the requests of every operation of the contract. If a body has
// several examples, each of them is a request. The test fails if an operation
// has no example of its body, of a required parameter, or of any parameter that
// it takes.
func Examples(t *testing.T) []Example {
	t.Helper()
	doc, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	services := servedBy(t)
	var all []Example
	for path, item := range doc.Paths.Map() {
		base := baseOf(t, slices.Concat(item.Servers, doc.Servers)[0])
		for method, op := range item.Operations() {
			target, header := filledIn(t, path, op)
			e := Example{
				Endpoint: Endpoint{ID: op.OperationID, Method: method, Path: base + target},
				Header:   header, ServedBy: services[strings.ToLower(op.OperationID)],
			}
			for _, e.Body = range bodies(t, op) {
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b Example) int {
		return cmp.Or(slices.Index(methods, a.Method)-slices.Index(methods, b.Method), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Body, b.Body))
	})
	return all
}

// baseOf is where a server's paths begin.
func baseOf(t *testing.T, server *openapi3.Server) string {
	t.Helper()
	document, err := url.Parse("/api/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	base, err := document.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return base.Path
}

// filledIn is the path of an operation with its query, and its headers.
func filledIn(t *testing.T, path string, op *openapi3.Operation) (target string, header http.Header) {
	t.Helper()
	query, header := url.Values{}, http.Header{}
	shown := 0
	for _, ref := range op.Parameters {
		p := ref.Value
		example := cmp.Or(p.Example, p.Schema.Value.Example, p.Schema.Value.Default)
		if example == nil {
			if p.Required {
				t.Errorf("%s has no example of %s", op.OperationID, p.Name)
			}
			continue
		}
		shown++
		value, ok := example.(string)
		if !ok {
			value = encoded(t, example)
		}
		switch p.In {
		case openapi3.ParameterInPath:
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
		case openapi3.ParameterInHeader:
			header.Set(p.Name, value)
		default:
			query.Set(p.Name, value)
		}
	}
	if shown == 0 && len(op.Parameters) > 0 {
		t.Errorf("%s has no example of any parameter", op.OperationID)
	}
	return (&url.URL{Path: path, RawQuery: query.Encode()}).String(), header
}

// bodies are the examples of an operation's body: one empty body if it takes
// none.
func bodies(t *testing.T, op *openapi3.Operation) []string {
	t.Helper()
	if op.RequestBody == nil {
		return []string{""}
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	var all []string
	if media.Example != nil {
		all = append(all, encoded(t, media.Example))
	}
	for _, example := range media.Examples {
		all = append(all, encoded(t, example.Value.Value))
	}
	if all == nil {
		t.Errorf("%s has no example of its body", op.OperationID)
	}
	return all
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// CheckExamples sends a service every example of its operations, as they stand.
// The service must accept them. Before, its empty database gets what the
// examples name: the entry 1, and a health status of source 1.
func CheckExamples(t *testing.T, service, url string) {
	t.Helper()
	all := slices.DeleteFunc(Examples(t), func(e Example) bool { return !slices.Contains(e.ServedBy, service) })
	if len(all) == 0 {
		t.Errorf("%s serves no operation", service)
	}
	for _, prepared := range []Endpoint{
		{"storePlaylog", http.MethodPost, "/api/v1/playlog", Play},
		{"storeHealth", http.MethodPut, "/api/v1/source/health/1", `{"is_healthy": true}`},
	} {
		if slices.ContainsFunc(all, func(e Example) bool { return strings.EqualFold(e.ID, prepared.ID) }) {
			if status, body := ask(t, prepared, nil, url); status/100 != 2 {
				t.Fatalf("%s is answered %d %s", prepared.ID, status, body)
			}
		}
	}
	for _, e := range all {
		status, body := ask(t, e.Endpoint, e.Header, url)
		// A batch is answered 200 even if one of its records was refused.
		if status/100 != 2 || strings.Contains(body, `"refused":"`) {
			t.Errorf("%s %s %s is answered %d %s", e.Method, e.Path, e.Body, status, body)
		}
	}
}
