package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"aura.radio/engine/pkg/patience"
)

// TestFirstStart: a service that makes its schema logs nothing as an error while
// it does so. A service that may not make the schema ends, and what it lacks is
// the only thing that it complains of.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	for program, env := range map[string][]string{
		"engine-api":     {"AURA_HOST_ID=2"},
		"sync-node":      nil,
		"status-monitor": {"AURA_SYNC_HOST=http://" + freeAddress(t), "AURA_SOURCE_1=127.0.0.1", "AURA_HEARTBEAT_LISTEN=127.0.0.1:0"},
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			database := "sqlite://" + filepath.Join(dir, "first.db")
			env := append([]string{"AURA_LOG_FORMAT=json"}, env...)
			complaints := func(s *service) (all []string) {
				for line := range strings.Lines(s.logged()) {
					// The monitor has no sync node here, and says so.
					if !strings.HasPrefix(line, `{"level":"info"`) && !strings.Contains(line, "the sync node") {
						all = append(all, line)
					}
				}
				return all
			}
			first := launch(t, dir, program, database, append(env, "AURA_DB_AUTO_MIGRATE=false")...)
			defer first.end(t)
			patience.Receive(t, program+" ends", first.exited)
			if said := complaints(first); len(said) != 1 || !strings.HasPrefix(said[0], program+": check schema: ") {
				t.Errorf("without a schema it says:\n%s", strings.Join(said, ""))
			}
			second := launch(t, dir, program, database, env...)
			defer second.end(t)
			awaitReady(t, second.url, second.exited)
			if said := complaints(second); len(said) != 0 {
				t.Errorf("while it makes the schema it says:\n%s", strings.Join(said, ""))
			}
		})
	}
}
