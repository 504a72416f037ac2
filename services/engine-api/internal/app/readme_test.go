package app

import (
	"strings"
	"testing"

	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/readmetest"
	"aura.radio/engine/services/engine-api/internal/config"
)

//go:generate go test -run ^TestReadme$ . -update

// TestReadme: every metric is in the README.
func TestReadme(t *testing.T) {
	t.Parallel()
	readmetest.Service(t, "../../README.md", map[string]string{
		"AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_SYNC_HOST": "http://127.0.0.1:1",
		"AURA_HEARTBEAT_LISTEN": "127.0.0.1:0", "AURA_MONITOR_1": "127.0.0.1:1", "AURA_HEARTBEAT_KEY": strings.Repeat("07", 32),
	}, config.Load, New, func(a *App) *lifecycle.Service { return a.base })
}
