package httpserver

import (
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

// maxAddresses bounds how many addresses one generation of limiters holds. A
// forgotten address starts again with a full burst. To exploit that, an
// attacker needs so many addresses that they would give him the same rate
// anyway.
const maxAddresses = 16384

// addressLimit allows each address that many requests a second, and so many at
// once.
type addressLimit struct {
	perSecond float64
	burst     int

	mu       sync.Mutex
	now, old map[netip.Addr]*rate.Limiter // two generations: addresses in use move to now
}

func newAddressLimit(perSecond float64, burst int) *addressLimit {
	return &addressLimit{perSecond: perSecond, burst: burst, now: map[netip.Addr]*rate.Limiter{}}
}

// allow counts one request. IPv6 is counted by /64, because one customer has at
// least that many addresses.
func (l *addressLimit) allow(addr netip.Addr) bool {
	if l.perSecond <= 0 {
		return true
	}
	if addr.Is6() {
		p, _ := addr.Prefix(64)
		addr = p.Addr()
	}
	l.mu.Lock()
	limiter, ok := l.now[addr]
	if !ok {
		if limiter = l.old[addr]; limiter == nil {
			limiter = rate.NewLimiter(rate.Limit(l.perSecond), l.burst)
		}
		if len(l.now) >= maxAddresses {
			l.old, l.now = l.now, map[netip.Addr]*rate.Limiter{}
		}
		l.now[addr] = limiter
	}
	l.mu.Unlock()
	return limiter.Allow()
}
