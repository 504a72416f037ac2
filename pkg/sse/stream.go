package sse

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
)

// maxEvents is how many events are held for listeners that are slow or resume.
const maxEvents = 64

// Event is what listeners receive. All of them share it, so don't change it.
type Event struct {
	// ID identifies the content, not the time of the event.
	ID    string
	Data  []byte
	frame []byte // as server-sent events write it
}

// NewEvent makes an event of a type.
func NewEvent(name, id string, data []byte) *Event {
	lines := bytes.ReplaceAll(data, []byte("\n"), []byte("\ndata: "))
	return &Event{ID: id, Data: data, frame: fmt.Appendf(nil, "id: %s\nevent: %s\ndata: %s\n\n", id, name, lines)}
}

// Equal reports whether listeners would receive the same.
func (e *Event) Equal(other *Event) bool { return bytes.Equal(e.frame, other.frame) }

// Stream hands events to listeners, which read without a lock.
type Stream struct{ recent atomic.Pointer[recent] }

// recent is what the stream holds at one moment; it is never changed.
type recent struct {
	events []*Event // oldest first
	count  int      // of events ever published
	newer  chan struct{}
}

// NewStream makes a stream without events.
func NewStream() *Stream {
	s := &Stream{}
	s.recent.Store(&recent{newer: make(chan struct{})})
	return s
}

// Held are the events that the stream holds, oldest first. Don't change the list.
func (s *Stream) Held() []*Event { return s.recent.Load().events }

// Publish adds an event. Only one goroutine publishes.
func (s *Stream) Publish(e *Event) {
	r := s.recent.Load()
	// Readers hold on to the old list, so the new list is a copy.
	events := append(slices.Clone(r.events[max(0, len(r.events)-maxEvents+1):]), e)
	s.recent.Store(&recent{events: events, count: r.count + 1, newer: make(chan struct{})})
	close(r.newer)
}

// Listener receives events. It must be used by one goroutine only.
type Listener struct {
	stream *Stream
	seen   int    // of the events ever published
	last   string // the id of the last event that was received before, until it is looked for
}

// Listen begins to listen. It starts with the events after lastEventID if that event
// is still held, otherwise with the newest event.
func (s *Stream) Listen(lastEventID string) *Listener {
	return &Listener{stream: s, seen: max(0, s.recent.Load().count-1), last: lastEventID}
}

// Take returns the events that the listener has not received yet, oldest first.
// If there are too many, the oldest are missing. newer is closed when there are
// more.
func (l *Listener) Take() (events []*Event, newer <-chan struct{}) {
	r := l.stream.recent.Load()
	if l.last != "" && len(r.events) > 0 {
		for i, e := range r.events {
			if e.ID == l.last { // the last match, because the same may have come back
				l.seen = r.count - len(r.events) + i + 1
			}
		}
		l.last = ""
	}
	missing := min(r.count-l.seen, len(r.events))
	l.seen = r.count
	return r.events[len(r.events)-missing:], r.newer
}
