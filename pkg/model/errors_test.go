package model

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestInvalidError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("store: %w", &InvalidError{Fields: []FieldError{
		NewFieldError("track_start", "yesterday", "must be a date and a time"), NewFieldError("by", "", "is required"),
	}})
	if got, want := err.Error(), "store: invalid: track_start: must be a date and a time; by: is required"; got != want {
		t.Errorf("says %q, want %q", got, want)
	}
	if invalid, ok := errors.AsType[*InvalidError](err); !ok || len(invalid.Fields) != 2 {
		t.Error("is not found in what wraps it")
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "short": "short", strings.Repeat("ä", 64): strings.Repeat("ä", 64), strings.Repeat("🎧", 65): strings.Repeat("🎧", 64) + "…",
	} {
		if got := Invalid("field", value, "rule").Fields; len(got) != 1 || got[0] != (FieldError{Field: "field", Value: want, Rule: "rule"}) {
			t.Errorf("%q: got %+v", value, got)
		}
	}
}
