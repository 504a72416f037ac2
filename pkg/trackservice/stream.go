package trackservice

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"sync/atomic"
	"time"

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

// stream hands events to listeners that have the same delay. They read it without a
// lock and at their own pace, so a listener never delays a change or another
// listener.
type stream struct {
	delay  Delay
	recent atomic.Pointer[recent]
	// The rest belongs to streams.

	listeners int
	left      time.Time // when the last listener left
}

// recent is what the stream holds at one moment; it is never changed.
type recent struct {
	events []*Event // oldest first
	count  int      // of events ever published
	newer  chan struct{}
}

func newStream(d Delay) *stream {
	s := &stream{delay: d}
	s.recent.Store(&recent{newer: make(chan struct{})})
	return s
}

// publish adds an event, unless listeners already have its data. An event that
// live has too is held once. Only one goroutine publishes.
func (s *stream) publish(t Track, data []byte, live *stream) {
	r := s.recent.Load()
	events := r.events
	if n := len(events); n > 0 && bytes.Equal(events[n-1].Data, data) {
		return
	}
	e := newEvent(t, data)
	for _, same := range live.recent.Load().events {
		if bytes.Equal(same.frame, e.frame) {
			e = same
		}
	}
	// Readers hold on to the old list, so the new list is a copy.
	events = append(slices.Clone(events[max(0, len(events)-maxEvents+1):]), e)
	s.recent.Store(&recent{events: events, count: r.count + 1, newer: make(chan struct{})})
	close(r.newer)
}

// Listener receives events. It must be used by one goroutine only.
type Listener struct {
	streams *streams
	stream  *stream
	seen    int    // of the events ever published
	last    string // the id of the last event that was received before, until it is looked for
}

// Subscribe begins to listen, with a delay to the second. It starts with the events
// after lastEventID if that event is still held, otherwise with the current event.
// Error: ErrFull.
func (s *Service) Subscribe(lastEventID string, d Delay) (*Listener, error) {
	stream, isNew, err := s.streams.join(d.shared())
	if err != nil {
		return nil, err
	}
	if isNew {
		s.look() // it has no event yet
	}
	return &Listener{streams: s.streams, stream: stream, seen: max(0, stream.recent.Load().count-1), last: lastEventID}, nil
}

// Take returns the events that the listener has not received yet, oldest first.
// If there are too many, the oldest are missing. newer is closed when there are
// more.
func (l *Listener) Take() (events []*Event, newer <-chan struct{}) {
	r := l.stream.recent.Load()
	if l.last != "" && len(r.events) > 0 {
		for i, e := range r.events {
			if e.ID == l.last { // the last match, because a track may have come back
				l.seen = r.count - len(r.events) + i + 1
			}
		}
		l.last = ""
	}
	missing := min(r.count-l.seen, len(r.events))
	l.seen = r.count
	return r.events[len(r.events)-missing:], r.newer
}

// Close makes room for another listener. Call it once.
func (l *Listener) Close() { l.streams.leave(l.stream, time.Now()) }
