package trackservice

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"sync/atomic"

	"aura.radio/engine/pkg/model"
)

// maxEvents is how many events are held for listeners that are slow or resume.
const maxEvents = 64

// ErrFull says that the maximum number of listeners is reached; it is a
// model.ErrOverloaded.
var ErrFull = fmt.Errorf("%w: the stream has as many listeners as it may have", model.ErrOverloaded)

// Event is a change of the current track. All listeners share it, so don't
// change it.
type Event struct {
	// ID identifies the content, not the time of the event: the start of the
	// track in microseconds of Unix time, its number in the database, and a
	// checksum of the data. So the ID is the same after a restart and in every
	// process.
	ID string
	// Data is the track as rendered, or null if no track plays any more.
	Data  []byte
	frame []byte // as server-sent events write it
}

func newEvent(t Track, data []byte) *Event {
	start := int64(0)
	if t.Entry.ID != 0 {
		start = t.Entry.PlayedAt().UnixMicro()
	}
	id := fmt.Sprintf("%d-%d-%08x", start, t.Entry.ID, crc32.ChecksumIEEE(data))
	lines := bytes.ReplaceAll(data, []byte("\n"), []byte("\ndata: "))
	return &Event{ID: id, Data: data, frame: fmt.Appendf(nil, "id: %s\nevent: track\ndata: %s\n\n", id, lines)}
}

// stream hands events to listeners. They read it without a lock and at their
// own pace, so a listener never delays a change or another listener.
type stream struct {
	recent    atomic.Pointer[recent]
	listeners atomic.Int64
	max       int64
	ended     chan struct{}
	end       func()
}

// recent is what the stream holds at one moment; it is never changed.
type recent struct {
	events []*Event // oldest first
	count  int      // of events ever published
	newer  chan struct{}
}

func newStream(maxListeners int) *stream {
	s := &stream{max: int64(maxListeners), ended: make(chan struct{})}
	s.end = sync.OnceFunc(func() { close(s.ended) })
	s.recent.Store(&recent{newer: make(chan struct{})})
	return s
}

// publish adds an event, unless listeners already have its data. Only one
// goroutine publishes.
func (s *stream) publish(t Track, data []byte) {
	r := s.recent.Load()
	events := r.events
	if n := len(events); n > 0 && bytes.Equal(events[n-1].Data, data) {
		return
	}
	// Readers hold on to the old list, so the new list is a copy.
	events = append(slices.Clone(events[max(0, len(events)-maxEvents+1):]), newEvent(t, data))
	s.recent.Store(&recent{events: events, count: r.count + 1, newer: make(chan struct{})})
	close(r.newer)
}

// Listener receives events. It must be used by one goroutine only.
type Listener struct {
	stream *stream
	seen   int // of the events ever published
}

// Subscribe begins to listen. It starts with the events after lastEventID if
// that event is still held, otherwise with the current event. Error: ErrFull.
func (s *Service) Subscribe(lastEventID string) (*Listener, error) {
	return s.stream.subscribe(lastEventID)
}

func (s *stream) subscribe(lastEventID string) (*Listener, error) {
	if s.listeners.Add(1) > s.max {
		s.listeners.Add(-1)
		return nil, ErrFull
	}
	r := s.recent.Load()
	l := &Listener{stream: s, seen: max(0, r.count-1)}
	for i, e := range r.events {
		if e.ID == lastEventID { // the last match, because a track may have come back
			l.seen = r.count - len(r.events) + i + 1
		}
	}
	return l, nil
}

// Take returns the events that the listener has not received yet, oldest first.
// If there are too many, the oldest are missing. newer is closed when there are
// more.
func (l *Listener) Take() (events []*Event, newer <-chan struct{}) {
	r := l.stream.recent.Load()
	missing := min(r.count-l.seen, len(r.events))
	l.seen = r.count
	return r.events[len(r.events)-missing:], r.newer
}

// Close makes room for another listener. Call it once.
func (l *Listener) Close() { l.stream.listeners.Add(-1) }
