package cli_test

import (
	"io"
	"testing"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
)

// TestEnv_Instance: a command that the package runs for an instance finds the service
// and the unit of that instance, and a person's command those of the only one.
func TestEnv_Instance(t *testing.T) {
	t.Parallel()
	const usual = "http://127.0.0.1:8008"
	for _, c := range []struct {
		environ   map[string]string
		url, unit string
	}{
		{nil, usual, "service"},
		{map[string]string{"AURA_LISTEN": "0.0.0.0:8018", "STATE_DIRECTORY": "/var/lib/aura-service-web"}, "http://127.0.0.1:8018", "service@web"},
		{map[string]string{"AURA_LISTEN": "192.0.2.1:8018", "AURA_TLS_CERT": "/cert.pem", "STATE_DIRECTORY": "/var/lib/aura-service"}, "https://192.0.2.1:8018", "service"},
	} {
		p := program()
		var url, unit string
		p.Commands = func(env cli.Env[settings]) []*cobra.Command {
			url, unit = env.OwnURL(usual), env.Instance().Unit()
			return nil
		}
		if code := p.Run(t.Context(), []string{"version"}, c.environ, io.Discard, io.Discard); code != cli.ExitOK || url != c.url || unit != c.unit {
			t.Errorf("%v: %d, %s, %s; want %s, %s", c.environ, code, url, unit, c.url, c.unit)
		}
	}
}
