package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// steps are the programs by which postinst changes something.
var steps = []string{"mkdir", "cp", "mv", "rm", "sed", "chmod", "chown", "sync"}

// step takes the place of such a program. Before its turn, or in the midst of its
// work, the power fails: nothing of the script goes on.
const step = `#!/bin/sh
read -r n <"$COUNT"
echo $((n + 1)) >"$COUNT"
if [ "$n" -eq "$CUT" ]; then
  for last in "$@"; do :; done
  if [ "$HALF" = 1 ]; then
    case $0 in
    */rm) find "$last" -type f | head -n 1 | while read -r file; do /bin/rm "$file"; done ;;
    */cp) [ -d "$last" ] || echo half >"$last" ;;
    esac
  fi
  /bin/kill -KILL -- -"$GROUP"
fi
case $0 in
*/chown) ;;
*) exec "/bin/${0##*/}" "$@" ;;
esac
`

// handmade is a host on which engine-api was installed by hand. It is a folder, in
// which postinst finds what it finds on a host.
type handmade struct{ root, script string }

func newHandmade(t *testing.T) handmade {
	t.Helper()
	h := handmade{root: t.TempDir()}
	script := string(openDocument(t, filepath.Join(tree, "deploy/debian/postinst")))
	for _, folder := range []string{"/var/lib", "/etc", "/run"} {
		script = strings.ReplaceAll(script, folder+"/", h.root+folder+"/")
	}
	h.script = filepath.Join(h.root, "postinst")
	h.write(t, "postinst", script)
	for _, name := range steps {
		h.write(t, "bin/"+name, step)
	}
	for _, name := range []string{"systemctl", "systemd-sysusers", "chgrp", "deb-systemd-helper", "deb-systemd-invoke"} {
		h.write(t, "bin/"+name, "#!/bin/sh\n")
	}
	for name, text := range map[string]string{
		"var/lib/aura/engine-api.db": "plays;", "var/lib/aura/engine-api.journal": "waits;", "var/lib/aura/engine-api.refused/1": "refused;",
		"var/lib/aura/sync-node.db": "another's;", "var/lib/aura/api-tokens": "secret;",
		"etc/aura/engine-api.env":               "AURA_API_TOKENS_FILE=" + h.root + "/var/lib/aura/api-tokens\n",
		"etc/systemd/system/engine-api.service": "[Service]\nDynamicUser=yes\nUser=aura\n",
		"etc/aura/engine-api/.keep":             "", "run/systemd/system/.keep": "", "etc/systemd/system/multi-user.target.wants/.keep": "",
	} {
		h.write(t, name, text)
	}
	if err := os.Symlink(h.path("etc/systemd/system/engine-api.service"), h.path("etc/systemd/system/multi-user.target.wants/engine-api.service")); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h handmade) path(name string) string { return filepath.Join(h.root, name) }

func (h handmade) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// read is what a file holds; nothing if it is not there.
func (h handmade) read(name string) string {
	text, _ := os.ReadFile(h.path(name)) // missing is an answer
	return string(text)
}

// configure runs postinst. The power fails before the step of that number, or in
// the midst of it; -1 is never. It reports whether the script came to its end.
func (h handmade) configure(t *testing.T, cut int, half bool) bool {
	t.Helper()
	h.write(t, "count", "0\n")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `export GROUP=$$; exec sh "$0" configure`, h.script)
	cmd.Env = []string{
		"PATH=" + h.path("bin") + ":/usr/bin:/bin", "DPKG_MAINTSCRIPT_PACKAGE=aura-engine-api", "COUNT=" + h.path("count"),
		fmt.Sprint("CUT=", cut), "HALF=" + map[bool]string{true: "1"}[half],
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("cut %d, %t: %v\n%s", cut, half, err, out)
	}
	return err == nil
}

// boot starts the host: the service that starts has all that was stored, and stores
// more. It returns the folder in which that is.
func (h handmade) boot(t *testing.T, what string) (folder string) {
	t.Helper()
	folder = "var/lib/aura-engine-api/"
	if h.read("etc/systemd/system/engine-api.service") != "" {
		folder = "var/lib/aura/"
	}
	for name, want := range map[string]string{"engine-api.db": "plays;", "engine-api.journal": "waits;", "engine-api.refused/1": "refused;", "api-tokens": "secret;"} {
		if got := h.read(folder + name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: the service that starts finds %q in %s%s", what, got, folder, name)
		}
	}
	h.write(t, folder+"engine-api.db", h.read(folder+"engine-api.db")+"more;")
	h.write(t, folder+"engine-api.db-wal", "even more;")
	return folder
}

// arrived checks that the move is over, and that nothing was lost.
func (h handmade) arrived(t *testing.T, what string, boots int) {
	t.Helper()
	want := map[string]string{
		"var/lib/aura-engine-api/engine-api.db": "plays;" + strings.Repeat("more;", boots), "var/lib/aura-engine-api/engine-api.journal": "waits;",
		"var/lib/aura-engine-api/engine-api.refused/1": "refused;", "var/lib/aura-engine-api/api-tokens": "secret;",
		"var/lib/aura/sync-node.db": "another's;", "var/lib/aura/api-tokens": "secret;",
		"etc/aura/engine-api.env":                        "AURA_API_TOKENS_FILE=" + h.path("var/lib/aura-engine-api/api-tokens") + "\n",
		"etc/systemd/system/engine-api.service.dpkg-old": "[Service]\nDynamicUser=yes\nUser=aura\n",
	}
	if boots > 0 {
		want["var/lib/aura-engine-api/engine-api.db-wal"] = "even more;"
	}
	for name, text := range want {
		if got := h.read(name); got != text {
			t.Errorf("%s: %s holds %q, want %q", what, name, got, text)
		}
	}
	left, err := filepath.Glob(h.path("var/lib/aura/engine-api*"))
	more, err2 := filepath.Glob(h.path("*/*/*.moving"))
	if left = append(left, more...); err != nil || err2 != nil || len(left) > 0 {
		t.Errorf("%s: left are %v, %v %v", what, left, err, err2)
	}
	for _, name := range []string{"var/lib/aura-engine-api/.moving", "etc/systemd/system/engine-api.service", "etc/systemd/system/multi-user.target.wants/engine-api.service"} {
		if _, err := os.Lstat(h.path(name)); err == nil {
			t.Errorf("%s: there is still %s", what, name)
		}
	}
}

// TestMove_PowerCut: the power fails at each step of the move from what was installed
// by hand, and again while the package is configured after that. Whichever unit
// starts in between has everything. What it stores is not lost either.
func TestMove_PowerCut(t *testing.T) {
	t.Parallel()
	cuts := 0
	for _, half := range []bool{false, true} {
		for cut := 0; ; cut++ {
			h, what := newHandmade(t), fmt.Sprintf("cut before step %d, in its midst: %t", cut, half)
			boots := 0
			over := false
			for range 2 {
				if over = h.configure(t, cut, half); over {
					break
				}
				h.boot(t, what)
				boots++
			}
			if !over && !h.configure(t, -1, false) {
				t.Fatalf("%s: it does not end", what)
			}
			h.arrived(t, what, boots)
			if !h.configure(t, -1, false) {
				t.Fatalf("%s: it can't be configured again", what)
			}
			h.arrived(t, what+", configured again", boots)
			if t.Failed() || over && boots == 0 {
				break
			}
			cuts += boots
		}
	}
	t.Logf("the power failed %d times", cuts)
	if cuts < 50 {
		t.Errorf("the power failed %d times only", cuts)
	}
}
