package trackservice

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"net/http"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/sse"
)

// ErrFull says that the maximum number of listeners is reached; it is a
// model.ErrOverloaded.
var ErrFull = fmt.Errorf("%w: the stream has as many listeners as it may have", model.ErrOverloaded)

// newEvent makes the event of a change of the current track. Its data is the track as
// rendered, or null if no track plays any more. Its ID is the start of the track in
// microseconds of Unix time, its number in the database, and a checksum of the data.
// So the ID is the same after a restart and in every process.
func newEvent(t Track, data []byte) *sse.Event {
	start := int64(0)
	if t.Entry.ID != 0 {
		start = t.Entry.PlayedAt().UnixMicro()
	}
	return sse.NewEvent("track", fmt.Sprintf("%d-%d-%08x", start, t.Entry.ID, crc32.ChecksumIEEE(data)), data)
}

// stream is for listeners that have the same delay.
type stream struct {
	*sse.Stream
	delay Delay
	// The rest belongs to streams.

	listeners int
	left      time.Time // when the last listener left
}

func newStream(d Delay) *stream { return &stream{Stream: sse.NewStream(), delay: d} }

// publish adds an event, unless listeners already have its data. An event that
// live has too is held once. Only one goroutine publishes.
func (s *stream) publish(t Track, data []byte, live *stream) {
	held := s.Held()
	if n := len(held); n > 0 && bytes.Equal(held[n-1].Data, data) {
		return
	}
	e := newEvent(t, data)
	for _, same := range live.Held() {
		if same.Equal(e) {
			e = same
		}
	}
	s.Publish(e)
}

// Listener receives the changes. It must be used by one goroutine only.
type Listener struct {
	*sse.Listener
	streams *streams
	stream  *stream
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
	return &Listener{Listener: stream.Listen(lastEventID), streams: s.streams, stream: stream}, nil
}

// Close makes room for another listener. Call it once.
func (l *Listener) Close() { l.streams.leave(l.stream, time.Now()) }

// Serve streams the current track and its changes as server-sent events until
// the client or Run ends, with a delay to the second. The error is ErrFull; in that
// case nothing is written.
func (s *Service) Serve(w http.ResponseWriter, r *http.Request, d Delay) error {
	return s.ServeAs(w, r, d, sse.Plain{})
}

// ServeAs is Serve in another form. If the error is not nil, nothing is written.
func (s *Service) ServeAs(w http.ResponseWriter, r *http.Request, d Delay, form sse.Form) error {
	l, err := s.Subscribe(r.Header.Get("Last-Event-ID"), d)
	if err != nil {
		return err
	}
	defer l.Close()
	return sse.Serve(w, r, l.Listener, form, s.streams.ended)
}
