package httpserver

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestNetworks_FromHost: the loopback address that a proxy on another host
// reports is not this host, however far the proxy is trusted.
func TestNetworks_FromHost(t *testing.T) {
	t.Parallel()
	var trusted Networks
	if err := trusted.UnmarshalText([]byte("192.0.2.0/24,127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	for peer, want := range map[string]bool{"192.0.2.2:40000": false, "127.0.0.1:40000": true} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/api/v1/playlog", http.NoBody)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "127.0.0.1")
		if got := trusted.fromHost(r); got != want {
			t.Errorf("from %s: %t, want %t", peer, got, want)
		}
	}
}
