package act

import (
	"strings"
	"testing"

	"aura.radio/engine/pkg/config"
)

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef01234567"
	for name, c := range map[string]struct {
		environ map[string]string
		want    []string
	}{
		"Defaults": {},
		"OK": {environ: map[string]string{
			"AURA_ON_SWITCH_COMMAND": `/usr/bin/audio --to {source} "from {previous}"`,
			"AURA_WEBHOOK_1":         "https://example.org/hook", "AURA_WEBHOOK_12": "http://10.0.0.5:8080/x?token=y",
			"AURA_WEBHOOK_SECRET": secret,
		}},
		"Encoded": {environ: map[string]string{"AURA_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
		"All": {
			environ: map[string]string{
				"AURA_ON_SWITCH_COMMAND": "audio {source}", "AURA_ON_SWITCH_TIMEOUT": "1ms",
				"AURA_WEBHOOK_2": "ftp://user:password@example.org", "AURA_WEBHOOK_1": "/hook", "AURA_WEBHOOK_TIMEOUT": "1h",
			},
			want: []string{
				`AURA_ON_SWITCH_COMMAND="audio {source}": must begin with the absolute path of a program`,
				`AURA_ON_SWITCH_TIMEOUT="1ms": must be from 100ms to 10m`,
				`AURA_WEBHOOK_1: must be a URL, such as https://example.org/hook`,
				`AURA_WEBHOOK_2: must be a URL, such as https://example.org/hook`,
				`AURA_WEBHOOK_SECRET: is required for webhooks`,
				`AURA_WEBHOOK_TIMEOUT="1h0m0s": must be from 100ms to 5m`,
			},
		},
		"Quotes": {
			environ: map[string]string{"AURA_ON_SWITCH_COMMAND": `/bin/audio "x`},
			want:    []string{`AURA_ON_SWITCH_COMMAND="/bin/audio \"x": must be a program with arguments, with as many opening as closing quotation marks`},
		},
		"ShortSecret": {
			environ: map[string]string{"AURA_WEBHOOK_SECRET": secret[1:]},
			want:    []string{"AURA_WEBHOOK_SECRET: must have at least 24 characters, or whsec_ and the base64 of at least 24 bytes"},
		},
		"ShortEncoded": {
			environ: map[string]string{"AURA_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa=="},
			want:    []string{"AURA_WEBHOOK_SECRET: must have at least 24 characters, or whsec_ and the base64 of at least 24 bytes"},
		},
		"NotEncoded": {
			environ: map[string]string{"AURA_WEBHOOK_SECRET": "whsec_" + secret + "!"},
			want:    []string{"AURA_WEBHOOK_SECRET: must be base64 after whsec_"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			if err := config.Load(&Config{}, c.environ); err != nil {
				got = err.Error()
			}
			if want := strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
