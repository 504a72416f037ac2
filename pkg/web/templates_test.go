package web

import (
	"html/template"
	"testing"
)

// TestTemplates: every page is whole, also that which nobody asked for yet.
func TestTemplates(t *testing.T) {
	t.Parallel()
	s := &Site{templates: map[string]func() *template.Template{}}
	if err := s.readTemplates(); err != nil {
		t.Fatal(err)
	}
	for name, page := range s.templates {
		made := page()
		if made.Lookup("main") == nil {
			t.Errorf("%s has nothing to show", name)
		}
		if page() != made {
			t.Errorf("%s is made for each request", name)
		}
	}
}
