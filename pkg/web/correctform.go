package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
)

// The steps of a form. It is looked at before it is saved, and may be changed again.
const (
	stepPreview = "preview"
	stepSave    = "save"
	stepEdit    = "edit"
)

// correction is what every form for correcting has.
type correction struct {
	Fields []field
	// usual is how many of them are usually filled in; the others come after them.
	usual      int
	By, Reason string
	// Problem is why it was refused; nil if it was not.
	Problem *api.Problem
	// IsPreview: what will be is shown, and can be saved.
	IsPreview bool
}

// usualFields is how many of them are usually corrected.
const usualFields = 5

// Usual are the fields that are usually filled in.
func (c *correction) Usual() []field { return c.Fields[:c.usual] }

// Rare are the others.
func (c *correction) Rare() []field { return c.Fields[c.usual:] }

// IsRareOpen: one of the rare fields was changed, or is wrong.
func (c *correction) IsRareOpen() bool {
	return slices.ContainsFunc(c.Rare(), func(f field) bool { return f.Value != f.Was || c.Wrong(f.Name) != "" })
}

// Changed are the fields that have another value than before.
func (c *correction) Changed() (changed []field) {
	for _, f := range c.Fields {
		if f.Value != f.Was {
			changed = append(changed, f)
		}
	}
	return changed
}

// Wrong is what is wrong with a field; "" if nothing is.
func (c *correction) Wrong(name string) string {
	if c.Problem == nil || c.Problem.Errors == nil {
		return ""
	}
	for _, e := range *c.Problem.Errors {
		if e.Field[strings.LastIndexByte(e.Field, '.')+1:] == name {
			return e.Rule
		}
	}
	return ""
}

// General is what is wrong with the whole; "" if every mistake is shown at a field.
func (c *correction) General() string {
	if c.Problem == nil {
		return ""
	}
	if c.Problem.Errors != nil {
		for _, e := range *c.Problem.Errors {
			name := e.Field[strings.LastIndexByte(e.Field, '.')+1:]
			isShown := name == "by" || name == "reason" || slices.ContainsFunc(c.Fields, func(f field) bool { return f.Name == name })
			if !isShown {
				return e.Rule
			}
		}
		return ""
	}
	return *c.Problem.Detail // every problem has one
}

// typed reads what somebody filled in. A field that was not sent keeps its value.
func (c *correction) typed(r *gin.Context) {
	for i := range c.Fields {
		f := &c.Fields[i]
		if was, ok := r.GetPostForm("was." + f.Name); ok {
			f.Was = was
		}
		if value, ok := r.GetPostForm(f.Name); ok {
			f.Value = strings.TrimSpace(value)
		}
	}
	c.By, c.Reason = strings.TrimSpace(r.PostForm("by")), strings.TrimSpace(r.PostForm("reason"))
}

// form makes a handler of what a form does: it shows a page again, or leads to the
// next one.
func (s *Site) form(do func(c *gin.Context, t catalogue) (v view, next string, _ error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		t, err := s.catalogue(c)
		if err != nil {
			httpserver.Fail(c, err)
			return
		}
		v, next, err := do(c.Copy(), t)
		switch {
		case err != nil:
			httpserver.Fail(c, err)
		case next != "":
			lead(c, next)
		default:
			s.write(c, t, v)
		}
	}
}

// refused notes why a request was refused, for the form. What nobody expected stays
// an error: the log has its cause.
func (c *correction) refused(err error) error {
	p := httpserver.ProblemOf(err)
	if p.Status == http.StatusInternalServerError {
		return err
	}
	c.Problem, c.IsPreview = &p, false
	return nil
}

// status is that of the page which shows the form.
func (c *correction) status() int {
	if c.Problem == nil {
		return http.StatusOK
	}
	return c.Problem.Status
}

// author is the name with which forms begin: that of who is signed in.
func author(c *gin.Context) string {
	if ctx := c.Request.Context(); httpserver.SignedIn(ctx) {
		return httpserver.Caller(ctx).Name
	}
	return ""
}

// encoded is a query of pairs of names and values, without those that are "".
func encoded(pairs ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return query.Encode()
}
