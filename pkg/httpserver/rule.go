package httpserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"aura.radio/engine/pkg/api/loose"
	"aura.radio/engine/pkg/model"
)

// parameterRule says what a parameter should have been.
func parameterRule(p *openapi3.Parameter, found *openapi3filter.RequestError) string {
	if errors.Is(found.Err, openapi3filter.ErrInvalidRequired) {
		return "is required"
	}
	if violation := new(openapi3.SchemaError); errors.As(found.Err, &violation) {
		if violation.SchemaField == "pattern" && p.Example != nil {
			return fmt.Sprintf("must look like %v", p.Example)
		}
		return rule(violation)
	}
	return "must be " + kind(p.Schema.Value) // it could not be parsed
}

// bodyMistakes names the fields of a body.
func bodyMistakes(found *openapi3filter.RequestError) (wrong []model.FieldError) {
	if errors.Is(found.Err, openapi3filter.ErrInvalidRequired) {
		return []model.FieldError{model.NewFieldError("body", "", "is required")}
	}
	violations := violationsOf(found.Err)
	if len(violations) == 0 {
		return []model.FieldError{model.NewFieldError("body", "", found.Error())}
	}
	for _, v := range violations {
		field, value := strings.Join(v.JSONPointer(), "."), shown(v.Value)
		switch v.SchemaField {
		case "required": // v is about the object that lacks the field
			value = ""
		case "properties":
			if extra, ok := extraField(v); ok {
				field, value = strings.TrimPrefix(field+"."+extra, "."), ""
			}
		}
		if field == "" {
			field, value = "body", ""
		}
		wrong = append(wrong, model.NewFieldError(field, value, rule(v)))
	}
	return wrong
}

// violationsOf flattens nested lists of violations.
func violationsOf(err error) (list []*openapi3.SchemaError) {
	switch e := err.(type) { //nolint:errorlint // lists must not be searched but walked
	case openapi3.MultiError:
		for _, one := range e {
			list = append(list, violationsOf(one)...)
		}
	case *openapi3.SchemaError:
		list = append(list, e)
	}
	return list
}

// extraField is the field that the schema does not know; only the validator's
// reason contains its name.
func extraField(v *openapi3.SchemaError) (string, bool) {
	var name string
	_, err := fmt.Sscanf(v.Reason, "property %q is unsupported", &name)
	return name, err == nil
}

// rule is the schema's own description if that is a rule, otherwise the
// validator's reason.
func rule(v *openapi3.SchemaError) string {
	switch v.SchemaField {
	case "required":
		path := v.JSONPointer()
		ref := v.Schema.Properties[path[len(path)-1]]
		if ref == nil || !isRule(ref.Value.Description) {
			return "is required"
		}
		if d := ref.Value.Description; strings.HasPrefix(d, "is required") {
			return d
		}
		return "is required; " + ref.Value.Description
	case "properties":
		if _, ok := extraField(v); ok {
			known := make([]string, 0, len(v.Schema.Properties))
			for name := range v.Schema.Properties {
				known = append(known, name)
			}
			slices.Sort(known)
			return "is not a known field; known fields are " + strings.Join(known, ", ")
		}
	}
	if isRule(v.Schema.Description) {
		return v.Schema.Description
	}
	switch v.SchemaField {
	case "type", "nullable", "anyOf":
		return "must be " + kind(v.Schema)
	case "enum":
		return fmt.Sprintf("must be one of %v", v.Schema.Enum)
	case "minimum":
		return "must be at least " + strconv.FormatFloat(*v.Schema.Min, 'f', -1, 64)
	case "maximum":
		return "must be at most " + strconv.FormatFloat(*v.Schema.Max, 'f', -1, 64)
	case "maxLength":
		return fmt.Sprintf("must have at most %d characters", *v.Schema.MaxLength)
	}
	return v.Reason
}

// isRule distinguishes a description of the expected value from a description
// of a meaning.
func isRule(description string) bool {
	return strings.HasPrefix(description, "must ") || strings.HasPrefix(description, "is required")
}

// kind names the type of a schema in words.
func kind(s *openapi3.Schema) string {
	names := map[string]string{
		"string": "text", "integer": "a whole number", "number": "a number",
		"boolean": "true or false", "object": "an object", "array": "a list",
	}
	var list []string
	for _, t := range s.Type.Slice() {
		list = append(list, names[t])
	}
	for _, ref := range s.AnyOf {
		list = append(list, kind(ref.Value))
	}
	return strings.Join(list, " or ")
}

// shown is a value as it was sent; texts without quotes.
func shown(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// looseMistakes lets the loose types check what the schema can't: whether a
// text is a number, and then whether the number is within bounds.
func looseMistakes(input *openapi3filter.RequestValidationInput) []model.FieldError {
	ref := input.Route.Operation.RequestBody
	if ref == nil || input.Options.ExcludeRequestBody || input.Request.GetBody == nil {
		return nil
	}
	body, err := input.Request.GetBody()
	if err != nil {
		return nil
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil
	}
	return looseIn(ref.Value.Content.Get("application/json").Schema, data, "")
}

func looseIn(ref *openapi3.SchemaRef, raw json.RawMessage, field string) (wrong []model.FieldError) {
	switch ref.Value.Extensions["x-go-type"] {
	case "loose.Integer", "loose.Number", "loose.Boolean":
		if fitsLoosely(ref.Value, raw) {
			return nil
		}
		var value any
		_ = json.Unmarshal(raw, &value) // it is JSON
		return []model.FieldError{model.NewFieldError(field, shown(value), ref.Value.Description)}
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	for name, property := range ref.Value.Properties {
		if member, ok := members[name]; ok {
			wrong = append(wrong, looseIn(property, member, strings.TrimPrefix(field+"."+name, "."))...)
		}
	}
	slices.SortFunc(wrong, func(a, b model.FieldError) int { return strings.Compare(a.Field, b.Field) })
	return wrong
}

func fitsLoosely(schema *openapi3.Schema, raw json.RawMessage) bool {
	switch schema.Extensions["x-go-type"] {
	case "loose.Integer":
		var v loose.Integer
		return v.UnmarshalJSON(raw) == nil && (!v.Known || schema.VisitJSON(float64(v.Value)) == nil)
	case "loose.Number":
		var v loose.Number
		return v.UnmarshalJSON(raw) == nil && (!v.Known || schema.VisitJSON(v.Value) == nil)
	}
	return new(loose.Boolean).UnmarshalJSON(raw) == nil
}
