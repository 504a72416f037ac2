package setup

import (
	"slices"
	"testing"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1": "http://192.0.2.1:8008", " host-1 ": "http://host-1:8008", "host-1:80": "http://host-1:80",
		"fd00::1": "http://[fd00::1]:8008", "[fd00::1]:80": "http://[fd00::1]:80", "https://host-1": "https://host-1:8008",
		"https://host-1:8443/": "https://host-1:8443", "https://radio.example/engine": "https://radio.example/engine",
		"": "", "a b": "", "host/x": "", "user@host": "", "http://u:hush@host": "", "0.0.0.0": "", "http://[": "", "ftp://host": "", "a:b:c": "",
	} {
		if got, err := URL(address, "8008"); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", address, got, err, want)
		}
	}
	if got, err := URLs("192.0.2.1, host-2:80", "8008"); err != nil || !slices.Equal(got, []string{"http://192.0.2.1:8008", "http://host-2:80"}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, wrong := range []string{"host-1,host-1", "host-1,a/b"} {
		if got, err := URLs(wrong, "8008"); err == nil {
			t.Errorf("%q: %v", wrong, got)
		}
	}
}

func TestListenFor(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://192.0.2.1:8008": "0.0.0.0:8008", "http://[fd00::1]:8009": "[::]:8009", "http://127.0.0.1:80": "127.0.0.1:80",
		"https://radio.example/engine": "0.0.0.0:8008", "": "",
	} {
		if got := ListenFor(address, "8008"); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestNearby(t *testing.T) {
	t.Parallel()
	for _, far := range []string{"http://192.0.2.254:8010", "https://127.0.0.1:8010", "http://host-3:8010", "http://127.0.0.1:8010"} {
		if got := Nearby(far); got != far {
			t.Errorf("%s became %s", far, got)
		}
	}
}

func TestFirewall(t *testing.T) {
	t.Parallel()
	got := Firewall([]Opening{
		{"tcp", "8010", []string{"192.0.2.2", "192.0.2.1", "fd00::1", "host-4", "127.0.0.1", "localhost"}},
		{"udp", "43334", []string{"192.0.2.1"}}, {"tcp", "1", nil},
	})
	want := []string{
		"nft add rule inet filter input ip saddr '{ 192.0.2.1, 192.0.2.2 }' tcp dport 8010 accept",
		"nft add rule inet filter input ip6 saddr fd00::1 tcp dport 8010 accept",
		"nft add rule inet filter input ip saddr host-4 tcp dport 8010 accept",
		"nft add rule inet filter input ip saddr 192.0.2.1 udp dport 43334 accept",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		check  func(string) error
		answer string
		right  bool
	}{
		{CheckListen, "127.0.0.1:8008", true}, {CheckListen, "[::]:8008", true}, {CheckListen, ":8008", true}, {CheckListen, "8008", false}, {CheckListen, "host:8008", false},
		{CheckHostPorts, "192.0.2.3:43334,[fd00::1]:43334", true}, {CheckHostPorts, "192.0.2.3", false}, {CheckHostPorts, ":1", false},
		{checkZone, "Europe/Vienna", true}, {checkZone, "Europe/Nowhere", false}, {checkZone, "/etc/localtime", false},
		{Database("x").Check, "sqlite:///x.db", true}, {Database("x").Check, "mysql://u:p@h/x", true}, {Database("x").Check, "postgres://x", false},
	} {
		if err := c.check(c.answer); (err == nil) != c.right {
			t.Errorf("%q: %v", c.answer, err)
		}
	}
	if !isMember("AURA_SOURCE_1", "AURA_SOURCE") || isMember("AURA_SOURCE_NAMES", "AURA_SOURCE") {
		t.Error("members")
	}
}
