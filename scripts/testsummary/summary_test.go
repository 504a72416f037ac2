package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The output of `go test -json`, cut to what matters.
const sample = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"pass","Package":"p","Test":"TestA/one","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestA/two","Output":"    a_test.go:7: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA/two","Elapsed":0}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: needs root: namespaces\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"fail","Package":"p","Elapsed":1.5}
{"Action":"skip","Package":"untested","Elapsed":0}
{"Action":"run","Package":"panics","Test":"TestC"}
{"Action":"output","Package":"panics","Test":"TestC","Output":"=== RUN   TestC\n"}
{"Action":"output","Package":"panics","Test":"TestC","Output":"panic: boom\n"}
{"Action":"fail","Package":"panics","Elapsed":0.1}
{"ImportPath":"broken","Action":"build-output","Output":"x.go:1: undefined: y\n"}
{"Action":"fail","Package":"broken","Elapsed":0,"FailedBuild":"broken"}
go: warning: something else
`

func TestRun(t *testing.T) {
	t.Parallel()
	checks := filepath.Join(t.TempDir(), "checks")
	if err := os.WriteFile(checks, []byte("pass lint\nfail generated files are fresh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, stderr strings.Builder
	if code := run(strings.NewReader(sample), &out, &stderr, checks); code != 1 {
		t.Errorf("exit code %d, want 1; %s", code, stderr.String())
	}
	for _, want := range []string{
		"FAIL  p TestA/two\n        a_test.go:7: got 1, want 2\n",
		"  p TestB: needs root: namespaces\n",
		"  panics: panic: boom; unfinished: TestC\n",
		"    x.go:1: undefined: y\n",
		"  check: generated files are fresh\n",
		"go: warning: something else\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, out.String())
		}
	}
	if want := "\n2 passed, 4 failed, 1 skipped\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("output does not end with %q:\n%s", want, out.String())
	}
}

func TestRun_ExitCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, in string
		code     int
	}{
		{"Passed", `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n", 0},
		{"NothingRan", "", 1},
		{"CutShort", `{"Action":"output","Package":"p","Test":"TestA","Output":"x"}`, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if code := run(strings.NewReader(test.in), &out, &out, ""); code != test.code {
				t.Errorf("exit code %d, want %d:\n%s", code, test.code, out.String())
			}
		})
	}
}
