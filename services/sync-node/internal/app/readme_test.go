package app

import (
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/readmetest"
	"aura.radio/engine/services/sync-node/internal/config"
)

//go:generate go test -run ^TestReadme$ . -update

// TestReadme: every metric is in the README.
func TestReadme(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(map[string]string{
		"AURA_DATABASE_URL":     "sqlite://" + filepath.Join(t.TempDir(), "database"),
		"AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_MAIN_HOST_1": "http://127.0.0.1:1",
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(cfg, "test", zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	readmetest.Metrics(t, "../../README.md", a.base.Server.Registry())
	if err := a.base.Close(); err != nil {
		t.Error(err)
	}
}
