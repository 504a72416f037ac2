package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of `go test -json`, limited to the fields used here.
type event struct {
	Action      string
	Package     string
	ImportPath  string // the package that was built, in place of Package
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// key names a test, or a package if test is empty.
type key struct{ pkg, test string }

func (k key) String() string {
	if k.test == "" {
		return k.pkg
	}
	return k.pkg + " " + k.test
}

// summary counts the tests that have no subtests of their own. A test with
// subtests counts only if it fails by itself.
type summary struct {
	out     io.Writer
	running map[key]bool
	output  map[key][]string // of the tests that are still running
	endings map[string]ending
	// parents holds the tests that have subtests, and whether one failed.
	parents map[key]bool
	builds  map[string][]string
	passed  int
	failed  []verdict
	skipped []verdict
	slowest slowest
}

type verdict struct {
	key
	reason string // it may be empty
}

func (v verdict) String() string {
	if v.reason == "" {
		return v.key.String()
	}
	return v.key.String() + ": " + v.reason
}

func newSummary(out io.Writer) *summary {
	return &summary{
		out: out, running: map[key]bool{}, output: map[key][]string{}, endings: map[string]ending{},
		parents: map[key]bool{}, builds: map[string][]string{},
	}
}

func (s *summary) check(name string, passed bool) {
	if passed {
		s.passed++
	} else {
		s.failed = append(s.failed, verdict{key: key{pkg: "check: " + name}})
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
	case "run":
		s.running[k] = true
	case "output":
		s.hear(line{k, e.Output})
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(e)
		} else {
			s.endTest(k, e)
		}
	}
}

func (s *summary) endTest(k key, e event) {
	action := e.Action
	subtestFailed, isParent := s.parents[k]
	if cut := strings.LastIndexByte(k.test, '/'); cut >= 0 {
		parent := key{k.pkg, k.test[:cut]}
		s.parents[parent] = s.parents[parent] || action == "fail"
	}
	switch {
	case action == "fail":
		fmt.Fprintf(s.out, "FAIL  %s\n%s", k, indent(s.output[k]))
		if !subtestFailed {
			s.failed = append(s.failed, verdict{key: k})
		}
	case isParent:
	case action == "skip":
		s.skipped = append(s.skipped, verdict{k, reason(s.output[k])})
	default:
		s.passed++
		s.slowest.note(k, e.Elapsed)
	}
	delete(s.output, k)
	delete(s.running, k)
}

func (s *summary) endPackage(e event) {
	switch e.Action {
	case "skip": // the package has no tests
	case "pass":
		fmt.Fprintf(s.out, "ok    %-60s %6.1fs\n", e.Package, e.Elapsed)
	case "fail":
		fmt.Fprintf(s.out, "FAIL  %-60s %6.1fs\n", e.Package, e.Elapsed)
		s.failPackage(e)
	}
	s.forget(e.Package)
}

// failPackage tells why a package failed, unless its failed tests are the only
// reason.
func (s *summary) failPackage(e event) {
	end, unfinished := s.endings[e.Package], s.unfinished(e.Package)
	why := end.cause()
	switch {
	case why != "":
	case e.FailedBuild != "":
		why = "it does not build"
	case len(unfinished) > 0:
		why = "it ended in the middle, without a word"
	case slices.ContainsFunc(s.failed, func(f verdict) bool { return f.pkg == e.Package }):
		return
	default:
		why = "it failed, though none of its tests did"
	}
	if len(unfinished) > 0 {
		why += "; unfinished: " + strings.Join(innermost(unfinished), ", ")
	}
	s.failed = append(s.failed, verdict{key{pkg: e.Package}, why})
	fmt.Fprintf(s.out, "    %s\n%s%s%s", why, indent(s.builds[e.FailedBuild]), indent(s.output[key{pkg: e.Package}]), indent(end.excerpt()))
	s.printUnfinished(unfinished)
}

// finish prints the end and returns whether all is well.
func (s *summary) finish() bool {
	s.slowest.print(s.out)
	if len(s.skipped) > 0 {
		fmt.Fprintln(s.out, "\nskipped:")
		for _, sk := range s.skipped {
			fmt.Fprintf(s.out, "  %s\n", sk)
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
