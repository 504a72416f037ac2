package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestIdentity: no service begins with the database of another service or host,
// or with one that another process serves, and each says which it found.
func TestIdentity(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			database := repotest.URL(t, kind)
			migrate := "AURA_DB_AUTO_MIGRATE=true"
			first := startService(t, database, migrate, "AURA_HOST_ID=2")
			// Without a record, a database would take another host's number.
			mustCall(t, http.MethodPost, first.url+"/api/v1/playlog", play(t, "Fade Into You", time.Now()), http.StatusNoContent)
			refused := func(program, want string, env ...string) {
				t.Helper()
				other := launch(t, t.TempDir(), program, database, append(env, migrate)...)
				defer other.end(t)
				patience.Receive(t, program+" ends", other.exited)
				if code := other.cmd.ProcessState.ExitCode(); code == 0 || !strings.Contains(other.logged(), want) {
					t.Errorf("%s: exit code %d, want %q in its log:\n%s", program, code, want, other.logged())
				}
			}
			refused("engine-api", "process ", "AURA_HOST_ID=2")
			first.signal(t, syscall.SIGKILL)
			refused("engine-api", "that of engine-api of host 2, and this is engine-api of host 3", "AURA_HOST_ID=3")
			refused("sync-node", "that of engine-api of host 2, and this is sync-node")
			refused("status-monitor", "that of engine-api of host 2, and this is status-monitor",
				"AURA_SYNC_HOST="+first.url, "AURA_HEARTBEAT_LISTEN="+freeAddress(t), "AURA_SOURCE_1=127.0.0.1")
			startService(t, database, migrate, "AURA_HOST_ID=2")
		})
	}
}

// TestIdentity_Command: a command does not write into somebody else's database
// either, and works while the service runs.
func TestIdentity_Command(t *testing.T) {
	t.Parallel()
	database := "sqlite://" + filepath.Join(t.TempDir(), "node.db")
	startService(t, database, "AURA_HOST_ID=2")
	for _, c := range []struct {
		program string
		args    []string
		code    int
		want    string
	}{
		{"engine-api", []string{"outbox", "list"}, 0, ""},
		{"engine-api", []string{"migrate", "up"}, 0, "identity"},
		{"sync-node", []string{"migrate", "up"}, 78, "that of engine-api of host 2"},
		{"sync-node", []string{"audit"}, 78, "that of engine-api of host 2"},
	} {
		code, out := command(t, c.program, c.args, "AURA_DATABASE_URL="+database, "AURA_HOST_ID="+map[string]string{"engine-api": "2", "sync-node": "0"}[c.program],
			"AURA_STATION_TIMEZONE=Europe/Vienna")
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s %v: exit code %d, want %d and %q:\n%s", c.program, c.args, code, c.code, c.want, out)
		}
	}
}
