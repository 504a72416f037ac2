package httpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sync/errgroup"
)

const (
	drainTimeout      = 10 * time.Second
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeader         = 16 << 10 // bytes
)

// Listen opens the port, unless systemd or the service already passed a socket.
// Run calls Listen itself; call it earlier to know Addr or to fail early.
func (s *Server) Listen(ctx context.Context) error {
	if s.listener != nil {
		return nil
	}
	passed, err := activation.Listeners()
	if err != nil {
		return fmt.Errorf("take systemd's socket: %w", err)
	}
	for _, l := range passed {
		if l != nil { // nil is a datagram socket
			s.listener = l
			return nil
		}
	}
	s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.cfg.Listen, err)
	}
	return nil
}

// Addr is where the server listens, nil before Listen.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Run serves until ctx ends. Then it takes no new requests, ends the event
// streams, and finishes the requests under way, for the drain timeout at most.
// It returns nil after a requested stop.
func (s *Server) Run(ctx context.Context) error {
	defer s.stop()
	var tlsConfig *tls.Config
	if s.certificates.Load() != nil {
		tlsConfig = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.certificates.Load().config, nil }}
	}
	if err := s.Listen(ctx); err != nil {
		return err
	}
	// Requests outlive ctx until they are drained.
	base, cutAll := context.WithCancel(context.WithoutCancel(ctx))
	defer cutAll()
	hs := &http.Server{
		Handler:           s.Handler(),
		TLSConfig:         tlsConfig,
		ReadHeaderTimeout: readHeaderTimeout,
		WriteTimeout:      s.timeout + writeTimeout, // streams set their own
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          stdlog.New(troubles{s}, "", 0),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	if tlsConfig != nil {
		if err := limitHTTP2(base, hs); err != nil {
			return fmt.Errorf("serve http/2: %w", err)
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		serve := hs.Serve
		if tlsConfig != nil {
			serve = func(l net.Listener) error { return hs.ServeTLS(l, "", "") }
		}
		if err := serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve http: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		s.stop()
		bound, cancel := context.WithTimeout(base, s.drain)
		defer cancel()
		if err := hs.Shutdown(bound); err != nil {
			cutAll()
			_ = hs.Close() // closes the connections that exceeded the drain timeout
			s.log.Warn().Dur("after_ms", s.drain).Msg("requests were cut off at the stop")
		}
		return nil
	})
	return g.Wait()
}

// troubles logs net/http's messages about single connections, such as failed
// TLS handshakes. Most of these are clients' troubles.
type troubles struct{ s *Server }

func (t troubles) Write(p []byte) (int, error) {
	t.s.log.Debug().Str("trouble", strings.TrimSpace(string(p))).Msg("connection failed")
	return len(p), nil
}
