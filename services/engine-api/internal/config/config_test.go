package config

import (
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/readmetest"
)

//go:generate go test -run ^TestReadme$ . -update

// TestReadme: every variable is in the README.
func TestReadme(t *testing.T) {
	t.Parallel()
	readmetest.Configuration(t, "../../README.md", &Config{})
}

func TestLoad(t *testing.T) {
	t.Parallel()

	t.Run("Defaults", func(t *testing.T) {
		t.Parallel()
		cfg, err := Load(map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna"})
		if err != nil {
			t.Fatal(err)
		}
		if cfg.HostID != 1 || cfg.DefaultSource != 1 || cfg.Tracks.Grace != 30*time.Second ||
			cfg.HTTP.Listen != "127.0.0.1:8008" || cfg.Station.Zone.Name() != "Europe/Vienna" ||
			cfg.Database.URL != "sqlite:///var/lib/aura/engine-api.db" || !cfg.Database.MigrateAtStart() {
			t.Errorf("got %+v", cfg)
		}
	})

	t.Run("StateDirectory", func(t *testing.T) {
		t.Parallel()
		cfg, err := Load(map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna", "STATE_DIRECTORY": "/var/lib/a:/var/lib/b"})
		if err != nil || cfg.Database.URL != "sqlite:///var/lib/a/engine-api.db" || cfg.Journal.File("") != "/var/lib/a/engine-api.journal" {
			t.Errorf("got %+v, %v", cfg, err)
		}
	})

	t.Run("EveryMistake", func(t *testing.T) {
		t.Parallel()
		_, err := Load(map[string]string{
			"AURA_HOST_ID": "0", "AURA_STATION_TIMEZONE": "Europe/Nowhere", "AURA_CURRENT_GRACE": "-1",
			"AURA_LISTEN": "nowhere", "AURA_LOG_LEVEL": "loud", "AURA_DATABASE_URL": "postgres://x", "AURA_HOSTID": "1",
		})
		if err == nil {
			t.Fatal("a wrong configuration was taken")
		}
		for _, name := range []string{"HOST_ID", "STATION_TIMEZONE", "CURRENT_GRACE", "LISTEN", "LOG_LEVEL", "DATABASE_URL", "HOSTID"} {
			if !strings.Contains(err.Error(), "AURA_"+name) {
				t.Errorf("does not name AURA_%s: %v", name, err)
			}
		}
	})

	t.Run("Engine", func(t *testing.T) {
		t.Parallel()
		cfg, err := Load(map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna"})
		if err != nil || cfg.EngineZone().Name() != "Europe/Vienna" || cfg.EngineSource.AsSent() {
			t.Errorf("defaults: %+v, %v", cfg, err)
		}
		cfg, err = Load(map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_ENGINE_TIMEZONE": "UTC", "AURA_ENGINE_SOURCE": "as-sent"})
		if err != nil || cfg.EngineZone().Name() != "UTC" || !cfg.EngineSource.AsSent() {
			t.Errorf("set: %+v, %v", cfg, err)
		}
		_, err = Load(map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_ENGINE_TIMEZONE": "Mars", "AURA_ENGINE_SOURCE": "1"})
		if err == nil || !strings.Contains(err.Error(), "AURA_ENGINE_TIMEZONE") || !strings.Contains(err.Error(), "AURA_ENGINE_SOURCE") {
			t.Errorf("mistakes: %v", err)
		}
	})

	t.Run("SyncHost", func(t *testing.T) {
		t.Parallel()
		for value, valid := range map[string]bool{
			"": true, "http://sync-node:8010": true, "https://sync.example.org/aura/api/v1/": true,
			"sync-node:8010": false, "ftp://sync-node": false, "http://": false, "http://x/?a=b": false,
			"http://somebody:hush@sync-node": false, "http://[": false,
		} {
			_, err := Load(map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_SYNC_HOST": value})
			switch {
			case (err == nil) != valid:
				t.Errorf("%q: %v", value, err)
			case err != nil && (!strings.Contains(err.Error(), "AURA_SYNC_HOST") || strings.Contains(err.Error(), "hush")):
				t.Errorf("%q: %v", value, err)
			}
		}
	})

	t.Run("SyncHostIsOwn", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			listen, syncHost string
			own              bool
		}{
			{"", "http://127.0.0.1:8008", true}, // the default of AURA_LISTEN
			{"", "http://LocalHost:8008/api/v1", true},
			{"", "http://0.0.0.0:8008", true},
			{"", "http://127.0.0.1:8010", false},
			{"", "http://127.0.0.2:8008", false},
			{"", "http://host-3:8008", false},
			{"localhost:8008", "http://127.0.0.1:8008", true},
			{"[::]:8008", "http://[::1]:8008", true},
			{":8008", "http://localhost:8008", true},
			{"0.0.0.0:8008", "http://host-3:8008", false},
			{"host-3:8008", "http://Host-3:8008", true},
			{"192.0.2.1:80", "http://192.0.2.1", true},
			{"192.0.2.1:443", "http://192.0.2.1", false},
			{"127.0.0.1:0", "http://127.0.0.1:0", false},
		} {
			environ := map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_SYNC_HOST": c.syncHost}
			if c.listen != "" {
				environ["AURA_LISTEN"] = c.listen
			}
			_, err := Load(environ)
			if (err != nil) != c.own || err != nil && !strings.Contains(err.Error(), "AURA_SYNC_HOST") {
				t.Errorf("%q at %q: %v", c.syncHost, c.listen, err)
			}
		}
	})
}
