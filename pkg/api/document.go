package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"aura.radio/engine/pkg/model"
)

// Contract is the embedded contract. It is read once, because that takes long, and
// nobody changes what it returns. It is the same as that of GetSpec, which reads JSON
// as YAML, and takes three times as much memory for that.
var Contract = sync.OnceValues(func() (*openapi3.T, error) {
	raw, err := GetSpecJSON()
	if err != nil {
		return nil, err
	}
	doc := &openapi3.T{}
	if err := json.Unmarshal(raw, doc); err != nil {
		return nil, err
	}
	return doc, openapi3.NewLoader().ResolveRefsIn(doc, nil)
})

// document is a part of an OpenAPI document, as JSON.
type document = map[string]any

// Document is the contract as a service shows it to others: only its own
// operations, what they need, and nothing that is about this project's code. An
// empty name means all services.
//
// Code generators read it. Some of them obey the extensions of another one, and
// some do not look behind the reference of a body.
func Document(service string) ([]byte, error) {
	raw, err := GetSpecJSON()
	if err != nil {
		return nil, fmt.Errorf("load contract: %w", err)
	}
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("read contract: %w", err)
	}
	keepOperations(doc, service)
	leaveOutTwins(doc)
	tidy(doc)
	keepComponents(doc)
	served, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write contract: %w", err)
	}
	return served, nil
}

// keepOperations leaves out the operations of other services, and the tags that
// then have none. The roles, which an extension has, become text.
func keepOperations(doc document, service string) {
	tags := map[any]bool{}
	paths := member(doc, "paths")
	for path := range paths {
		item := member(paths, path)
		maps.DeleteFunc(item, func(_ string, value any) bool {
			op, _ := value.(document)
			servedBy, _ := op["x-served-by"].([]any)
			return service != "" && !slices.Contains(servedBy, any(service))
		})
		if len(item) == 0 {
			delete(paths, path)
		}
		for method := range item {
			op := member(item, method)
			tellRoles(op)
			inline(member(doc, "components"), op)
			for _, tag := range list(op, "tags") {
				tags[tag] = true
			}
		}
	}
	doc["tags"] = slices.DeleteFunc(list(doc, "tags"), func(tag any) bool {
		t, _ := tag.(document)
		return !tags[t["name"]]
	})
}

// tellRoles says in the description which roles may call an operation.
func tellRoles(op document) {
	var roles []string
	for _, role := range list(op, "x-roles") {
		roles = append(roles, fmt.Sprint("`", role, "`"))
	}
	if len(roles) == 0 {
		return
	}
	description, _ := op["description"].(string)
	op["description"] = strings.TrimSpace(strings.TrimSpace(description) +
		"\n\nFrom another host it needs a token of one of the roles " + strings.Join(roles, ", ") + ".")
}

// inline replaces the references of an operation's body and of its answers.
// That of its problems stays: it is one type for all operations.
func inline(components, op document) {
	replace(components, op, "requestBody")
	responses := member(op, "responses")
	for status := range responses {
		if status != "default" {
			replace(components, responses, status)
		}
	}
}

// replace puts a component in the place of the reference to it.
func replace(components, in document, name string) {
	reference, ok := member(in, name)["$ref"].(string)
	if !ok {
		return
	}
	steps := strings.Split(reference, "/") // # components KIND NAME
	in[name] = member(components, steps[2])[steps[3]]
}

// leaveOutTwins leaves out the second spelling of members: the descriptions tell
// of it. In most languages, code that is generated has one name for both.
func leaveOutTwins(doc document) {
	schemas := member(member(doc, "components"), "schemas")
	for name := range schemas {
		properties := member(member(schemas, name), "properties")
		for property := range properties {
			for _, twin := range model.Spellings(property)[1:] {
				delete(properties, twin)
			}
		}
	}
}

// tidy removes every x-…. No name of the API begins like that. It also removes
// nullable from schemas that allow anything: our validator needs it there,
// others refuse it beside no type.
func tidy(part any) {
	switch part := part.(type) {
	case document:
		maps.DeleteFunc(part, func(name string, _ any) bool { return strings.HasPrefix(name, "x-") })
		if allowsAnything(part) {
			delete(part, "nullable")
		}
		for _, value := range part {
			tidy(value)
		}
	case []any:
		for _, value := range part {
			tidy(value)
		}
	}
}

// allowsAnything is true of a schema that says nothing but what it means.
func allowsAnything(schema document) bool {
	for name := range schema {
		if name != "nullable" && name != "description" {
			return false
		}
	}
	return true
}

// keepComponents leaves out the components that nothing refers to, however
// indirectly.
func keepComponents(doc document) {
	components := member(doc, "components")
	needed := map[string]bool{}
	need(doc, doc["paths"], needed)
	for kind := range components {
		if kind == "securitySchemes" { // they are not needed by reference
			continue
		}
		named := member(components, kind)
		maps.DeleteFunc(named, func(name string, _ any) bool { return !needed["#/components/"+kind+"/"+name] })
		if len(named) == 0 {
			delete(components, kind)
		}
	}
}

// need notes every reference in a part, and in what it refers to.
func need(doc document, part any, needed map[string]bool) {
	switch part := part.(type) {
	case document:
		if reference, ok := part["$ref"].(string); ok && !needed[reference] {
			needed[reference] = true
			steps := strings.Split(reference, "/")
			target := doc
			for _, step := range steps[1:] {
				target = member(target, step)
			}
			need(doc, target, needed)
		}
		for _, value := range part {
			need(doc, value, needed)
		}
	case []any:
		for _, value := range part {
			need(doc, value, needed)
		}
	}
}

// member is an object in an object; nil if it is not there.
func member(of document, name string) document {
	object, _ := of[name].(document)
	return object
}

// list is a list in an object; nil if it is not there.
func list(of document, name string) []any {
	values, _ := of[name].([]any)
	return values
}
