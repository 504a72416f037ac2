package logging

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"
)

// queueSize is how many bytes wait for a reader that is slow or gone: some
// thousand lines.
const queueSize = 1 << 20

// dropped counts the lines that no queue of the process could deliver.
var dropped atomic.Int64

// Dropped is how many lines nobody got, because nobody read the log. It counts
// since the process began.
func Dropped() int64 { return dropped.Load() }

// Queue stands between a service and the reader of its log. Write never waits:
// one goroutine hands on what waits, and what finds no room is dropped and
// counted. The next line that finds room comes after one that tells how many were
// dropped there. A Queue is safe for concurrent use.
//
// The library's own queue, diode, does not fit. It reports a collision to the
// standard error, where it would wait, and its bound is a number of lines.
type Queue struct {
	out   io.Writer
	size  int
	wake  chan struct{} // of 1
	ended chan struct{}

	mu      sync.Mutex
	waiting bytes.Buffer // whole lines
	told    int64        // lines that those that wait call dropped
	lost    int64        // lines dropped since, which nothing tells yet
	losses  zerolog.Logger
	closed  bool
}

// NewQueue begins to hand on lines to out. Close ends that.
func NewQueue(out io.Writer) *Queue { return newQueue(out, queueSize) }

func newQueue(out io.Writer, size int) *Queue {
	q := &Queue{out: out, size: size, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	q.form(Config{})
	go q.run()
	return q
}

// Write takes p, one or more whole lines, and returns at once. It never fails.
func (q *Queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.waiting.Len()+len(p) > q.size {
		q.lose(p)
		return len(p), nil
	}
	q.tell()
	q.waiting.Write(p)
	q.signal()
	return len(p), nil
}

// Close hands on what waits, until it is done or ctx ends. Whatever is written
// afterwards is dropped.
func (q *Queue) Close(ctx context.Context) {
	q.mu.Lock()
	q.tell()
	q.closed = true
	q.mu.Unlock()
	q.signal()
	select {
	case <-q.ended:
	case <-ctx.Done():
	}
}

// form has the queue tell its losses as the log with that configuration does.
func (q *Queue) form(c Config) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.losses = newLogger(c, &q.waiting, isTerminal(q.out))
}

// tell adds a line about what was dropped, if anything was; q.mu is held.
func (q *Queue) tell() {
	if q.lost == 0 {
		return
	}
	q.losses.WithLevel(zerolog.WarnLevel).Int64("dropped", q.lost).Msg("lines of this log were dropped, because nobody read it")
	q.told, q.lost = q.told+q.lost, 0
}

// lose counts the lines of p as dropped; q.mu is held.
func (q *Queue) lose(p []byte) {
	n := int64(bytes.Count(p, []byte("\n")))
	q.lost += n
	dropped.Add(n)
}

func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run hands on what waits, until the queue is closed and empty.
func (q *Queue) run() {
	defer close(q.ended)
	var lines []byte
	for {
		var told int64
		var closed bool
		lines, told, closed = q.take(lines[:0])
		if len(lines) > 0 {
			if n, err := q.out.Write(lines); err != nil {
				q.failed(lines[n:], told)
			}
			continue
		}
		if closed {
			return
		}
		<-q.wake
	}
}

// take moves what waits to the end of to.
func (q *Queue) take(to []byte) (lines []byte, told int64, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	to = append(to, q.waiting.Bytes()...)
	q.waiting.Reset()
	told, q.told = q.told, 0
	return to, told, q.closed
}

// failed counts lines that could not be written. What they told has to be told
// again.
func (q *Queue) failed(lines []byte, told int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lose(lines)
	q.lost += told
}
