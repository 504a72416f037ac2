package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// reader reads a log only when it is told to, and then fails as often as it has
// errors.
type reader struct {
	reads  chan struct{} // closed when it reads
	mu     sync.Mutex
	errors []error
	read   bytes.Buffer
}

func newReader(errs ...error) *reader { return &reader{reads: make(chan struct{}), errors: errs} }

func (r *reader) Write(p []byte) (int, error) {
	<-r.reads
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.errors) > 0 {
		err := r.errors[0]
		r.errors = r.errors[1:]
		return 0, err
	}
	return r.read.Write(p)
}

// lines are the messages that were read, or what a line says was dropped.
func (r *reader) lines(t *testing.T) (lines []string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range strings.Lines(r.read.String()) {
		var got struct {
			Message string
			Dropped int
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if got.Dropped > 0 {
			got.Message = fmt.Sprint("dropped ", got.Dropped)
		}
		lines = append(lines, got.Message)
	}
	return lines
}

// TestQueue_Write: nobody waits for a reader that is slow or gone. What had room
// is read in order, and what was dropped is told at its place.
func TestQueue_Write(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const line = len(`{"level":"info","time":"2000-01-01T00:00:00.000Z","message":"0"}` + "\n")
		before, r := Dropped(), newReader()
		q := newQueue(r, 3*line)
		log := New(Config{Format: "json"}, q)
		say := func(numbers ...int) {
			for _, n := range numbers {
				log.Info().Msg(fmt.Sprint(n))
			}
		}
		say(0)
		synctest.Wait() // line 0 is on its way to the reader
		say(1, 2, 3, 4, 5)
		r.reads <- struct{}{} // line 0 is read, and 1 to 3 are on their way
		synctest.Wait()
		say(6, 7, 8)
		close(r.reads)
		synctest.Wait()
		say(9)
		q.Close(t.Context())
		if got, want := fmt.Sprint(r.lines(t)), "[0 1 2 3 dropped 2 6 dropped 2 9]"; got != want {
			t.Errorf("read %s, want %s", got, want)
		}
		if got := Dropped() - before; got != 4 {
			t.Errorf("%d lines are counted as dropped", got)
		}
	})
}

// TestQueue_Error: what the writer refuses is told when it takes lines again.
func TestQueue_Error(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		r := newReader(full, full)
		close(r.reads)
		q := newQueue(r, queueSize)
		log := New(Config{Format: "json"}, q)
		for _, message := range []string{"0", "1", "2"} {
			log.Info().Msg(message)
			synctest.Wait()
		}
		q.Close(t.Context())
		// The line that told of the first one is dropped, too.
		if got, want := fmt.Sprint(r.lines(t)), "[dropped 3 2]"; got != want {
			t.Errorf("read %s, want %s", got, want)
		}
	})
}

// TestQueue_Close: the end hands on the last line, if somebody reads, and waits for
// nobody else.
func TestQueue_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader()
		q := NewQueue(r)
		fmt.Fprintln(q, `{"message":"last"}`)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		q.Close(ended) // nobody reads
		close(r.reads)
		q.Close(t.Context())
		if got := fmt.Sprint(r.lines(t)); got != "[last]" {
			t.Errorf("read %s", got)
		}
		before := Dropped()
		fmt.Fprintln(q, "after the end")
		if Dropped() != before+1 {
			t.Error("a line after the end is not counted")
		}
	})
}

// TestNew_Controls: no character of a title gets at the reader's terminal.
func TestNew_Controls(t *testing.T) {
	t.Parallel()
	var evil strings.Builder
	for r := range rune(0x2070) {
		if r < ' ' || controls(r) {
			evil.WriteRune(r)
		}
	}
	for _, must := range "\x1b\x7f\u0080\u0085\u009b\u009f\u2028\u2029\u202e\u2066\u200f\u061c" {
		if !strings.ContainsRune(evil.String(), must) {
			t.Errorf("%U is not among them", must)
		}
	}
	const harmless = "Müller 🎵 \u200dﬁ"
	for _, format := range []string{"json", "pretty"} {
		var out bytes.Buffer
		log := New(Config{Format: format}, &out)
		text := evil.String() + harmless
		log.Info().Str("title", text).Strs("titles", []string{text}).Err(errors.New(text)).Msg(text)
		line, ended := strings.CutSuffix(out.String(), "\n")
		if i := strings.IndexFunc(line, func(r rune) bool { return r < ' ' || controls(r) }); i >= 0 || !ended {
			t.Errorf("%s: %q has a control character at %d", format, line, i)
		}
		if format == "pretty" {
			continue
		}
		var got map[string]any
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["title"] != text || got["message"] != text {
			t.Errorf("%v: %q", err, got)
		}
	}
}
