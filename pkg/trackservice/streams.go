package trackservice

import (
	"sync"
	"time"
)

// keepUnused is how long a stream without listeners holds its events, so that a
// listener can resume.
const keepUnused = 10 * time.Minute

// streams has one stream for each delay that somebody listens with.
type streams struct {
	max   int
	ended chan struct{}
	end   func()
	live  *stream // without a delay

	mu        sync.Mutex // not for what is in a stream's recent
	listeners int
	byDelay   map[Delay]*stream
}

func newStreams(maxListeners int) *streams {
	s := &streams{max: maxListeners, ended: make(chan struct{}), live: newStream(0)}
	s.byDelay = map[Delay]*stream{0: s.live}
	s.end = sync.OnceFunc(func() { close(s.ended) })
	return s
}

// join adds a listener to the stream with that delay. Error: ErrFull.
func (s *streams) join(d Delay) (joined *stream, isNew bool, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners >= s.max {
		return nil, false, ErrFull
	}
	joined = s.byDelay[d]
	if isNew = joined == nil; isNew {
		joined = newStream(d)
		s.byDelay[d] = joined
	}
	s.listeners++
	joined.listeners++
	return joined, isNew, nil
}

func (s *streams) leave(left *stream, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners--
	left.listeners--
	left.left = now
}

// delayed are the streams with a delay, and the longest delay among them. Those that
// have been without listeners for long are forgotten.
func (s *streams) delayed(now time.Time) (delayed []*stream, longest Delay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for d, stream := range s.byDelay {
		switch {
		case stream == s.live:
		case stream.listeners == 0 && now.Sub(stream.left) > keepUnused:
			delete(s.byDelay, d)
		default:
			delayed = append(delayed, stream)
			longest = max(longest, d)
		}
	}
	return delayed, longest
}
