package httpserver

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/model"
)

// filterOptions: every mistake is to be reported, and handlers know their defaults
// themselves.
var filterOptions = &openapi3filter.Options{
	MultiError:          true,
	SkipSettingDefaults: true,
}

// bodilessOptions are for operations whose handler judges the body.
var bodilessOptions = &openapi3filter.Options{
	MultiError:          true,
	SkipSettingDefaults: true,
	ExcludeRequestBody:  true,
}

// contract checks the request against the OpenAPI document and names every
// mistake at once.
func (s *Server) contract(c *gin.Context) {
	r := callOf(c).route
	if r.contract == nil {
		c.Next()
		return
	}
	query, err := queryOf(c.Request, r.contract.Operation)
	if err != nil {
		fail(c, err)
		return
	}
	input := inputOf(c, r, query)
	if len(r.batches) > 0 {
		input.Request = enveloped(c.Request, r.batches)
	}
	wrong := repeated(input)
	if len(wrong) == 0 {
		wrong = mistakesOf(openapi3filter.ValidateRequest(c.Request.Context(), input), input)
	}
	for _, more := range looseMistakes(input) {
		if !slices.ContainsFunc(wrong, func(w model.FieldError) bool { return w.Field == more.Field }) {
			wrong = append(wrong, more)
		}
	}
	if len(wrong) > 0 {
		fail(c, &model.InvalidError{Fields: wrong})
		return
	}
	c.Next()
}

// inputOf is the request in the form that the validator needs.
func inputOf(c *gin.Context, r route, query url.Values) *openapi3filter.RequestValidationInput {
	input := &openapi3filter.RequestValidationInput{
		Request:     c.Request,
		PathParams:  map[string]string{},
		QueryParams: query,
		Route:       r.contract,
		Options:     filterOptions,
	}
	if r.lenient {
		input.Options = bodilessOptions
	}
	for _, p := range c.Params {
		input.PathParams[p.Key] = p.Value
	}
	return input
}

// queryOf reads the query. net/url silently drops what it can't read. A
// parameter without a value, as HTML forms send it, counts as not sent. A
// parameter that was sent under an alias gets the contract's name.
func queryOf(r *http.Request, op *openapi3.Operation) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, model.Invalid("query", r.URL.RawQuery, "must be name=value pairs, joined by & and percent-encoded: "+err.Error())
	}
	said := url.Values{}
	for name, values := range query {
		if values = slices.DeleteFunc(values, func(v string) bool { return v == "" }); len(values) > 0 {
			said[name] = values
		}
	}
	if err := rename(said, op); err != nil {
		return nil, err
	}
	r.URL.RawQuery = said.Encode() // for the binding, which reads it again
	return said, nil
}

// rename moves what was sent under an alias, as x-aliases says, to the name of
// its parameter. Several spellings must have the same value.
func rename(query url.Values, op *openapi3.Operation) error {
	var wrong []model.FieldError
	for _, ref := range op.Parameters {
		p := ref.Value
		for _, alias := range words(p.Extensions["x-aliases"]) {
			values, ok := query[alias]
			if !ok {
				continue
			}
			delete(query, alias)
			before := query[p.Name]
			switch {
			case before == nil:
				query[p.Name] = values
			case !slices.Equal(before, values):
				wrong = append(wrong, model.NewFieldError(fieldOf(p), strings.Join(append(before, values...), ", "),
					fmt.Sprintf("must have one value; %s is the same parameter", alias)))
			}
		}
	}
	if wrong != nil {
		return &model.InvalidError{Fields: wrong}
	}
	return nil
}

// repeated reports parameters that were sent more than once, or contain
// characters that no parameter may have.
func repeated(input *openapi3filter.RequestValidationInput) (wrong []model.FieldError) {
	for _, ref := range input.Route.Operation.Parameters {
		p := ref.Value
		values := sent(input, p)
		for _, v := range values {
			if !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
				wrong = append(wrong, model.NewFieldError(fieldOf(p), strings.ToValidUTF8(v, "�"), "must be UTF-8 without control characters"))
			}
		}
		if len(values) > 1 {
			wrong = append(wrong, model.NewFieldError(fieldOf(p), strings.Join(values, ", "), "must be given once"))
		}
	}
	return wrong
}

// sent are the values of a parameter that were sent.
func sent(input *openapi3filter.RequestValidationInput, p *openapi3.Parameter) []string {
	switch p.In {
	case openapi3.ParameterInPath:
		return []string{input.PathParams[p.Name]}
	case openapi3.ParameterInHeader:
		return input.Request.Header.Values(p.Name)
	}
	return input.QueryParams[p.Name]
}

// fieldOf names a parameter: limit (query).
func fieldOf(p *openapi3.Parameter) string { return fmt.Sprintf("%s (%s)", p.Name, p.In) }

// mistakesOf flattens what the validator found.
func mistakesOf(err error, input *openapi3filter.RequestValidationInput) (wrong []model.FieldError) {
	if err == nil {
		return nil
	}
	if all := (openapi3.MultiError)(nil); errors.As(err, &all) && !isRequestError(err) {
		for _, e := range all {
			wrong = append(wrong, mistakesOf(e, input)...)
		}
		return wrong
	}
	found := new(openapi3filter.RequestError)
	if !errors.As(err, &found) {
		return []model.FieldError{model.NewFieldError("request", "", err.Error())}
	}
	if p := found.Parameter; p != nil {
		rule := parameterRule(p, found)
		return []model.FieldError{model.NewFieldError(fieldOf(p), strings.Join(sent(input, p), ", "), rule)}
	}
	return bodyMistakes(found)
}

func isRequestError(err error) bool {
	_, ok := err.(*openapi3filter.RequestError) //nolint:errorlint // the outermost is meant
	return ok
}
