package e2e

import (
	"strings"
	"testing"

	"aura.radio/engine/pkg/repo/repotest"
)

// TestCommandLine: each program tells what is wrong with its command line or its
// configuration, at once and first, and ends with the code that says so. None of
// these commands gets as far as serving.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	const (
		secret  = "secret-of-the-engine"
		zone    = "AURA_STATION_TIMEZONE=Europe/Vienna"
		monitor = "AURA_SYNC_HOST=http://host-3:8010"
	)
	wrongPassword := strings.Replace(repotest.MariaDB(t).URL(t), "@", "-is-not-it@", 1)
	for _, c := range []struct {
		line string
		env  []string
		code int
		want string // what the output begins with, or contains if it begins with an ellipsis
	}{
		{"engine-api --version", nil, 0, "engine-api "},
		{"sync-node -v", nil, 0, "sync-node "},
		{"status-monitor -v", nil, 0, "status-monitor "},
		{"engine-api serv", nil, 2, "engine-api: unknown command \"serv\" for \"engine-api\"; did you mean serve?\nsee engine-api --help\n"},
		{"sync-node --nonsense", nil, 2, "sync-node: unknown flag: --nonsense\nsee sync-node --help\n"},
		{"status-monitor swich 2", nil, 2, "…did you mean switch?\nsee status-monitor --help\n"},
		{"status-monitor status --nonsense", nil, 3, "…see status-monitor status --help\n"},
		{"engine-api config", nil, 0, "…AURA_API_TOKENS\n    Tokens of callers"},
		{"sync-node config", nil, 0, "…AURA_MAIN_HOST_1, AURA_MAIN_HOST_2, …\n"},
		{"status-monitor config", nil, 0, "…AURA_HEARTBEAT_LISTEN (default: 127.0.0.1:43334)\n"},
		{"engine-api migrate up", []string{"AURA_DATABASE_URL=" + wrongPassword}, 1, "engine-api: the database server refuses the user or the password of AURA_DATABASE_URL: "},

		{"sync-node check-config", []string{zone, "AURA_LISTEN=127.0.0.1:8010", "AURA_MAIN_HOST_1=http://localhost:8010"}, 78, "…AURA_MAIN_HOST_1: must be an engine's engine-api; it leads to AURA_LISTEN"},
		{"status-monitor check-config", []string{monitor, "AURA_SOURCE_1=192.0.2.7"}, 78, "…AURA_SOURCE_1=\"192.0.2.7\": must be on this host"},
		{"status-monitor check-config", []string{monitor, "AURA_SOURCE_1=2001:db8::7", "AURA_HEARTBEAT_LISTEN=0.0.0.0:43334"}, 78, "…must be of the same family"},
		{"engine-api check-config", []string{zone, "AURA_DATABASE_URL=mysql://u:p@h/d?tiemout=5s"}, 78, "…has the unknown parameter tiemout; did you mean timeout?"},
		{"engine-api check-config", []string{zone, "AURA_API_TOKENS=" + secret + ":engine:ann"}, 78, "…AURA_API_TOKENS: entry 1 must be name:role:secret"},
		{"engine-api check-config", []string{zone, "AURA_API_TOKENS=engine:" + secret + ":ann"}, 78, "…AURA_API_TOKENS: entry 1 must be name:role:secret"},
		{"engine-api check-config", []string{zone, "AURA_API_TOKENS=ann:admin:" + secret + ",ann:admin:next-" + secret}, 0, "configuration is valid"},
		{"engine-api serve", []string{"TZ=CET-1CEST"}, 78, "…AURA_STATION_TIMEZONE: must be a zone of the IANA database"},
		{"engine-api serve", []string{"TZ=Europe/Wien"}, 78, "…the host's zone is not known: TZ=Europe/Wien is not a zone"},
	} {
		args := strings.Fields(c.line)
		code, out := command(t, args[0], args[1:], append([]string{"AURA_LISTEN=127.0.0.1:0"}, c.env...)...)
		inside, anywhere := strings.CutPrefix(c.want, "…")
		if said := strings.HasPrefix(out, c.want) || anywhere && strings.Contains(out, inside); code != c.code || !said {
			t.Errorf("%s with %q: exit code %d, want %d and %q:\n%s", c.line, c.env, code, c.code, c.want, out)
		}
		if strings.Contains(out, secret) {
			t.Errorf("%s tells a secret:\n%s", c.line, out)
		}
	}
}
