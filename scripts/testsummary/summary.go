package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of `go test -json`, as far as it is used here.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of what was built, in place of Package
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// key names a test, or a package where Test is empty.
type key struct{ pkg, test string }

func (k key) String() string {
	if k.test == "" {
		return k.pkg
	}
	return k.pkg + " " + k.test
}

// summary counts tests that have no subtests of their own: a test with
// subtests counts only where it fails by itself.
type summary struct {
	out    io.Writer
	output map[key][]string // of what is still running
	// parents holds the tests that have subtests, and whether one failed.
	parents map[key]bool
	builds  map[string][]string
	passed  int
	failed  []key
	skipped []skip
}

type skip struct {
	key
	reason string
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, output: map[key][]string{}, parents: map[key]bool{}, builds: map[string][]string{}}
}

func (s *summary) check(name string, passed bool) {
	if passed {
		s.passed++
	} else {
		s.failed = append(s.failed, key{pkg: "check: " + name})
	}
}

func (s *summary) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				s.take(e)
			} else {
				fmt.Fprint(s.out, line) // the go command speaks for itself
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		s.builds[e.ImportPath] = append(s.builds[e.ImportPath], e.Output)
	case "output":
		s.output[k] = append(s.output[k], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(k, e)
		} else {
			s.endTest(k, e.Action)
		}
		delete(s.output, k)
	}
}

func (s *summary) endTest(k key, action string) {
	subtestFailed, isParent := s.parents[k]
	if cut := strings.LastIndexByte(k.test, '/'); cut >= 0 {
		parent := key{k.pkg, k.test[:cut]}
		s.parents[parent] = s.parents[parent] || action == "fail"
	}
	switch {
	case action == "fail":
		fmt.Fprintf(s.out, "FAIL  %s\n%s", k, indent(s.output[k]))
		if !subtestFailed {
			s.failed = append(s.failed, k)
		}
	case isParent:
	case action == "skip":
		s.skipped = append(s.skipped, skip{k, reason(s.output[k])})
	default:
		s.passed++
	}
}

func (s *summary) endPackage(k key, e event) {
	switch e.Action {
	case "skip": // it has no tests
	case "pass":
		fmt.Fprintf(s.out, "ok    %-60s %6.1fs\n", e.Package, e.Elapsed)
	case "fail":
		fmt.Fprintf(s.out, "FAIL  %-60s %6.1fs\n", e.Package, e.Elapsed)
		// A package may fail without any of its tests: it does not build, it
		// panics, it leaks. What was running then never ended.
		if slices.ContainsFunc(s.failed, func(f key) bool { return f.pkg == k.pkg }) {
			return
		}
		s.failed = append(s.failed, k)
		fmt.Fprint(s.out, indent(s.builds[e.FailedBuild]), indent(s.output[k]))
		for _, open := range slices.SortedFunc(maps.Keys(s.output), compareKeys) {
			if open.pkg == k.pkg && open.test != "" {
				fmt.Fprintf(s.out, "unfinished: %s\n%s", open.test, indent(s.output[open]))
			}
		}
	}
}

func compareKeys(a, b key) int { return strings.Compare(a.String(), b.String()) }

// finish prints the end and tells whether all is well.
func (s *summary) finish() bool {
	if len(s.skipped) > 0 {
		fmt.Fprintln(s.out, "\nskipped:")
		for _, sk := range s.skipped {
			fmt.Fprintf(s.out, "  %s: %s\n", sk.key, sk.reason)
		}
	}
	if len(s.failed) > 0 {
		fmt.Fprintln(s.out, "\nfailed:")
		for _, k := range s.failed {
			fmt.Fprintf(s.out, "  %s\n", k)
		}
	}
	fmt.Fprintf(s.out, "\n%d passed, %d failed, %d skipped\n", s.passed, len(s.failed), len(s.skipped))
	return len(s.failed) == 0 && s.passed > 0
}

func indent(output []string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.Join(output, "")) {
		b.WriteString("    " + strings.TrimSuffix(line, "\n") + "\n")
	}
	return b.String()
}

// reason is what t.Skip said, without the frame that testing prints around it.
func reason(output []string) string {
	var said []string
	for line := range strings.Lines(strings.Join(output, "")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if _, text, found := strings.Cut(line, ".go:"); found {
			if _, after, found := strings.Cut(text, ": "); found {
				line = after
			}
		}
		said = append(said, line)
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}
