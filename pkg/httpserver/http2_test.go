package httpserver_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/patience"
)

// TestServer_Run_slowHTTP2: a connection that begins no request in time, or does
// not end its header, is closed long before it is idle for too long. This is also
// true after a request. A connection that had a request is kept for the next one.
func TestServer_Run_slowHTTP2(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, caKey := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true}, nil, nil, dir, "ca")
	issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "radio.example"}, IPAddresses: []net.IP{{127, 0, 0, 1}}}, ca, caKey, dir, "server")
	cfg := httpserver.Config{TLSCert: filepath.Join(dir, "server.pem"), TLSKey: filepath.Join(dir, "server.key")}
	addr, stop := start(t, stub{}, cfg, httpserver.Options{Log: zerolog.Nop()})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	pool := x509.NewCertPool()
	pool.AddCert(ca)

	const (
		preface  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
		settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
		// half is a HEADERS frame that promises another one: END_HEADERS is missing.
		half = "\x00\x00\x01\x01\x01\x00\x00\x00\x01\x82"
		ping = "\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"
		// whole is a request: GET, https, / and the name of the server.
		whole = "\x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x87\x84\x41\x01x"
	)
	second := strings.Replace(half, "\x00\x00\x00\x01", "\x00\x00\x00\x03", 1)
	t.Run("Closed", func(t *testing.T) {
		t.Parallel()
		// All are silent at the same time: tests in parallel would wait for a turn.
		conns := map[string]net.Conn{}
		sayings := map[string]string{
			"Silent": "", "Preface": preface, "Settings": preface + settings, "HalfHeader": preface + settings + half,
			"HalfFrame": preface + settings + half[:5], "Ping": preface + settings + ping,
			"HalfSecondHeader": preface + settings + whole + second,
			"HalfSecondFrame":  preface + settings + whole + ping + second[:9],
			"HalfFrameHead":    preface + settings + whole + second[:8],
			"HalfPing":         preface + settings + whole + ping[:12],
		}
		for name, said := range sayings {
			conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, NextProtos: []string{"h2"}})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(patience.Limit()))
			if _, err := io.WriteString(conn, said); err != nil {
				t.Fatal(err)
			}
			conns[name] = conn
		}
		for name, conn := range conns {
			answer, err := io.ReadAll(conn) // until the server hangs up
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if answered := strings.Contains(string(answer), "\x01\x05\x00\x00\x00\x01"); answered != strings.Contains(sayings[name], whole) {
				t.Errorf("%s: a request was answered: %t", name, answered)
			}
		}
	})
	t.Run("Kept", func(t *testing.T) {
		t.Parallel()
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}
		defer transport.CloseIdleConnections()
		reused := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
		for range 2 {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+addr+"/healthz", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.ProtoMajor != 2 {
				t.Errorf("it speaks %s", answer.Proto)
			}
			if !reused {
				time.Sleep(6 * time.Second) // longer than a header may take
			}
		}
		if !reused {
			t.Error("the connection was closed between two requests")
		}
	})
}
