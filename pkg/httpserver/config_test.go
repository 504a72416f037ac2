package httpserver

import "testing"

func TestConfig_LocalURL(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":8008": "http://127.0.0.1:8008", "[::]:8008": "http://127.0.0.1:8008", "0.0.0.0:80": "http://127.0.0.1:80",
		"127.0.0.1:8008": "http://127.0.0.1:8008", "[::1]:8008": "http://[::1]:8008", "host-1:8008": "http://host-1:8008",
	} {
		if got := (Config{Listen: listen}).LocalURL(); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
	if got, want := (Config{Listen: ":8008", TLSCert: "cert.pem"}).LocalURL(), "https://127.0.0.1:8008"; got != want {
		t.Errorf("with a certificate: %s, want %s", got, want)
	}
}
