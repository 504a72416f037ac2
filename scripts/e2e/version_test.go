package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestVersion asks each program for the version that the build stamped in.
func TestVersion(t *testing.T) {
	t.Parallel()
	for _, service := range services {
		stamp, err := exec.CommandContext(t.Context(), filepath.Join(tree, "scripts/version.sh"), service).Output()
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), filepath.Join(bin, service), "version").CombinedOutput()
		if want := service + " " + string(stamp); err != nil || string(out) != want {
			t.Errorf("%s version: %q (%v), want %q", service, out, err, want)
		}
	}
}

// TestVersion_Tags: each service follows its own tags.
func TestVersion_Tags(t *testing.T) {
	t.Parallel()
	repo := t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = repo
		cmd.Env = environment("GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=Test", "GIT_AUTHOR_EMAIL=test@radio.example",
			"GIT_COMMITTER_NAME=Test", "GIT_COMMITTER_EMAIL=test@radio.example")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	script, err := os.ReadFile(filepath.Join(tree, "scripts/version.sh"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(repo, "scripts"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(repo, "scripts/version.sh"), script, 0o755); err != nil {
		t.Fatal(err)
	}
	expect := func(service, pattern string) {
		t.Helper()
		if got := run("scripts/version.sh", service); !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
			t.Errorf("%s is %s, want %s", service, got, pattern)
		}
	}
	run("git", "init", "--quiet")
	run("git", "add", ".")
	run("git", "commit", "--quiet", "-m", "first")
	expect("engine-api", `0\.0\.0-dev\+[0-9a-f]{7,}`)
	run("git", "tag", "services/engine-api/v1.2.0")
	run("git", "tag", "services/sync-node/v0.3.1")
	expect("engine-api", `1\.2\.0`)
	expect("sync-node", `0\.3\.1`)
	run("git", "commit", "--quiet", "--allow-empty", "-m", "second")
	run("git", "tag", "services/sync-node/v0.4.0")
	expect("engine-api", `1\.2\.0\+1\.g[0-9a-f]{7,}`)
	expect("sync-node", `0\.4\.0`)
	run("sh", "-c", "echo '# changed' >>scripts/version.sh")
	expect("sync-node", `0\.4\.0\.dirty`)
}
