package delivery_test

import (
	"errors"
	"testing"

	"aura.radio/engine/pkg/delivery"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	later := &delivery.LaterError{Err: errNetwork}
	if !errors.Is(later, errNetwork) || later.Error() != errNetwork.Error() {
		t.Errorf("%v", later)
	}
	if err := (&delivery.PermanentError{Reason: "gone"}); err.Error() != "gone" {
		t.Errorf("%v", err)
	}
}
