package handler

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// TestContract_fields: the contract has every field of the table wherever it
// describes what was played, and full answers always have it.
func TestContract_fields(t *testing.T) {
	t.Parallel()
	doc, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	name, column := (*model.Field).Name, (*model.Field).Column
	for schema, nameOf := range map[string]func(*model.Field) string{
		"Play": name, "Changes": name, "PlaylogEntry": name, "ReportPlay": name, "SyncRecord": column,
	} {
		for _, f := range model.Fields {
			if f.IsCorrectable() && doc.Components.Schemas[schema].Value.Properties[nameOf(f)] == nil {
				t.Errorf("%s lacks %s", schema, nameOf(f))
			}
		}
	}
	for _, answer := range []string{"PlaylogEntry", "ReportPlay"} {
		for _, f := range model.Fields {
			if f.IsCorrectable() && !slices.Contains(doc.Components.Schemas[answer].Value.Required, f.Name()) {
				t.Errorf("%s does not require %s", answer, f.Name())
			}
		}
	}
}

// TestShape: a value arrives under its name, and what is not known is null.
func TestShape(t *testing.T) {
	t.Parallel()
	zone := zone(t, "Europe/Vienna")
	show := func(e model.Entry) map[string]any {
		shown := api.PlaylogEntry{}
		playlogShape.show(zone, &e, &shown)
		raw, err := json.Marshal(shown)
		if err != nil {
			t.Fatal(err)
		}
		var values map[string]any
		if err := json.Unmarshal(raw, &values); err != nil {
			t.Fatal(err)
		}
		return values
	}
	for _, f := range model.Fields {
		if !f.IsCorrectable() {
			continue
		}
		var e model.Entry
		var unknown, known any
		switch v := f.Of(&e).(type) {
		case *string:
			unknown, known, *v = "", "a", "a"
		case *int:
			known, *v = 3.0, 3
			if f.Identity {
				unknown = 0.0
			}
		case *int64:
			known, *v = 3.0, 3
		case *time.Duration:
			known, *v = 1.5, 1500*time.Millisecond
		case *time.Time:
			unknown, known, *v = show(model.Entry{})[f.Name()], "2020-06-27T19:14:00+02:00", moment(t, "2020-06-27T17:14:00Z")
		}
		if got := show(model.Entry{})[f.Name()]; got != unknown {
			t.Errorf("%s: is %v if it is not known, want %v", f.Name(), got, unknown)
		}
		if got := show(e)[f.Name()]; got != known {
			t.Errorf("%s: is %v, want %v", f.Name(), got, known)
		}
	}
}
