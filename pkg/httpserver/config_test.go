package httpserver_test

import (
	"testing"

	"aura.radio/engine/pkg/httpserver"
)

func TestConfig_OwnURL(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":8008": "http://127.0.0.1:8008", "[::]:8008": "http://127.0.0.1:8008", "0.0.0.0:80": "http://127.0.0.1:80",
		"127.0.0.1:8008": "http://127.0.0.1:8008", "[::1]:8008": "http://[::1]:8008", "host-1:8008": "http://host-1:8008",
	} {
		if got := (&httpserver.Config{Listen: listen}).OwnURL(); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
	for listen, want := range map[string]string{
		"0.0.0.0:8008": "https://localhost:8008", "127.0.0.1:8008": "https://localhost:8008", "host-1:8008": "https://host-1:8008",
	} {
		if got := (&httpserver.Config{Listen: listen, TLSCert: "cert.pem"}).OwnURL(); got != want {
			t.Errorf("%s with a certificate: %s, want %s", listen, got, want)
		}
	}
}
