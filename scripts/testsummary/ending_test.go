package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// summarize runs the package in testdata with the real go command.
func summarize(t *testing.T, ending string, flags ...string) string {
	t.Helper()
	args := slices.Concat([]string{"test", "-json", "-vet=off"}, flags, []string{"testdata/ending_test.go"})
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "ENDING="+ending)
	events, err := cmd.Output()
	if err == nil {
		t.Errorf("it passed:\n%s", events)
	}
	var out strings.Builder
	if code := run(strings.NewReader(string(events)), &out, &out, ""); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	return out.String()
}

func TestRun_Ending(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, cause string
		shown       string // what is shown of the cause
		flags       []string
	}{
		{"time over", "time over after 2s", "    \t\tTestOuter/Inner (", []string{"-timeout=2s"}},
		{"panic", "panic: boom", "    created by command-line-arguments.end in goroutine ", nil},
		{"kill", "signal: killed", "    signal: killed\n", nil},
		{"quit", "SIGQUIT: quit", "    command-line-arguments.end()\n", nil},
		{"exit", "it ended in the middle, without a word", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out := summarize(t, test.name, test.flags...)
			for _, want := range []string{
				"\nfailed:\n  command-line-arguments TestFailed\n  command-line-arguments: " + test.cause + "; unfinished: TestOuter/Inner\n",
				"unfinished: TestOuter/Inner\n    (61 lines before)\n        ending_test.go:33: line 60\n",
				": line 99\nunfinished: TestOuter\n        ending_test.go:28: outer began\n",
				test.shown,
			} {
				if !strings.Contains(out, want) {
					t.Errorf("output lacks %q:\n%s", want, out)
				}
			}
		})
	}
}

func TestRun_EndingAfterwards(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, cause string }{
		{"leak", "goleak: Errors on successful test run: found unexpected goroutines:"},
		{"silent", "it failed, though none of its tests did"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out := summarize(t, test.name, "-run=^TestWaiting$")
			want := "\nfailed:\n  command-line-arguments: " + test.cause + "\n\n1 passed, 1 failed, 0 skipped\n"
			if !strings.HasSuffix(out, want) {
				t.Errorf("output does not end with %q:\n%s", want, out)
			}
		})
	}
}
