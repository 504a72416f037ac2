package command

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestBackup: the monitor's database is copied and restored as that of the others.
func TestBackup(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	cfg := repo.Config{URL: "sqlite://" + filepath.Join(root, "monitor.db")}
	db, err := repo.OpenNode(cfg, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Begin(t.Context(), model.Owner{Service: model.StatusMonitor}, true); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	environ := map[string]string{
		"AURA_DATABASE_URL": cfg.URL, "AURA_SYNC_HOST": "http://host-3:8010", "AURA_SOURCE_1": "10.0.0.1", "AURA_HEARTBEAT_LISTEN": "10.0.0.3:43334",
	}
	command := func(want string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := Program("1.2.3").Run(t.Context(), args, environ, &stdout, &stderr); code != cli.ExitOK || !strings.Contains(stdout.String(), want) {
			t.Fatalf("%v: %d %s%s", args, code, stdout.String(), stderr.String())
		}
	}
	command("of: status-monitor, ", "backup")
	made, err := filepath.Glob(filepath.Join(root, "backups", "status-monitor-2*"))
	if err != nil || len(made) != 1 {
		t.Fatalf("made %q %v", made, err)
	}
	command("comes back by itself: who is on air", "restore", made[0])
}
