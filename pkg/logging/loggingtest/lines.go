// Package loggingtest lets tests look at what was logged. It promises that a log
// may be read while it is written.
package loggingtest

import (
	"bytes"
	"strings"
	"sync"
)

// Lines is a log in memory. The zero value is empty and ready for use.
type Lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all that was logged.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Count is how often a text was logged.
func (l *Lines) Count(text string) int { return strings.Count(l.String(), text) }
