package httpserver

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"

	"golang.org/x/net/http2"
)

// limitHTTP2 has the server speak HTTP/2 as net/http does, except that a header
// must come in time. net/http sees to that for HTTP/1 only. An HTTP/2 connection
// that sends no header, or half of one, would stay until it is idle for too long.
// base is the context of all requests.
//
//nolint:staticcheck // net/http is preferred, but it hands nobody what HTTP/2 reads
func limitHTTP2(base context.Context, hs *http.Server) error {
	h2 := &http2.Server{}
	if err := http2.ConfigureServer(hs, h2); err != nil {
		return err
	}
	hs.TLSNextProto[http2.NextProtoTLS] = func(hs *http.Server, c *tls.Conn, h http.Handler) {
		h2.ServeConn(newPunctual(c), &http2.ServeConnOpts{Context: base, Handler: h, BaseConfig: hs})
	}
	return nil
}

// punctual is an HTTP/2 connection whose reads fail if a header does not come in
// time.
type punctual struct {
	*tls.Conn
	frames frames
	// waiting: the deadline for a header runs.
	waiting bool
}

func newPunctual(c *tls.Conn) *punctual {
	return &punctual{Conn: c, frames: frames{left: len(http2.ClientPreface), first: true}}
}

// Read implements net.Conn.
func (c *punctual) Read(p []byte) (int, error) {
	if waiting := c.frames.isHeaderDue(); waiting != c.waiting {
		c.waiting = waiting
		var until time.Time
		if waiting {
			until = time.Now().Add(readHeaderTimeout)
		}
		if err := c.SetReadDeadline(until); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	c.frames.follow(p[:n])
	return n, err
}

// frames follows the frames that a client sends, to know when something has begun
// that must end soon.
type frames struct {
	head [9]byte // of the frame that is being read
	n    int     // bytes of head that are there
	left int     // bytes of the frame's payload, or of the preface, that are still to come
	// open: a header has begun, and its last frame did not come yet. first: not
	// even the first one has ended.
	open, first bool
}

// isHeaderDue reports whether a header, or any frame except one of a body, is
// incomplete.
func (f *frames) isHeaderDue() bool {
	return f.first || f.open || f.n > 0 && (f.n < len(f.head) || http2.FrameType(f.head[3]) != http2.FrameData)
}

// follow takes the next bytes that were read.
func (f *frames) follow(p []byte) {
	for len(p) > 0 {
		if f.left == 0 {
			n := copy(f.head[f.n:], p)
			f.n, p = f.n+n, p[n:]
			if f.n < len(f.head) {
				return
			}
			f.left = int(f.head[0])<<16 | int(f.head[1])<<8 | int(f.head[2])
		}
		n := min(f.left, len(p))
		f.left, p = f.left-n, p[n:]
		if f.left == 0 {
			f.end()
		}
	}
}

// end notes that a frame is complete, or the preface.
func (f *frames) end() {
	isFrame := f.n > 0
	f.n = 0
	switch kind := http2.FrameType(f.head[3]); {
	case !isFrame, kind != http2.FrameHeaders && kind != http2.FrameContinuation:
	case http2.Flags(f.head[4]).Has(http2.FlagHeadersEndHeaders):
		f.open, f.first = false, false
	default:
		f.open = true
	}
}
