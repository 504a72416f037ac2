package api_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// served is the document of a service, which must be valid by itself.
func served(t *testing.T, service string) (*openapi3.T, string) {
	t.Helper()
	raw, err := api.Document(service)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Errorf("%s: %v", service, err)
	}
	return doc, string(raw)
}

// operations are the ids of a document's operations.
func operations(doc *openapi3.T) (ids []string) {
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			ids = append(ids, op.OperationID)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestDocument_operations(t *testing.T) {
	t.Parallel()
	contract, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := served(t, "")
	if got, want := operations(whole), operations(contract); !slices.Equal(got, want) {
		t.Errorf("all services: %v, want %v", got, want)
	}
	node, _ := served(t, "engine-api")
	sync, _ := served(t, "sync-node")
	monitor, _ := served(t, "status-monitor")
	if got := operations(monitor); !slices.Equal(got, []string{"GetMonitorStatus"}) {
		t.Errorf("a monitor serves %v", got)
	}
	for id, want := range map[string][2]bool{
		"StorePlaylog": {true, true}, "AcquireLease": {false, true}, "GetMonitorStatus": {false, false},
	} {
		if got := [2]bool{slices.Contains(operations(node), id), slices.Contains(operations(sync), id)}; got != want {
			t.Errorf("%s in the documents of engine-api and sync-node: %v, want %v", id, got, want)
		}
	}
	if len(monitor.Tags) != 1 || monitor.Tags[0].Name != "source" {
		t.Errorf("a monitor's tags: %v", monitor.Tags)
	}
}

// Other generators obey x-go-type, and name our packages.
func TestDocument_extensions(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"engine-api", "sync-node", "status-monitor"} {
		if _, raw := served(t, service); strings.Contains(raw, `"x-`) || strings.Contains(raw, "`x-") {
			t.Errorf("%s: the document has an extension", service)
		}
	}
}

// A request from the same host needs no token. The roles are still told.
func TestDocument_access(t *testing.T) {
	t.Parallel()
	contract, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	doc, _ := served(t, "sync-node")
	if doc.Components.SecuritySchemes["bearer"] == nil {
		t.Error("the scheme is not described")
	}
	if s := doc.Security; len(s) != 2 || len(s[0]) != 0 || s[1]["bearer"] == nil {
		t.Errorf("security: %v", s)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			roles, _ := contract.Paths.Value(path).GetOperation(method).Extensions["x-roles"].([]any)
			for _, role := range roles {
				if !strings.Contains(op.Description, "`"+role.(string)+"`") {
					t.Errorf("%s does not name the role %s: %s", op.OperationID, role, op.Description)
				}
			}
			if public := op.Security != nil && len(*op.Security) == 0; public != (len(roles) == 0) || op.Security != nil && !public {
				t.Errorf("%s: security %v, roles %v", op.OperationID, op.Security, roles)
			}
		}
	}
}

// Every component is there because something needs it, and some clients know a
// body's type only if it is in the operation.
func TestDocument_components(t *testing.T) {
	t.Parallel()
	component := regexp.MustCompile(`"\$ref":"#/components/(\w+)/([\w-]+)"`)
	for _, service := range []string{"engine-api", "sync-node", "status-monitor"} {
		doc, raw := served(t, service)
		used := map[string]bool{}
		for _, m := range component.FindAllStringSubmatch(raw, -1) {
			used[m[1]+"/"+m[2]] = true
		}
		encoded, err := json.Marshal(doc.Components)
		if err != nil {
			t.Fatal(err)
		}
		var kinds map[string]map[string]any
		if err := json.Unmarshal(encoded, &kinds); err != nil {
			t.Fatal(err)
		}
		delete(kinds, "securitySchemes")
		for kind, named := range kinds {
			for name := range named {
				if !used[kind+"/"+name] {
					t.Errorf("%s: nothing needs %s %s", service, kind, name)
				}
			}
		}
		for _, item := range doc.Paths.Map() {
			for _, op := range item.Operations() {
				if op.RequestBody != nil && op.RequestBody.Ref != "" {
					t.Errorf("%s: %s has its body by reference", service, op.OperationID)
				}
				for status, response := range op.Responses.Map() {
					if (response.Ref != "") != (status == "default") {
						t.Errorf("%s: %s has its answer %s by reference, or its problems not", service, op.OperationID, status)
					}
				}
			}
		}
	}
}

// OpenAPI 3.0 knows nullable only beside a type, and an object without
// properties that may have any must say so: some clients send an empty one.
func TestDocument_schemas(t *testing.T) {
	t.Parallel()
	var check func(where string, part any)
	check = func(where string, part any) {
		switch part := part.(type) {
		case map[string]any:
			if part["nullable"] == true && part["type"] == nil {
				t.Errorf("%s is nullable without a type", where)
			}
			if part["type"] == "object" && part["properties"] == nil && part["additionalProperties"] == nil {
				t.Errorf("%s has no properties", where)
			}
			for name, value := range part {
				check(where+"."+name, value)
			}
		case []any:
			for _, value := range part {
				check(where+"[]", value)
			}
		}
	}
	_, raw := served(t, "")
	var doc map[string]any
	if err := json.Unmarshal([]byte(raw), &doc); err != nil {
		t.Fatal(err)
	}
	check("", doc)
}

// TestDocument_twins: code that is generated from a served document has one name
// for both spellings of a member, so only one of them is in it.
func TestDocument_twins(t *testing.T) {
	t.Parallel()
	contract, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	doc, _ := served(t, "engine-api")
	twins := 0
	for name, schema := range contract.Components.Schemas {
		for property := range schema.Value.Properties {
			for _, twin := range model.Spellings(property)[1:] {
				if schema.Value.Properties[twin] == nil {
					continue
				}
				twins++
				if shown := doc.Components.Schemas[name]; shown != nil && (shown.Value.Properties[twin] != nil || shown.Value.Properties[property] == nil) {
					t.Errorf("%s: shows %s, or not %s", name, twin, property)
				}
			}
		}
	}
	if twins == 0 {
		t.Error("the contract has no second spelling")
	}
}
