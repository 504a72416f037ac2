package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aura.radio/engine/pkg/config"
)

type files struct {
	Token string         `env:"TOKEN" envDefault:"none" secret:"true"`
	PIN   int            `env:"PIN" secret:"true"`
	Key   string         `env:"KEY" file:"true"`
	CA    string         `env:"CA" file:"true"`
	Hosts map[int]string `family:"HOST"`
}

// TestAgain: only secrets are read again, each by itself, and one that is wrong
// keeps its value.
func TestAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	token, pin := filepath.Join(dir, "token"), filepath.Join(dir, "aura_pin")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(token, "first\n")
	write(pin, "1")
	environ := map[string]string{"AURA_TOKEN_FILE": token, "CREDENTIALS_DIRECTORY": dir, "AURA_KEY": "/key.pem", "AURA_HOST_1": "one"}
	var s files
	if err := config.Load(&s, environ); err != nil {
		t.Fatal(err)
	}
	if got := config.Files(&s, environ); !slices.Equal(got, []string{token, pin, "/key.pem"}) {
		t.Errorf("files %q", got)
	}
	for _, step := range []struct {
		change func()
		token  string
		pin    int
		wrong  string
	}{
		{func() { write(token, "second"); write(pin, "2") }, "second", 2, ""},
		{func() { write(token, "third"); write(pin, "hush") }, "third", 2, "AURA_PIN: must be a whole number"},
		{func() { _ = os.Remove(token); write(pin, "4") }, "third", 4, "AURA_TOKEN_FILE=" + `"` + token + `"`},
		{func() { write(token, "") }, "none", 4, ""}, // as at a start
	} {
		step.change()
		err := config.Again(&s, &files{}, environ)
		if s.Token != step.token || s.PIN != step.pin || s.Key != "/key.pem" || s.Hosts[1] != "one" {
			t.Errorf("%+v, want %s and %d", s, step.token, step.pin)
		}
		if (err != nil) != (step.wrong != "") || err != nil && (!strings.Contains(err.Error(), step.wrong) || strings.Contains(err.Error(), "hush")) {
			t.Errorf("error %v, want %q", err, step.wrong)
		}
	}
	// A credential may come later.
	if err := os.Remove(pin); err != nil {
		t.Fatal(err)
	}
	if got := config.Files(&s, environ); !slices.Equal(got, []string{token, pin, "/key.pem"}) {
		t.Errorf("files %q", got)
	}
	// A variable does not change, so it has no file.
	if got := config.Files(&s, map[string]string{"AURA_TOKEN": "x"}); !slices.Equal(got, []string{"/key.pem"}) {
		t.Errorf("files %q", got)
	}
}
