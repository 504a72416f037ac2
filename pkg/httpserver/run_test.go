package httpserver_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/patience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server; stop ends it and returns Run's error.
func start(t *testing.T, ssi api.StrictServerInterface, cfg httpserver.Config, o httpserver.Options) (addr string, stop func() error) {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	s, err := httpserver.New(cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	s.Register(ssi)
	return run(t, s)
}

// run runs a server until stop is called.
func run(t *testing.T, s *httpserver.Server) (addr string, stop func() error) {
	t.Helper()
	if s.Addr() != nil {
		t.Error("has an address before it listens")
	}
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = func() error { cancel(); return <-done }
	t.Cleanup(cancel)
	return s.Addr().String(), stop
}

// client keeps no connection open, so that none outlives its test.
func client() *http.Client { return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} }

func post(addr string) (int, error) {
	answer, err := client().Post("http://"+addr+"/api/v1/playlog", "application/json", strings.NewReader(play))
	if err != nil {
		return 0, err
	}
	answer.Body.Close()
	return answer.StatusCode, nil
}

func TestServer_Run_Drain(t *testing.T) {
	t.Parallel()
	arrived, finish := make(chan struct{}), make(chan struct{})
	addr, stop := start(t, stub{StoreFunc: func(ctx context.Context, _ api.Play) error {
		close(arrived)
		select {
		case <-finish:
			return ctx.Err() // the stop must not have cancelled it
		case <-ctx.Done():
			return ctx.Err()
		}
	}}, httpserver.Config{}, httpserver.Options{Log: zerolog.Nop()})
	type answer struct {
		status int
		err    error
	}
	got := make(chan answer, 1)
	go func() {
		status, err := post(addr)
		got <- answer{status, err}
	}()
	<-arrived
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // until the port is closed
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		conn.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped before the request was done: %v", err)
	default:
	}
	close(finish)
	if a := <-got; a.err != nil || a.status != 204 {
		t.Errorf("%d %v", a.status, a.err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestServer_Run_DrainBound(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	cancelled := make(chan struct{})
	addr, stop := start(t, stub{StoreFunc: func(ctx context.Context, _ api.Play) error {
		close(arrived)
		<-ctx.Done()
		close(cancelled)
		return ctx.Err()
	}}, httpserver.Config{}, httpserver.Options{Log: zerolog.Nop(), DrainTimeout: 10 * time.Millisecond})
	go func() { _, _ = post(addr) }()
	<-arrived
	if err := stop(); err != nil {
		t.Error(err)
	}
	<-cancelled
}

func TestServer_Run_EndsStreams(t *testing.T) {
	t.Parallel()
	addr, stop := start(t, stub{StreamFunc: func(ctx context.Context) (io.Reader, error) {
		r, w := io.Pipe()
		go func() {
			_, _ = io.WriteString(w, "event: track\n\n")
			<-ctx.Done()
			w.Close()
		}()
		return r, nil
	}}, httpserver.Config{}, httpserver.Options{Log: zerolog.Nop(), DrainTimeout: time.Minute})
	answer, err := client().Get("http://" + addr + "/api/v1/trackservice/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "event: track\n" {
		t.Fatalf("%q %v: not flushed", line, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || string(rest) != "\n" {
		t.Errorf("%q %v: not ended in order", rest, err)
	}
}

func TestServer_Run_PortTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s, err := httpserver.New(httpserver.Config{Listen: taken.Addr().String()}, httpserver.Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("%v does not name the port", err)
	}
}

func TestServer_Run_GivenListener(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := httpserver.New(httpserver.Config{Listen: "256.0.0.1:1"}, httpserver.Options{Log: zerolog.Nop(), Listener: l})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	answer, err := client().Get("http://" + l.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestServer_Run_HalfBody: a body that ends early is the client's mistake.
func TestServer_Run_HalfBody(t *testing.T) {
	t.Parallel()
	addr, stop := start(t, stub{}, httpserver.Config{}, httpserver.Options{Log: zerolog.Nop()})
	defer stop() //nolint:errcheck // tested elsewhere
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST /api/v1/playlog HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"track")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return // the server may also hang up
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 500 {
		t.Errorf("status %d", answer.StatusCode)
	}
}

// TestServer_Run_NoBody: a body that is announced and never sent does not hold
// anything up for long, even if nobody would have read it.
func TestServer_Run_NoBody(t *testing.T) {
	t.Parallel()
	addr, stop := start(t, stub{}, httpserver.Config{}, httpserver.Options{Log: zerolog.Nop()})
	var all sync.WaitGroup
	for _, line := range []string{"GET /healthz", "GET /api/v1/trackservice", "GET /nothing", "POST /api/v1/playlog"} {
		all.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(patience.Limit()))
			_, _ = io.WriteString(conn, line+" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n")
			if _, err := io.Copy(io.Discard, conn); err != nil { // until the server hangs up
				t.Errorf("%s: %v", line, err)
			}
		})
	}
	all.Wait()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestServer_Run_TLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, caKey := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true}, nil, nil, dir, "ca")
	issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "radio.example"}, IPAddresses: []net.IP{{127, 0, 0, 1}}}, ca, caKey, dir, "server")
	issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "node7", OrganizationalUnit: []string{"node"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, ca, caKey, dir, "client")
	cfg := httpserver.Config{
		Listen:      "127.0.0.1:0",
		TLSCert:     filepath.Join(dir, "server.pem"),
		TLSKey:      filepath.Join(dir, "server.key"),
		TLSClientCA: filepath.Join(dir, "ca.pem"),
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	caller := make(chan httpserver.Identity, 1)
	addr, stop := start(t, stub{StoreFunc: func(ctx context.Context, _ api.Play) error {
		caller <- httpserver.Caller(ctx)
		return nil
	}}, cfg, httpserver.Options{Log: zerolog.Nop()})
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	own, err := tls.LoadX509KeyPair(filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key"))
	if err != nil {
		t.Fatal(err)
	}
	for name, certificates := range map[string][]tls.Certificate{"local": nil, "node7": {own}} {
		transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: certificates}}
		answer, err := (&http.Client{Transport: transport}).Post("https://"+addr+"/api/v1/playlog", "application/json", strings.NewReader(play))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := <-caller; answer.StatusCode != 204 || got.Name != name {
			t.Errorf("%d %+v, want %s", answer.StatusCode, got, name)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// issue writes a certificate of one day and its key as PEM files.
func issue(t *testing.T, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey, dir, name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	return issueFor(t, 1, template, parent, parentKey, dir, name)
}

// issueFor is issue for another number of days; a certificate of none has ended.
func issueFor(t *testing.T, days int, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey, dir, name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(1)
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(0, 0, days).Add(-time.Minute)
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(filepath.Join(dir, name+file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}
