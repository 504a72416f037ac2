package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// shownSlow is how many of the slowest tests are printed.
const shownSlow = 15

// slowest are the tests without subtests that took longest, the slowest first. The
// time of a parallel test includes what it waited for others.
type slowest []timed

type timed struct {
	key
	seconds float64
}

func (s *slowest) note(k key, seconds float64) {
	at, _ := slices.BinarySearchFunc(*s, seconds, func(t timed, than float64) int { return cmp.Compare(than, t.seconds) })
	if at < shownSlow {
		*s = slices.Insert(*s, at, timed{k, seconds})
		*s = (*s)[:min(len(*s), shownSlow)]
	}
}

func (s slowest) print(out io.Writer) {
	if len(s) == 0 {
		return
	}
	fmt.Fprintln(out, "\nslowest:")
	for _, t := range s {
		fmt.Fprintf(out, "  %6.1fs  %s\n", t.seconds, t.key)
	}
}
