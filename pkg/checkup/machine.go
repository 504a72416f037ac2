package checkup

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"path/filepath"
	"syscall"
	"time"
)

// How much room on a disk is little, and how much is next to nothing, in bytes.
const (
	littleRoom = 1 << 30
	noRoom     = 64 << 20
)

// Disk checks the room on the disk of a file; "" is none.
func (r *Report) Disk(file string) {
	if file == "" {
		return
	}
	dir := filepath.Dir(file)
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		r.Look("disk", "%s: %v", dir, err)
		return
	}
	free := s.Bavail * uint64(s.Bsize)
	switch {
	case free < noRoom:
		r.Fails("disk", "%s has room for %d MiB only", dir, free>>20)
	case free < littleRoom:
		r.Look("disk", "%s has room for %d MiB only", dir, free>>20)
	default:
		r.Works("disk", "%s has room for %d GiB", dir, free>>30)
	}
}

// soonEnds is when the end of a certificate is worth a look.
const soonEnds = 14 * 24 * time.Hour

// Certificate checks for how long a certificate is good; nil is none.
func (r *Report) Certificate(subject string, c *x509.Certificate, now time.Time) {
	switch {
	case c == nil:
	case now.Before(c.NotBefore):
		r.Fails(subject, "its certificate is not good before %s", c.NotBefore.Format(time.DateOnly))
	case now.After(c.NotAfter):
		r.Fails(subject, "its certificate ended on %s", c.NotAfter.Format(time.DateOnly))
	case c.NotAfter.Sub(now) < soonEnds:
		r.Look(subject, "its certificate ends on %s", c.NotAfter.Format(time.DateOnly))
	default:
		r.Works(subject, "its certificate is good until %s", c.NotAfter.Format(time.DateOnly))
	}
}

// dialTimeout bounds the look at a certificate.
const dialTimeout = 5 * time.Second

// CertificateOf is the certificate that a service shows; nil without HTTPS. It
// proves nothing: see Trusts.
func CertificateOf(ctx context.Context, address string) (*x509.Certificate, error) {
	return handshake(ctx, address, &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true})
}

// Trusts returns why this host does not trust the certificate that a service shows,
// or that the service can't be reached; nil also without HTTPS.
func Trusts(ctx context.Context, address string) error {
	_, err := handshake(ctx, address, &tls.Config{MinVersion: tls.VersionTLS12})
	return err
}

func handshake(ctx context.Context, address string, config *tls.Config) (*x509.Certificate, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return nil, err
	}
	config.ServerName = u.Hostname()
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443")))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// CertificateOf checks for how long the certificate is good that another host
// shows. Whether it is good at all is told by a call.
func (r *Report) CertificateOf(ctx context.Context, subject, address string) {
	if c, err := CertificateOf(ctx, address); err == nil {
		r.Certificate(subject, c, time.Now())
	}
}
