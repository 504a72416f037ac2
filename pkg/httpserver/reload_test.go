package httpserver_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

// TestServer_Reload_Tokens: two secrets of one name hold while they are
// exchanged, and the last administrator stays.
func TestServer_Reload_Tokens(t *testing.T) {
	t.Parallel()
	s, err := httpserver.New(httpserver.Config{}, httpserver.Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	s.Register(stub{})
	h := s.Handler()
	const ann, first, second = "ann:admin:" + adminSecret, "node1:node:" + nodeSecret, "node1:node:another-secret-0123456789"
	for _, step := range []struct {
		tokens  string
		changed []string
		refused string
		status  map[string]int // of a read for nodes, by secret
	}{
		{first, []string{"a token of node1 (node) was added"}, "", map[string]int{nodeSecret: 200, adminSecret: 401}},
		{"", []string{"a token of node1 (node) was removed"}, "", map[string]int{nodeSecret: 401}},
		{ann + "," + first, []string{"a token of ann (admin) was added", "a token of node1 (node) was added"}, "", map[string]int{nodeSecret: 200}},
		{ann + "," + first, nil, "", map[string]int{nodeSecret: 200}},
		{ann + "," + first + "," + second, []string{"a token of node1 (node) was added"}, "", map[string]int{nodeSecret: 200, "another-secret-0123456789": 200}},
		{second, nil, "AURA_API_TOKENS: must keep a token with the role admin", map[string]int{nodeSecret: 200, adminSecret: 200}},
		{ann + "," + second, []string{"a token of node1 (node) was removed"}, "", map[string]int{nodeSecret: 401, adminSecret: 200, "another-secret-0123456789": 200}},
	} {
		var cfg httpserver.Config
		if err := cfg.Tokens.UnmarshalText([]byte(step.tokens)); err != nil {
			t.Fatal(err)
		}
		changed, err := s.Reload(cfg)
		if !slices.Equal(changed, step.changed) || (err != nil) != (step.refused != "") || err != nil && !strings.Contains(err.Error(), step.refused) {
			t.Errorf("%d tokens: %q %v, want %q %q", len(cfg.Tokens), changed, err, step.changed, step.refused)
		}
		for secret, want := range step.status {
			r := httpservertest.Request("GET", "/api/v1/sync/state", "")
			remote(r)
			r.Header.Set("Authorization", "Bearer "+secret)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%d tokens: %d for one, want %d", len(cfg.Tokens), w.Code, want)
			}
		}
	}
}

// TestServer_Reload_Certificates: new connections get the new certificate; one
// that is broken or has ended is refused. The metric follows.
func TestServer_Reload_Certificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, caKey := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true}, nil, nil, dir, "ca")
	server := func(name string, days int) {
		t.Helper()
		issueFor(t, days, &x509.Certificate{Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{{127, 0, 0, 1}}}, ca, caKey, dir, "server")
	}
	server("first.example", 10)
	cfg := httpserver.Config{Listen: "127.0.0.1:0", TLSCert: filepath.Join(dir, "server.pem"), TLSKey: filepath.Join(dir, "server.key")}
	s, err := httpserver.New(cfg, httpserver.Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	addr, stop := run(t, s)
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	seen := func() (name, days string) {
		t.Helper()
		transport := &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}
		answer, err := (&http.Client{Transport: transport}).Get("https://" + addr + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		metrics, err := io.ReadAll(answer.Body)
		if err != nil || answer.ProtoMajor != 2 {
			t.Fatal(answer.Proto, err)
		}
		found := regexp.MustCompile(`aura_tls_certificate_days\{certificate="server"\} (\d+)`).FindSubmatch(metrics)
		if found == nil {
			t.Fatal("the metric has no value")
		}
		return answer.TLS.PeerCertificates[0].Subject.CommonName, string(found[1])
	}
	for _, step := range []struct {
		what          string
		change        func()
		name, days    string
		told, refused string
	}{
		{"nothing", func() {}, "first.example", "9", "", ""},
		{"another", func() { server("second.example", 20) }, "second.example", "19", "CN=second.example's, until 20", ""},
		{"ended", func() { server("old.example", 0) }, "second.example", "19", "", "was not valid any more after"},
		{"broken", func() { _ = os.WriteFile(cfg.TLSKey, []byte("-----BEGIN"), 0o600) }, "second.example", "19", "", "AURA_TLS_CERT"},
		{"mended", func() { server("third.example", 30) }, "third.example", "29", "CN=third.example", ""},
	} {
		step.change()
		changed, err := s.Reload(cfg)
		if told := strings.Join(changed, "; "); !strings.Contains(told, step.told) || (step.told == "") != (told == "") {
			t.Errorf("%s: told %q, want %q", step.what, told, step.told)
		}
		if (err != nil) != (step.refused != "") || err != nil && !strings.Contains(err.Error(), step.refused) {
			t.Errorf("%s: %v, want %q", step.what, err, step.refused)
		}
		if name, days := seen(); name != step.name || days != step.days {
			t.Errorf("%s: %s for %s days, want %s for %s", step.what, name, days, step.name, step.days)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
