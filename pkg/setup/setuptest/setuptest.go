// Package setuptest helps tests of set-ups. It promises that what it returns is
// what the service itself would read.
package setuptest

import (
	"testing"

	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/setup"
)

// Loaded is the configuration of an instance in a folder, as load reads it there.
func Loaded[C any](t testing.TB, dir string, i instance.Instance, load func(environ map[string]string) (C, error)) C {
	t.Helper()
	environ, err := setup.Place{Instance: i, Dir: setup.Dir(dir)}.Environ()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := load(environ)
	if err != nil {
		t.Fatalf("the service does not accept what was written: %v", err)
	}
	return cfg
}
