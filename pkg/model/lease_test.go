package model

import (
	"errors"
	"testing"
)

func TestValidateHolder(t *testing.T) {
	t.Parallel()
	for name, valid := range map[string]bool{"a": true, "monitor a 🎵": true, " a": false, "a\n": false, "a\u00a0": false, "a\x00b": false} {
		err := ValidateHolder("lease.holder", name)
		invalid, ok := errors.AsType[*InvalidError](err)
		if ok == valid || (err == nil) != valid || !valid && invalid.Fields[0].Field != "lease.holder" {
			t.Errorf("%q: %v", name, err)
		}
	}
}
