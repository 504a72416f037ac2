package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestRestore: any number of sync nodes may serve a database, and each of them keeps
// it from being exchanged. Package backup and engine-api's commands test the rest.
func TestRestore(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	cfg := repo.Config{URL: "sqlite://" + filepath.Join(root, "station.db")}
	environ := map[string]string{"AURA_DATABASE_URL": cfg.URL, "AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_MAIN_HOST_1": "http://host-1:8008"}
	prepare(t, cfg.URL)
	db, err := repo.OpenStation(cfg, 1, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Begin(t.Context(), model.Owner{Service: model.SyncNode}, false); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := run(t, environ, "backup")
	if code != cli.ExitOK || !strings.Contains(out, "of: sync-node, ") {
		t.Fatalf("%d %s%s", code, out, errOut)
	}
	made, err := filepath.Glob(filepath.Join(root, "backups", "sync-node-2*"))
	if err != nil || len(made) != 1 {
		t.Fatalf("made %q %v", made, err)
	}
	if code, _, errOut := run(t, environ, "restore", made[0]); code != cli.ExitFailed || !strings.Contains(errOut, "systemctl stop sync-node") {
		t.Errorf("while the service runs: %d %s", code, errOut)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := run(t, environ, "restore", made[0]); code != cli.ExitOK || !strings.Contains(out, "comes back by itself from the nodes") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	if left, err := filepath.Glob(filepath.Join(root, "station.db.restoring*")); err != nil || left != nil {
		t.Errorf("it left %q %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(root, "station.db")); err != nil {
		t.Error(err)
	}
}
