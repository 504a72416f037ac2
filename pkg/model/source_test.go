package model

import (
	"math"
	"testing"
)

func TestValidateSource(t *testing.T) {
	t.Parallel()
	for source, want := range map[int]string{1: "", math.MaxInt32: "", 0: "number", -1: "number", math.MaxInt32 + 1: "number"} {
		if got := wrongFields(t, ValidateSource("number", source)); got != want {
			t.Errorf("%d: names %q, want %q", source, got, want)
		}
	}
}
