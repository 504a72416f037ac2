// Package progress shows a person the progress of long work: how much is done,
// how fast, and how long it will still take. It promises one line that changes
// on a terminal, and otherwise a line every few seconds, so that a log stays
// readable.
package progress

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
)

const (
	// redraw is how often a terminal's line changes. tell is how often a line is
	// written to anything else.
	redraw = 200 * time.Millisecond
	tell   = 5 * time.Second
	// window is the time over which the speed is measured.
	window = 10 * time.Second
)

// State is how far the work is.
type State struct {
	// Text says what is being done.
	Text string
	// Done is how many records are done.
	Done int64
	// Part of the work that is done, from 0 to 1, or less than 0 if that is
	// unknown.
	Part float64
}

// Show writes to w how far the work is until stop is called. stop waits for the
// last line.
func Show(w io.Writer, look func() State) (stop func()) {
	return show(w, isTerminal(w) && os.Getenv("TERM") != "dumb", look)
}

func show(w io.Writer, terminal bool, look func() State) (stop func()) {
	every, begin, end := tell, "", "\n"
	if terminal {
		every, begin, end = redraw, "\r\x1b[K", "" // back to the start of the line, and clear it
	}
	ending, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		var m meter
		m.add(time.Now(), look())
		for shown := false; ; shown = true {
			select {
			case <-ending:
				if shown && terminal {
					fmt.Fprint(w, begin)
				}
				return
			case <-ticker.C:
			}
			fmt.Fprint(w, begin+m.line(time.Now(), look())+end)
		}
	}()
	return func() {
		close(ending)
		<-ended
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// meter measures speed over the last samples.
type meter struct {
	samples []sample // oldest first
}

type sample struct {
	at time.Time
	State
}

func (m *meter) add(now time.Time, s State) {
	if n := len(m.samples); n > 0 && (s.Done < m.samples[n-1].Done || s.Part < m.samples[n-1].Part || m.samples[n-1].Part < 0 && s.Part >= 0) {
		m.samples = m.samples[:0] // there is more to do, or another task has begun
	}
	m.samples = append(m.samples, sample{now, s})
	for len(m.samples) > 2 && now.Sub(m.samples[1].at) >= window {
		m.samples = m.samples[1:]
	}
}

// line returns what is shown now.
func (m *meter) line(now time.Time, s State) string {
	m.add(now, s)
	text := s.Text
	if s.Part >= 0 {
		text += fmt.Sprintf(", %3.0f %%", 100*s.Part)
	}
	first := m.samples[0]
	elapsed := now.Sub(first.at).Seconds()
	if elapsed <= 0 {
		return text
	}
	text += fmt.Sprintf(", %.0f/s", float64(s.Done-first.Done)/elapsed)
	if speed := (s.Part - first.Part) / elapsed; speed > 0 {
		left := time.Duration((1 - s.Part) / speed * float64(time.Second)).Round(time.Second)
		text += fmt.Sprintf(", %s left", left)
	}
	return text
}
