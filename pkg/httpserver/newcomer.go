package httpserver

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// newcomers closes TLS connections that begin no request in time. net/http does
// so for HTTP/1 only: an HTTP/2 connection that sends no header, or half of one,
// would stay until it is idle for too long. After the first request the idle
// timeout bounds both.
type newcomers struct {
	mu  sync.Mutex
	all map[net.Conn]*newcomer
}

// newcomer is a connection without a request so far.
type newcomer struct {
	over *time.Timer
	// begun: HTTP/2 has begun. net/http then says that the connection is active
	// and idle, although nothing was asked yet.
	begun bool
}

// watch is the server's ConnState.
func (n *newcomers) watch(c net.Conn, state http.ConnState) {
	secured, isTLS := c.(*tls.Conn)
	if !isTLS {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	one := n.all[c]
	switch {
	case state == http.StateNew:
		// The handshake may take as long as a header.
		n.all[c] = &newcomer{over: time.AfterFunc(2*readHeaderTimeout, func() { _ = c.Close() })}
	case one == nil:
	case state == http.StateActive && !one.begun && secured.ConnectionState().NegotiatedProtocol == "h2":
		one.begun = true
		one.over.Reset(readHeaderTimeout)
	case state != http.StateIdle:
		one.over.Stop()
		delete(n.all, c)
	}
}
