package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// accepted are what lintian complains of and packages keep, with the reason.
var accepted = map[string]string{
	"bogus-mail-host":                     "it does not know .radio",
	"bogus-mail-host-in-debian-changelog": "it does not know .radio",
	"malformed-deb-archive":               "Debian's dpkg reads zstd since version 12, only its archive does not take it",
	"statically-linked-binary":            "so that one program runs everywhere",
	"maintainer-script-calls-systemctl":   "it stops the service before its files move, and asks whether it runs",
	"non-standard-dir-perm":               "secrets are in /etc/aura",
	"non-standard-file-perm":              "secrets are in /etc/aura",
	"recursive-privilege-change":          "of a directory that root has just made and nobody else can write",
}

// needSoak skips outside `make soak`, which installs what these tests need.
func needSoak(t *testing.T, program string) {
	t.Helper()
	onlyInSoak(t)
	t.Parallel()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
}

// TestPackages_Lintian: Debian's checker finds nothing in the packages that is not
// meant so.
func TestPackages_Lintian(t *testing.T) {
	needSoak(t, "lintian")
	out, _ := exec.CommandContext(t.Context(), "sh", "-c", "lintian --allow-root "+packages(t)+"/*.deb").CombinedOutput() // it complains
	complained := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^[EW]: (\S+): (\S+).*$`).FindAllStringSubmatch(string(out), -1) {
		complained[found[2]] = true
		if accepted[found[2]] == "" {
			t.Error(found[0])
		}
	}
	for tag := range accepted {
		if !complained[tag] {
			t.Errorf("lintian does not complain of %s any more:\n%s", tag, out)
		}
	}
}

// completions are what each shell makes of "PROGRAM mig", with the file of the
// package. The shells' own completion is there, but nobody types.
var completions = map[string]string{
	"bash": `compopt() { :; }; source /usr/share/bash-completion/bash_completion; source %[2]s/bash-completion/completions/%[1]s
		COMP_WORDS=(%[1]s mig) COMP_CWORD=1 COMP_LINE="%[1]s mig" COMP_POINT=${#COMP_LINE} COMP_TYPE=9; __start_%[1]s; echo "${COMPREPLY[@]}"`,
	"zsh": `compdef() { : }; _describe() { print -r -- ${(P)@[-1]} }; source %[2]s/zsh/vendor-completions/_%[1]s
		words=(%[1]s mig) CURRENT=2; _%[1]s`,
	"fish": `source %[2]s/fish/vendor_completions.d/%[1]s.fish; complete --do-complete "%[1]s mig"`,
}

// TestPackages_Completion: bash, zsh and fish complete a command of each service.
func TestPackages_Completion(t *testing.T) {
	needSoak(t, "fish")
	dir := t.TempDir()
	for _, service := range services {
		mustSh(t, fmt.Sprintf("dpkg-deb --extract %s/aura-%s_*.deb %s", packages(t), service, dir))
		for shell, script := range completions {
			cmd := exec.CommandContext(t.Context(), shell, "-c", fmt.Sprintf(script, service, filepath.Join(dir, "usr/share")))
			cmd.Env = environment("PATH="+filepath.Join(dir, "usr/bin")+":/usr/bin:/bin", "HOME="+dir)
			out, err := cmd.CombinedOutput()
			if word, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\t"); err != nil || !strings.HasPrefix(word, "migrate") || strings.Contains(word, "setup") {
				t.Errorf("%s completes %s mig to %q: %v", shell, service, out, err)
			}
		}
	}
}
