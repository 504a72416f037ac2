package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/config"
)

// TestPackaged: who forgot that a command runs as the service is told so, on hosts
// with the package's program, and nobody else is.
func TestPackaged(t *testing.T) {
	t.Parallel()
	programs := t.TempDir()
	if err := os.WriteFile(filepath.Join(programs, "aura-service"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	const none = "sqlite:///nowhere/service.db"
	for name, c := range map[string]struct {
		args    string
		environ map[string]string
		want    string // "": no advice
	}{
		"Database":   {"box open now", nil, "read as the service: sudo aura-service box open"},
		"Config":     {"check-config", nil, "validated by: sudo aura-service check-config"},
		"Instance":   {"migrate status --instance web", nil, "for an instance by: sudo aura-service --instance NAME migrate status"},
		"Said":       {"box open now", map[string]string{"AURA_DATABASE_URL": none}, ""},
		"Configured": {"check-config", map[string]string{"AURA_DATABASE_URL": none}, ""},
		"As":         {"check-config", map[string]string{"STATE_DIRECTORY": "/nowhere"}, ""},
		"AsInstance": {"migrate status --instance web", map[string]string{"STATE_DIRECTORY": "/nowhere"}, ""},
		"NoPackage":  {"box open now", map[string]string{"PATH": "/nowhere"}, ""},
		"Else":       {"check-config --wide", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := map[string]string{"PATH": "/nowhere:" + programs}
			for name, value := range c.environ {
				environ[name] = value
			}
			p := program()
			p.Load = func(environ map[string]string) (cfg settings, _ error) {
				cfg.Database.URL = none
				return cfg, config.Load(&cfg, environ)
			}
			var out bytes.Buffer
			code := p.Run(t.Context(), strings.Fields(c.args), environ, &out, &out)
			if said := strings.Contains(out.String(), "aura-service"); said != (c.want != "") || !strings.Contains(out.String(), c.want) {
				t.Errorf("%d: %s\nwant %q", code, out.String(), c.want)
			}
			if c.want == "" && out.Len() == 0 || c.args == "check-config" && code != cli.ExitOK {
				t.Errorf("%d: %s", code, out.String())
			}
		})
	}
}
