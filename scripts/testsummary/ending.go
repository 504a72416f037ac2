package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	// For an unfinished test only the last lines are shown: before them, a
	// service's log has megabytes.
	lastLines = 40
	// A dump of all goroutines is cut to what concerns tests, and to at most this
	// many lines.
	stackLines = 200
)

var (
	// If something ends a process, a line of output begins with the reason. The
	// runtime, the testing package or goleak prints that line, or the go command
	// in their place.
	causeLine = regexp.MustCompile(`^(panic: |fatal error: |SIG[A-Z]+: |signal: |\*\*\* Test killed |goleak: |found unexpected goroutines)`)
	// As long as the testing package prints, nothing has ended.
	alive    = regexp.MustCompile(`^(=== |--- |(PASS|FAIL)\n)`)
	timeOver = regexp.MustCompile(`^panic: test timed out after (.*)`)
	// A test that waits for another test or for its turn has no part in an end.
	waits = regexp.MustCompile(`testing\.\(\*T\)\.(Run|Parallel)\(`)
)

// ending is the output of a package from the cause of its end on. Each line has
// the test that it was attributed to, which is only the test that happened to
// print last.
type ending []line

type line struct {
	key
	text string
}

// hear stores a line of output with its test, or with the end of its package.
func (s *summary) hear(l line) {
	end := s.endings[l.pkg]
	if len(end) > 0 && alive.MatchString(l.text) { // the earlier lines only looked like the end
		for _, earlier := range end {
			s.output[earlier.key] = append(s.output[earlier.key], earlier.text)
		}
		delete(s.endings, l.pkg)
		end = nil
	}
	if len(end) > 0 || causeLine.MatchString(l.text) {
		s.endings[l.pkg] = append(end, l)
		return
	}
	s.output[l.key] = append(s.output[l.key], l.text)
}

// cause names what ended the package; it is empty if nothing did.
func (e ending) cause() string {
	var causes []string
	for _, l := range e {
		text := strings.TrimSpace(l.text)
		if over := timeOver.FindStringSubmatch(text); over != nil {
			text = "time over after " + over[1]
		}
		if causeLine.MatchString(l.text) {
			causes = append(causes, text)
		}
	}
	return strings.Join(causes, "; ")
}

// excerpt is the cause, the stack of the goroutine that caused the end, and the
// stacks of the tests that were at work.
func (e ending) excerpt() []string {
	if len(e) == 0 {
		return nil
	}
	var all strings.Builder
	for _, l := range e {
		all.WriteString(l.text)
	}
	paragraphs := strings.Split(strings.TrimSuffix(all.String(), "\n"), "\n\n")
	var kept []string
	for i, p := range paragraphs {
		if i < 2 || strings.Contains(p, "_test.go:") && !waits.MatchString(p) {
			kept = append(kept, p)
		}
	}
	lines := slices.Collect(strings.Lines(strings.Join(kept, "\n\n") + "\n"))
	if more := len(lines) - stackLines; more > 0 {
		lines = append(lines[:stackLines], fmt.Sprintf("(%d more lines)\n", more))
	}
	return lines
}

// unfinished are the tests of a package that have begun and not ended, the
// innermost first. A test that waits for its turn to run in parallel has not
// begun.
func (s *summary) unfinished(pkg string) []key {
	var begun []key
	for k := range s.running {
		output := s.output[k]
		paused := len(output) > 0 && strings.HasPrefix(output[len(output)-1], "=== PAUSE ")
		if k.pkg == pkg && !paused {
			begun = append(begun, k)
		}
	}
	return slices.SortedFunc(slices.Values(begun), func(a, b key) int {
		return cmp.Or(strings.Count(b.test, "/")-strings.Count(a.test, "/"), strings.Compare(a.test, b.test))
	})
}

// printUnfinished shows the last output of unfinished tests.
func (s *summary) printUnfinished(unfinished []key) {
	for _, k := range unfinished {
		fmt.Fprintf(s.out, "unfinished: %s\n", k.test)
		said := slices.DeleteFunc(slices.Clone(s.output[k]), func(text string) bool { return strings.HasPrefix(text, "=== ") })
		if earlier := len(said) - lastLines; earlier > 0 {
			fmt.Fprintf(s.out, "    (%d lines before)\n", earlier)
			said = said[earlier:]
		}
		fmt.Fprint(s.out, indent(said))
	}
}

// innermost leaves out the tests that have unfinished subtests.
func innermost(unfinished []key) []string {
	parents := map[string]bool{}
	var names []string
	for _, k := range unfinished { // subtests come first
		if !parents[k.test] {
			names = append(names, k.test)
		}
		if cut := strings.LastIndexByte(k.test, '/'); cut >= 0 {
			parents[k.test[:cut]] = true
		}
	}
	return names
}

// forget drops everything that is stored about a package that has ended.
func (s *summary) forget(pkg string) {
	maps.DeleteFunc(s.output, func(k key, _ []string) bool { return k.pkg == pkg })
	maps.DeleteFunc(s.running, func(k key, _ bool) bool { return k.pkg == pkg })
	delete(s.endings, pkg)
}
