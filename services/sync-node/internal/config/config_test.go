package config

import (
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/readmetest"
)

//go:generate go test -run ^TestReadme$ . -update

// TestReadme: every variable is in the README.
func TestReadme(t *testing.T) {
	t.Parallel()
	cfg := Default(nil)
	readmetest.Configuration(t, "../../README.md", &cfg)
}

func TestLoad(t *testing.T) {
	t.Parallel()

	t.Run("Defaults", func(t *testing.T) {
		t.Parallel()
		cfg, err := Load(map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna"})
		if err != nil {
			t.Fatal(err)
		}
		if cfg.HostID != 0 || cfg.DefaultSource != 1 || len(cfg.MainHosts) != 0 || cfg.HTTP.Listen != "127.0.0.1:8010" ||
			cfg.SyncInterval != time.Hour || cfg.SyncBatchSize != 100 || cfg.SyncStepSleep != 230*time.Millisecond ||
			cfg.Database.URL != "sqlite:///var/lib/aura/sync-node.db" || cfg.Station.Zone.Name() != "Europe/Vienna" {
			t.Errorf("got %+v", cfg)
		}
	})

	t.Run("StateDirectory", func(t *testing.T) {
		t.Parallel()
		cfg, err := Load(map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna", "STATE_DIRECTORY": "/var/lib/a:/var/lib/b"})
		if err != nil || cfg.Database.URL != "sqlite:///var/lib/a/sync-node.db" {
			t.Errorf("got %+v, %v", cfg, err)
		}
	})

	// The names are those of the original's configuration.
	t.Run("Original", func(t *testing.T) {
		t.Parallel()
		cfg, err := Load(map[string]string{
			"AURA_HOST_ID": "0", "AURA_MAIN_HOST_1": "http://localhost:8008", "AURA_MAIN_HOST_2": "http://localhost:8009",
			"AURA_DEFAULT_SOURCE": "2", "AURA_SYNC_INTERVAL": "600", "AURA_SYNC_BATCH_SIZE": "1000", "AURA_SYNC_STEP_SLEEP": "0",
			"AURA_SOURCE_NAMES": "1=Engine A, 3=Studio line",
		})
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(cfg.MainHosts, map[int]string{1: "http://localhost:8008", 2: "http://localhost:8009"}) ||
			!maps.Equal(cfg.SourceNames, model.SourceNames{1: "Engine A", 3: "Studio line"}) ||
			cfg.DefaultSource != 2 || cfg.SyncInterval != 10*time.Minute || cfg.SyncBatchSize != 1000 || cfg.SyncStepSleep != 0 {
			t.Errorf("got %+v", cfg)
		}
	})

	t.Run("EveryMistake", func(t *testing.T) {
		t.Parallel()
		wrong := map[string]string{
			"HOST_ID": "1", "MAIN_HOST_2": "host-2:8008", "MAIN_HOST_3": "ftp://x", "DEFAULT_SOURCE": "0",
			"SYNC_INTERVAL": "0", "SYNC_BATCH_SIZE": "1001", "SYNC_STEP_SLEEP": "-1", "LISTEN": "nowhere",
			"DATABASE_URL": "postgres://x", "STATION_TIMEZONE": "Europe/Nowhere", "SYNC_HOST": "http://x", "SOURCE_NAMES": "Engine A",
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
}

// TestLoad_itself: an engine's address that leads back to the sync node is a
// configuration error.
func TestLoad_itself(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		listen, main string
		wrong        bool
	}{
		{"127.0.0.1:8010", "http://127.0.0.1:8010", true},
		{"127.0.0.1:8010", "http://localhost:8010/", true},
		{"127.0.0.1:8010", "http://localhost:8008", false},
		{"127.0.0.1:8010", "http://host-1:8010", false},
		{"0.0.0.0:8010", "http://" + host + ":8010", true},
		{"[::]:8010", "http://[::1]:8010", true},
		{"10.0.0.3:8010", "http://10.0.0.3:8010", true},
		{"10.0.0.3:8010", "http://127.0.0.1:8010", false},
		{"10.0.0.3:80", "http://10.0.0.3", true},
	} {
		_, err := Load(map[string]string{"AURA_LISTEN": test.listen, "AURA_MAIN_HOST_1": test.main})
		if (err != nil) != test.wrong || test.wrong && !strings.Contains(err.Error(), "AURA_MAIN_HOST_1") {
			t.Errorf("%s at %s: %v, want a mistake: %v", test.main, test.listen, err, test.wrong)
		}
	}
}
