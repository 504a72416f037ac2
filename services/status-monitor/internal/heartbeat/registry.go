package heartbeat

import (
	"maps"
	"net/netip"
	"slices"
)

// registry tells to which source an address belongs. It is never written to once
// it is used.
type registry struct {
	byAddr     map[netip.Addr]int     // the index of the source
	byAddrPort map[netip.AddrPort]int // goes first
}

// newRegistry registers the sources by their addresses, or by what their names
// resolved to. If two sources claim one address, the source with the lower
// number has it; clashes are the indices of the others.
func newRegistry(senders []Sender, resolved map[string][]netip.Addr) (r *registry, clashes []int) {
	r = &registry{byAddr: map[netip.Addr]int{}, byAddrPort: map[netip.AddrPort]int{}}
	for i, s := range senders {
		addrs := resolved[s.name]
		if s.addr.IsValid() {
			addrs = []netip.Addr{s.addr}
		}
		clash := false
		for _, a := range addrs {
			if s.port == 0 {
				clash = !claim(r.byAddr, a, i) || clash
			} else {
				clash = !claim(r.byAddrPort, netip.AddrPortFrom(a, s.port), i) || clash
			}
		}
		if clash {
			clashes = append(clashes, i)
		}
	}
	return r, clashes
}

func claim[K comparable](owners map[K]int, key K, i int) bool {
	owner, taken := owners[key]
	if !taken {
		owners[key] = i
	}
	return !taken || owner == i
}

// find is the index of the source that sends from that address and port.
func (r *registry) find(from netip.AddrPort) (int, bool) {
	addr := from.Addr().Unmap()
	for {
		if i, ok := r.byAddrPort[netip.AddrPortFrom(addr, from.Port())]; ok {
			return i, true
		}
		if i, ok := r.byAddr[addr]; ok {
			return i, true
		}
		if addr.Zone() == "" {
			return 0, false
		}
		addr = addr.WithZone("") // the kernel names a zone even if none is configured
	}
}

// equal reports whether nothing has changed.
func (r *registry) equal(other *registry) bool {
	return maps.Equal(r.byAddr, other.byAddr) && maps.Equal(r.byAddrPort, other.byAddrPort)
}

// normal is a list of addresses in the form in which the registry holds them.
func normal(addrs []netip.Addr) []netip.Addr {
	out := make([]netip.Addr, len(addrs))
	for i, a := range addrs {
		out[i] = a.Unmap()
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}
