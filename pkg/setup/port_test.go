package setup

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aura.radio/engine/pkg/instance"
)

func TestShifted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ port, own, want string }{
		{"8008", "8010", "8008"}, {"8008", "8020", "8018"}, {"43334", "8030", "43354"}, {"8008", "", "8008"}, {"8008", "1", "8008"}, {"43334", "65000", "43334"},
	} {
		if got := Shifted(c.port, c.own, "8010"); got != c.want {
			t.Errorf("%s beside %s is %s, want %s", c.port, c.own, got, c.want)
		}
	}
}

// occupy listens somewhere by a variable until the test ends, and returns the port.
func occupy(t *testing.T, variable string) string {
	t.Helper()
	if variable == Beats {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return PortOf(conn.LocalAddr().String())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return PortOf(l.Addr().String())
}

// TestPlace_collision: by each variable, a port may be that of another file, of another
// program or of nobody.
func TestPlace_collision(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	web := Place{Instance: instance.Instance{Service: "engine-api", Name: "web"}, Dir: Dir(dir)}
	only := Place{Instance: instance.Instance{Service: "engine-api"}, Dir: Dir(dir)}
	if err := os.WriteFile(filepath.Join(dir, "sync-node.env"), []byte("AURA_LISTEN=[::]:1\nAURA_HEARTBEAT_LISTEN=127.0.0.1:2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for variable, port := range map[string]string{Listen: "1", Beats: "2"} {
		setting := []Setting{{Variable: variable, Value: "0.0.0.0:" + port}}
		if err := web.collision(nil, setting); err == nil || !strings.Contains(err.Error(), "sync-node.env") {
			t.Errorf("%s of another service: %v", variable, err)
		}
		if err := only.collision(nil, setting); err != nil {
			t.Errorf("the only instance is asked: %v", err)
		}
		taken := occupy(t, variable)
		setting[0].Value = "127.0.0.1:" + taken
		if err := web.collision(nil, setting); err == nil || !strings.Contains(err.Error(), "somebody on this host") {
			t.Errorf("%s of another program: %v", variable, err)
		}
		if err := web.collision(map[string]string{variable: "0.0.0.0:" + taken}, setting); err != nil {
			t.Errorf("%s of itself: %v", variable, err)
		}
		if web.others(variable)[taken] != "" || canListen(variable, taken) {
			t.Errorf("%s %s is free", variable, taken)
		}
	}
	if err := web.collision(nil, []Setting{{Variable: Listen, Value: ""}, {Variable: "AURA_DATABASE_URL", Value: "mysql://host:1"}}); err != nil {
		t.Error(err)
	}
}
