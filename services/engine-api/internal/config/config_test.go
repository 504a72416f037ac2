package config

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/config"
)

var update = flag.Bool("update", false, "write the README's configuration table")

const readme = "../../../../README.md"

// TestReadme fails where the README's table is not what the structs say; run
// the test with -update to write it.
func TestReadme(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- configuration: engine-api -->\n", "<!-- /configuration -->"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	table, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatal("the README has no place for the configuration table")
	}
	want := config.Table(&Config{})
	if *update {
		if err := os.WriteFile(readme, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != want {
		t.Errorf("the README's configuration table is out of date; `go test ./internal/config -update` writes it:\n%s", want)
	}
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
			cfg.HTTP.Listen != "127.0.0.1:8008" || cfg.Zone.Name() != "Europe/Vienna" ||
			cfg.Database.URL != "sqlite:///var/lib/aura/engine-api.db" || !cfg.Database.MigrateAtStart() {
			t.Errorf("got %+v", cfg)
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
}
