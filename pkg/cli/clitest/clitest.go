// Package clitest runs the commands of a program as a person would, for tests.
package clitest

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// Program is a cli.Program.
type Program interface {
	Run(ctx context.Context, args []string, environ map[string]string, stdout, stderr io.Writer) int
}

// Run runs a command. It returns the exit code and what the command wrote.
func Run(t testing.TB, p Program, environ map[string]string, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = p.Run(t.Context(), args, environ, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// Expect runs a command. It fails the test if the exit code is another one, or if the
// command did not write each of wants. It returns the standard output.
func Expect(t testing.TB, p Program, environ map[string]string, args []string, code int, wants ...string) string {
	t.Helper()
	got, out, errOut := Run(t, p, environ, args...)
	if got != code {
		t.Errorf("%s: %d, want %d: %s%s", args, got, code, out, errOut)
	}
	for _, want := range wants {
		if !strings.Contains(out+errOut, want) {
			t.Errorf("%s: lacks %q: %s%s", args, want, out, errOut)
		}
	}
	return out
}
