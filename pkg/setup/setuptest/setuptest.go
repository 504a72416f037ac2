// Package setuptest helps tests of set-ups. It promises that what it returns is
// what the service itself would read.
package setuptest

import (
	"testing"

	"aura.radio/engine/pkg/setup"
)

// Loaded is the configuration of a service in a folder, as load reads it there.
func Loaded[C any](t testing.TB, dir, service string, load func(environ map[string]string) (C, error)) C {
	t.Helper()
	environ, err := setup.Dir(dir).Environ(service)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := load(environ)
	if err != nil {
		t.Fatalf("the service does not accept what was written: %v", err)
	}
	return cfg
}
