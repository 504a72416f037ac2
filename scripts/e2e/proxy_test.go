package e2e

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// proxyHost is the website's name in deploy/nginx.
const proxyHost = "radio.example"

// TestNginx puts the services behind nginx as the samples say.
func TestNginx(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]struct{ withoutToken, withToken int }{
		"engine-api": {http.StatusUnauthorized, http.StatusNoContent},
		"sync-node":  {http.StatusNotFound, http.StatusNotFound}, // only what the website reads
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			behindNginx(t, program, want.withoutToken, want.withToken)
		})
	}
}

// behindNginx is given the status with which a write is answered, without a token
// and with one.
func behindNginx(t *testing.T, program string, withoutToken, withToken int) {
	if _, err := exec.LookPath("nginx"); err != nil {
		t.Skip("nginx is not installed")
	}
	const token = "sixteen-or-more-characters"
	s := launch(t, t.TempDir(), program, "sqlite://"+filepath.Join(t.TempDir(), "database"),
		"AURA_TRUSTED_PROXIES=127.0.0.1/32", "AURA_API_TOKENS=studio:node:"+token, "AURA_RADIODNS_BEARERS=fm/ce1/c201/09710")
	t.Cleanup(func() { s.end(t) })
	awaitReady(t, s.url, s.exited)
	n := startNginx(t, sample("nginx/"+program+".conf"), ports(strings.TrimPrefix(s.url, "http://")))
	client := n.client(t)

	get := func(method, path, body, token string) (int, string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience.Limit())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, method, "https://"+proxyHost+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", "127.0.0.1") // a visitor who claims to be the host itself
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(answer)
	}
	title := play(t, "Fade Into You", time.Now())
	for _, test := range []struct {
		name, method, path, body, token string
		want                            int
	}{
		{"PublicRead", http.MethodGet, "/api/v1/trackservice", "", "", http.StatusOK},
		{"WebsiteOf1x", http.MethodGet, "/engine/api/v1/playlog?limit=1", "", "", http.StatusOK},
		{"AzuraCast", http.MethodGet, "/api/nowplaying", "", "", http.StatusOK},
		{"AzuraCastStation", http.MethodGet, "/api/nowplaying/aura", "", "", http.StatusOK},
		{"AzuraCastFile", http.MethodGet, "/api/nowplaying_static/aura.json", "", "", http.StatusOK},
		{"LibreTime", http.MethodGet, "/api/live-info/?callback=a", "", "", http.StatusOK},
		{"LibreTimeV2", http.MethodGet, "/api/live-info-v2", "", "", http.StatusOK},
		{"Text", http.MethodGet, "/nowplaying.txt", "", "", http.StatusOK},
		{"Flat", http.MethodGet, "/nowplaying.json", "", "", http.StatusOK},
		{"Feed", http.MethodGet, "/feed.xml", "", "", http.StatusOK},
		{"Elements", http.MethodGet, "/embed/aura.js", "", "", http.StatusOK},
		{"Frame", http.MethodGet, "/embed/last?limit=3", "", "", http.StatusOK},
		{"WriteWithoutToken", http.MethodPost, "/api/v1/playlog", title, "", withoutToken},
		{"WriteWithToken", http.MethodPost, "/api/v1/playlog", title, token, withToken},
		{"InternalPath", http.MethodGet, "/metrics", "", "", http.StatusNotFound},
	} {
		if status, answer := get(test.method, test.path, test.body, test.token); status != test.want {
			t.Errorf("%s: %d, want %d\n%s", test.name, status, test.want, answer)
		}
	}
	if resp, err := (&http.Transport{}).RoundTrip(n.withoutTLS(t)); err != nil || resp.Header.Get("Location") != "https://"+proxyHost+"/api/v1/clock" {
		t.Errorf("without TLS: %v %v", resp, err)
	} else {
		resp.Body.Close()
	}

	// Events pass while the answer is still open.
	for path, title := range map[string]string{
		"/api/v1/trackservice/stream": "Jóga",
		"/api/live/nowplaying/sse?cf_connect=%7B%22subs%22%3A%7B%22station%3Aaura%22%3A%7B%7D%7D%7D": "Hunter",
		"/radiodns/push/1.0/fm/ce1/c201/09710":                                                       "Bachelorette",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience.Limit())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+proxyHost+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, time.Now()), http.StatusNoContent)
		lines := bufio.NewReader(resp.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("%s brought no event: %v", path, err)
			}
			if strings.HasPrefix(line, "data:") && strings.Contains(line, title) {
				break
			}
		}
	}
}

// proxy is a proxy as one of the samples has it, on other ports.
type proxy struct {
	plain, secure string // addresses
	authorities   *x509.CertPool
}

// client reaches the proxy by its name.
func (p proxy) client(t *testing.T) *http.Client {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: p.authorities},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, p.secure)
		},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// withoutTLS is a request to the proxy's port without TLS.
func (p proxy) withoutTLS(t *testing.T) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.plain+"/api/v1/clock", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = proxyHost
	return request
}

// sample is the file of one of the samples.
func sample(name string) string { return filepath.Join(tree, "deploy", name) }

// ports has a sample lead to a service that listens elsewhere.
func ports(upstream string) *strings.Replacer {
	return strings.NewReplacer("127.0.0.1:8008", upstream, "127.0.0.1:8010", upstream)
}

// startNginx runs a sample until the test ends.
func startNginx(t *testing.T, file string, upstreams *strings.Replacer) proxy {
	t.Helper()
	dir := t.TempDir()
	authorities := selfSigned(t, dir)
	plain, secure := freeAddress(t), freeAddress(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	site := strings.NewReplacer(
		"listen 80;", "listen "+plain+";", "listen [::]:80;", "",
		"listen 443 ssl", "listen "+secure+" ssl", "listen [::]:443 ssl http2;", "",
		"/etc/letsencrypt/live/"+proxyHost, dir,
	).Replace(upstreams.Replace(string(text)))
	config := fmt.Sprintf(`daemon off; pid nginx.pid; error_log error.log;
events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
%s}
`, site)
	if os.Geteuid() == 0 {
		config = "user root;\n" + config // the folder is the test's own
	}
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "error.log")
	runProxy(t, exec.Command("nginx", "-p", dir, "-e", log, "-c", filepath.Join(dir, "nginx.conf")), log, secure)
	return proxy{plain, secure, authorities}
}

// startCaddy runs a sample until the test ends.
func startCaddy(t *testing.T, file string, upstreams *strings.Replacer) proxy {
	t.Helper()
	dir := t.TempDir()
	authorities := selfSigned(t, dir)
	secure := freeAddress(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	site := strings.NewReplacer(
		proxyHost+" {", "https://"+proxyHost+secure[strings.LastIndex(secure, ":"):]+" {\n\tbind 127.0.0.1\n\ttls "+dir+"/fullchain.pem "+dir+"/privkey.pem",
	).Replace(upstreams.Replace(string(text)))
	config := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(config, []byte("{\n\tadmin off\n\tauto_https disable_redirects\n}\n"+site), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("caddy", "run", "--config", config, "--adapter", "caddyfile")
	cmd.Env = environment("HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.Stdout, cmd.Stderr = log, log
	runProxy(t, cmd, log.Name(), secure)
	return proxy{secure: secure, authorities: authorities}
}

// runProxy runs a proxy until the test ends. It returns when the proxy listens.
func runProxy(t *testing.T, cmd *exec.Cmd, log, address string) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(gone)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-gone
		if t.Failed() {
			text, _ := os.ReadFile(log)
			t.Logf("log of %s:\n%s", cmd.Path, text)
		}
	})
	await(t, gone, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// selfSigned writes a certificate under the names in the sample. It returns a pool
// that trusts the certificate.
func selfSigned(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{proxyHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"fullchain.pem": {Type: "CERTIFICATE", Bytes: cert},
		"privkey.pem":   {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}
