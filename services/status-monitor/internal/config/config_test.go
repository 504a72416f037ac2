package config

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/readmetest"
)

//go:generate go test -run ^TestReadme$ . -update

// TestReadme: every variable stands in the README.
func TestReadme(t *testing.T) {
	t.Parallel()
	cfg := Default(nil)
	readmetest.Configuration(t, "../../README.md", &cfg)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	t.Run("Defaults", func(t *testing.T) {
		t.Parallel()
		cfg, err := Load(map[string]string{"AURA_SYNC_HOST": "http://host-3:8010", "AURA_SOURCE_1": "host-1"})
		if err != nil {
			t.Fatal(err)
		}
		host, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Name != host || cfg.HTTP.Listen != "127.0.0.1:8011" || cfg.Heartbeats.Listen != "127.0.0.1:43334" ||
			cfg.Database.URL != "sqlite:///var/lib/aura/status-monitor.db" || cfg.Peers.Timeout != 2*time.Second ||
			!slices.Equal(cfg.Decision.Watched, []int{1}) || cfg.Decision.HeartbeatTimeout != 4*time.Second || cfg.Decision.RecoveryHold != 30*time.Second {
			t.Errorf("got %+v", cfg)
		}
	})
	t.Run("StateDirectory", func(t *testing.T) {
		t.Parallel()
		cfg, err := Load(map[string]string{"AURA_SYNC_HOST": "http://localhost:8010", "AURA_SOURCE_1": "127.0.0.1", "STATE_DIRECTORY": "/var/lib/a"})
		if err != nil || cfg.Database.URL != "sqlite:///var/lib/a/status-monitor.db" {
			t.Errorf("got %+v, %v", cfg, err)
		}
	})
	t.Run("Set", func(t *testing.T) {
		t.Parallel()
		cfg, err := Load(map[string]string{
			"AURA_NAME": "host-3", "AURA_SYNC_HOST": "http://localhost:8010", "AURA_SOURCE_1": "127.0.0.1:43341", "AURA_SOURCE_2": "127.0.0.1:43342",
			"AURA_MAIN_HOST_2": "http://localhost:8009", "AURA_MAIN_HOST_4": "http://localhost:8012", "AURA_SOURCE_NAMES": "2=Engine B", "AURA_RECOVERY_HOLD": "15",
			"AURA_ON_SWITCH_COMMAND": "/usr/local/bin/audio-switch {source}",
		})
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Name != "host-3" || !slices.Equal(cfg.Decision.Watched, []int{1, 2, 4}) || !slices.Equal(cfg.Decision.Quiet, []int{4}) || cfg.Decision.Lag != 9*time.Second || cfg.Decision.RecoveryHold != 15*time.Second ||
			!maps.Equal(cfg.SourceNames, model.SourceNames{2: "Engine B"}) || !maps.Equal(cfg.MainHosts, map[int]string{2: "http://localhost:8009", 4: "http://localhost:8012"}) {
			t.Errorf("got %+v", cfg)
		}
	})
	t.Run("EveryMistake", func(t *testing.T) {
		t.Parallel()
		wrong := map[string]string{
			"NAME": " host", "SYNC_HOST": "host-3:8010", "SOURCE_1": "0.0.0.0", "MAIN_HOST_2": "ftp://x", "SOURCE_NAMES": "A",
			"HEARTBEAT_LISTEN": "nowhere", "HEARTBEAT_KEY": "short", "HEARTBEAT_TIMEOUT": "1s", "RECOVERY_HOLD": "0", "START_GRACE": "0.5", "DEFAULT_SOURCE": "0",
			"LEASE_TIME": "1s", "PROBE_INTERVAL": "0", "CHECK_1": "check_sound", "CHECK_9": "/bin/true", "CHECK_TIMEOUT": "0", "SICK_AFTER": "-1", "ON_SWITCH_COMMAND": "switch", "WEBHOOK_1": "nowhere", "LISTEN": "nowhere",
			"DATABASE_URL": "postgres://x", "STATION_TIMEZONE": "Europe/Vienna",
		}
		environ := map[string]string{}
		for name, value := range wrong {
			environ["AURA_"+name] = value
		}
		_, err := Load(environ)
		if err == nil {
			t.Fatal("a wrong configuration was taken")
		}
		for name := range wrong {
			if !strings.Contains(err.Error(), "AURA_"+name) {
				t.Errorf("does not name AURA_%s: %v", name, err)
			}
		}
	})
	t.Run("Nothing", func(t *testing.T) {
		t.Parallel()
		_, err := Load(nil)
		for _, name := range []string{"AURA_SYNC_HOST", "AURA_SOURCE_1"} {
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("does not name %s: %v", name, err)
			}
		}
	})
}
