// Command testsummary reads the output of `go test -json` and prints what a person
// needs of it. It prints one line per package as it ends, and the whole output of
// each failed test. If a package ended before its time, it prints the cause and
// the last lines of its unfinished tests. At the end it prints the slowest tests,
// and every skipped test with its reason. The last line is always "N passed, N failed, N skipped". The
// exit code is 1 if anything failed or nothing ran.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	checks := flag.String("checks", "", "a file of checks that ran meanwhile, one per line: pass or fail, and a name")
	flag.Parse()
	os.Exit(run(os.Stdin, os.Stdout, os.Stderr, *checks))
}

func run(in io.Reader, out, stderr io.Writer, checksFile string) int {
	s := newSummary(out)
	if err := s.read(in); err != nil {
		fmt.Fprintln(stderr, "testsummary:", err)
		return 1
	}
	if checksFile != "" {
		lines, err := os.ReadFile(checksFile)
		if err != nil {
			fmt.Fprintln(stderr, "testsummary:", err)
			return 1
		}
		for line := range strings.Lines(string(lines)) {
			result, name, _ := strings.Cut(strings.TrimSpace(line), " ")
			s.check(name, result == "pass")
		}
	}
	if !s.finish() {
		return 1
	}
	return 0
}
