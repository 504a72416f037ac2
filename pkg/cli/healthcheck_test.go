package cli_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"aura.radio/engine/pkg/cli"
)

// TestHealthcheck: the command asks where the service of its environment
// listens, with and without TLS.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	check := func(environ map[string]string) (code int, out string) {
		var all bytes.Buffer
		code = program().Run(t.Context(), []string{"healthcheck"}, environ, &all, &all)
		return code, all.String()
	}
	var ready atomic.Bool
	ready.Store(true)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/readyz":
			http.NotFound(w, r)
		case ready.Load():
			_, _ = w.Write([]byte("ready: the journal takes all\n"))
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"title": "Service Unavailable", "detail": "the disk\u001b[1m is full"}`))
		}
	}))
	server.Start()
	t.Cleanup(server.Close)
	environ := map[string]string{"AURA_LISTEN": server.Listener.Addr().String()}
	if code, out := check(environ); code != cli.ExitOK || out != "ready: the journal takes all\n" {
		t.Errorf("ready: %d %q", code, out)
	}
	_, port, _ := strings.Cut(environ["AURA_LISTEN"], ":")
	// The rest of the environment is the service's business.
	if code, out := check(map[string]string{"AURA_LISTEN": "0.0.0.0:" + port, "AURA_HOST_ID": "x"}); code != cli.ExitOK {
		t.Errorf("ready at any address: %d %q", code, out)
	}
	ready.Store(false)
	if code, out := check(environ); code != cli.ExitFailed || out != "service: not ready: 503 Service Unavailable: the disk [1m is full\n" {
		t.Errorf("not ready: %d %q", code, out)
	}
	server.Close()
	if code, out := check(environ); code != cli.ExitFailed || !strings.Contains(out, "refused") {
		t.Errorf("away: %d %q", code, out)
	}
	if code, out := check(map[string]string{"AURA_LISTEN": "nowhere"}); code != cli.ExitConfig || !strings.Contains(out, "AURA_LISTEN") {
		t.Errorf("a wrong address: %d %q", code, out)
	}

	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	environ = map[string]string{"AURA_LISTEN": secure.Listener.Addr().String()}
	environ["AURA_TLS_CERT"], environ["AURA_TLS_KEY"] = certificateFiles(t, secure.TLS.Certificates[0])
	if code, out := check(environ); code != cli.ExitFailed || !strings.Contains(out, "404") {
		t.Errorf("with TLS: %d %q", code, out)
	}
}

// certificateFiles writes a certificate and its key as PEM files.
func certificateFiles(t *testing.T, certificate tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
