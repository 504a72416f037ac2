package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// deploy is the folder of the units.
const deploy = "../../deploy/systemd"

// TestTemplates: the files are as they are made today. All that an instance has is its
// own, and everything else is word for word as in the unit of the only instance.
func TestTemplates(t *testing.T) {
	t.Parallel()
	made, err := templates(deploy)
	if err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile(`^(Description|EnvironmentFile|User|Group|StateDirectory|After)=`)
	for file, text := range made {
		if kept, err := os.ReadFile(filepath.Join(deploy, file)); err != nil || string(kept) != text {
			t.Errorf("%s is stale, run make generate: %v", file, err)
		}
		only, err := os.ReadFile(filepath.Join(deploy, strings.Replace(file, "@", "", 1)))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range settings(string(only)) {
			if !own.MatchString(line) && !strings.Contains(text, line+"\n") {
				t.Errorf("%s lacks %s", file, line)
			}
		}
		for _, line := range settings(text) {
			if own.MatchString(line) && !strings.Contains(line, "%i") && !strings.HasPrefix(line, "After=network") {
				t.Errorf("%s shares with other instances: %s", file, line)
			}
		}
	}
	if len(made) != 9 {
		t.Errorf("%d templates", len(made))
	}
}

// settings are the lines of a unit that mean something.
func settings(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.Contains(line, "=") && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}
