package httpserver

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// forwarding are the headers by which a proxy can be recognised. A proxy that
// sends none of them can't be distinguished from a program on its host.
// Config.LocalToken is for such a proxy.
var forwarding = []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via", "X-Forwarded-Host", "X-Forwarded-Proto"}

// client is the address that a request came from, as far as it can be trusted.
// sure is false if an undeclared proxy may be in between. The address may then
// be used for counting requests, and for nothing else.
func (n Networks) client(r *http.Request) (addr netip.Addr, sure bool) {
	peer := address(r.RemoteAddr)
	forwarded := !r.ProtoAtLeast(1, 1) // nginx before 1.29.7 forwards like this if only told the destination
	for _, h := range forwarding {
		forwarded = forwarded || len(r.Header[h]) > 0
	}
	trusted := n.contain(peer)
	// A peer on this host that forwards is a proxy, declared or not.
	if !forwarded || !trusted && !peer.IsLoopback() {
		return peer, !forwarded
	}
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	addr = peer
	for i := len(hops) - 1; i >= 0; i-- {
		// From the right: each proxy appends the address it saw, the rest is
		// hearsay.
		hop := address(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			return addr, false
		}
		addr = hop
		if !n.contain(hop) {
			break
		}
	}
	return addr, trusted
}

// address reads an IP address with or without a port.
func address(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, _ := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone("")
}

// fromHost reports whether a request comes from a program on this host. The
// Host header must also name this host. Otherwise a page whose name resolves to
// 127.0.0.1 could make requests through its viewer's browser. For the same
// reason a write must not come from another site's page.
func (n Networks) fromHost(r *http.Request) bool {
	addr, sure := n.client(r)
	// A proxy on another host reports its own loopback, which is not ours.
	return address(r.RemoteAddr).IsLoopback() && sure && addr.IsLoopback() && namesLoopback(r.Host) && (isRead(r.Method) || !crossSite(r))
}

func namesLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") || address(host).IsLoopback()
}

// crossSite reports whether a browser says that another origin's page sends
// this request. Programs send neither header.
func crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin": // no page can forge it, and some proxies change the Host that Origin is compared with
		return false
	case "", "none":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(u.Host, r.Host)
}

func isRead(method string) bool {
	return method == http.MethodGet || method == http.MethodHead
}
