package model_test

import (
	"testing"

	"aura.radio/engine/pkg/model"
)

func TestSourceNames(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1", "x=y", "0=y", "1=", "1=a,1=b"} {
		var n model.SourceNames
		if err := n.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken as %v", text, n)
		}
	}
}
