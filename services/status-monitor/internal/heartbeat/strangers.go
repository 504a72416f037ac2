package heartbeat

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	// maxStrangers bounds how many are remembered by address. forgetAfter is how
	// long after its last datagram one makes room for another.
	maxStrangers = 64
	forgetAfter  = 10 * time.Minute
	// strangersLogEvery bounds the log: at most one line in that time.
	strangersLogEvery = 30 * time.Second
)

// Stranger sends datagrams but is no source.
type Stranger struct {
	From  netip.AddrPort // with the last port
	Count uint64
	Last  time.Time
}

// strangers counts datagrams from strangers.
type strangers struct {
	log zerolog.Logger

	mu     sync.Mutex
	all    map[netip.Addr]*Stranger
	total  uint64
	logged time.Time
	unsaid uint64
}

// count counts one datagram.
func (s *strangers) count(from netip.AddrPort, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total++
	addr := from.Addr().Unmap()
	known := s.all[addr]
	if known == nil && s.room(now) {
		known = new(Stranger)
		s.all[addr] = known
	}
	if known != nil {
		known.From, known.Count, known.Last = netip.AddrPortFrom(addr, from.Port()), known.Count+1, now
	}
	if !s.logged.IsZero() && now.Sub(s.logged) < strangersLogEvery {
		s.unsaid++
		return
	}
	s.log.Warn().Stringer("from", netip.AddrPortFrom(addr, from.Port())).Uint64("unsaid", s.unsaid).
		Msg("a datagram came from an address that belongs to no source")
	s.logged, s.unsaid = now, 0
}

// room reports whether another stranger can be remembered, and makes room if it
// can.
func (s *strangers) room(now time.Time) bool {
	if len(s.all) < maxStrangers {
		return true
	}
	var oldest netip.Addr
	for addr, one := range s.all {
		if !oldest.IsValid() || one.Last.Before(s.all[oldest].Last) {
			oldest = addr
		}
	}
	if now.Sub(s.all[oldest].Last) < forgetAfter {
		return false
	}
	delete(s.all, oldest)
	return true
}

// list is the remembered strangers, the most recent first, and how many
// datagrams came from strangers in all.
func (s *strangers) list() ([]Stranger, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Stranger, 0, len(s.all))
	for _, one := range s.all {
		list = append(list, *one)
	}
	slices.SortFunc(list, func(a, b Stranger) int { return b.Last.Compare(a.Last) })
	return list, s.total
}
