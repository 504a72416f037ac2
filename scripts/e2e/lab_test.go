package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// insideLab holds the lab's folder if this test binary runs in the lab.
const insideLab = "E2E_INSIDE_LAB"

// labTimeout bounds everything that one test does in the lab.
func labTimeout() time.Duration { return patience.Stretch(15 * time.Minute) }

// stationForLab is what the hosts of a station find in their folder: the packages,
// an engine and the documents. Outside the lab, the test then runs in parallel.
func stationForLab(t *testing.T) func() map[string]string {
	t.Helper()
	if os.Getenv(insideLab) == "" {
		t.Parallel()
	}
	return func() map[string]string {
		return map[string]string{".build/packages": packages(t), ".build/enginesim": built(t, builtSimulator), "deploy": filepath.Join(tree, "deploy")}
	}
}

// builtSimulator is the simulator of an engine, built once.
var builtSimulator = sync.OnceValues(func() (string, error) {
	program := filepath.Join(bin, "enginesim")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./scripts/enginesim")
	build.Dir, build.Env = tree, environment("CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the simulator: %w\n%s", err, out)
	}
	return program, nil
})

// inLab runs a test again in namespaces of its own, and returns true there. In the
// namespaces the test may mount, make networks and boot hosts. When the test ends,
// for whatever reason, nothing is left of them. release is what the hosts find in
// /shared, by its names there.
func inLab(t *testing.T, release func() map[string]string) bool {
	t.Helper()
	if os.Getenv(insideLab) != "" {
		return true
	}
	if err := canBoot(); err != nil {
		if os.Getenv("AURA_TEST_REQUIRE_SYSTEMD") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	copyTo(t, filepath.Join(dir, "release"), release())
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), labTimeout())
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--mount-proc", "--pid", "--net", "--fork", "--kill-child",
		self, "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", labTimeout().String())
	cmd.Env = environment(insideLab+"="+dir, patience.Variable+"="+os.Getenv(patience.Variable))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("in the lab: %v", err)
	}
	return false
}

// copyTo copies files and folders into dir, under the names that are their keys.
func copyTo(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for to, from := range files {
		to = filepath.Join(dir, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", "-r", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

// subnet is the network of the lab. Host number n has the address subnet + n.
const subnet = "192.0.2."

// plugIn makes the lab's network and everything else that hosts need from the
// machine.
func plugIn(t *testing.T) {
	t.Helper()
	mustSh(t, "mount -t tmpfs tmpfs /run && mkdir -p $"+insideLab+"/cgroup && mount -t cgroup2 cgroup2 $"+insideLab+"/cgroup")
	mustSh(t, "ip link set lo up && ip link add switch type bridge && ip addr add "+subnet+"254/24 dev switch && ip link set switch up")
}

// host is a machine with a disk and a cable to the lab's switch.
type host struct {
	name, address string
	cable         string // the end at the switch
	dir           string
	init          int // process id of its systemd, 0 while it is off
	gone          chan struct{}
}

// newHost builds a host, which is off.
func newHost(t *testing.T, number int) *host {
	t.Helper()
	lab := os.Getenv(insideLab)
	name := "host-" + strconv.Itoa(number)
	h := &host{
		name: name, address: subnet + strconv.Itoa(number), cable: "cable-" + strconv.Itoa(number),
		dir: filepath.Join(lab, name),
	}
	if err := os.MkdirAll(filepath.Join(h.dir, "disk"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../release", filepath.Join(h.dir, "shared")); err != nil {
		t.Fatal(err)
	}
	mustSh(t, "mount -t tmpfs tmpfs "+h.dir+"/disk")
	t.Cleanup(func() {
		h.kill(t)
		if t.Failed() {
			console, _ := os.ReadFile(filepath.Join(h.dir, "console"))
			t.Logf("console of %s:\n%s", h.name, console)
		}
	})
	return h
}

// plug plugs the host's cable in (up) or pulls it out (down).
func (h *host) plug(t *testing.T, state string) {
	t.Helper()
	mustSh(t, "ip link set "+h.cable+" "+state)
}

// boot returns when the host's systemd has started all units that are enabled.
func (h *host) boot(t *testing.T) {
	t.Helper()
	mustSh(t, fmt.Sprintf("ip netns add %[1]s && ip link add %[2]s type veth peer name eth0 netns %[1]s && ip link set %[2]s master switch up && "+
		"ip -n %[1]s addr add %[3]s/24 dev eth0 && ip -n %[1]s link set eth0 up && ip -n %[1]s link set lo up", h.name, h.cable, h.address))
	group := newCgroup(t, filepath.Join(os.Getenv(insideLab), "cgroup"), h.name)
	console, err := os.OpenFile(filepath.Join(h.dir, "console"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer console.Close()
	cmd := exec.Command("nsenter", "--net=/run/netns/"+h.name, "./host.sh", h.dir)
	cmd.Env = environment("CABLED=1")
	cmd.Stdout, cmd.Stderr = console, console
	if err := group.start(cmd); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	h.gone = gone
	go func() {
		_ = cmd.Wait() // the console tells how it ended
		group.remove()
		close(gone)
	}()
	await(t, gone, func() bool {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid))
		if err != nil || len(children) == 0 {
			return false
		}
		if h.init, err = strconv.Atoi(strings.TrimSpace(string(children))); err != nil {
			t.Fatal(err)
		}
		state, err := h.try(t.Context(), "systemctl is-system-running")
		return err == nil || strings.HasPrefix(state, "degraded")
	})
}

// powerOff ends everything on the host at once. Its network goes first, so that
// nothing can say goodbye.
func (h *host) powerOff(t *testing.T) {
	t.Helper()
	h.plug(t, "down")
	h.kill(t)
	mustSh(t, "ip link del "+h.cable+" && ip netns del "+h.name)
}

// shutDown turns the host off in order: systemd stops what runs.
func (h *host) shutDown(t *testing.T) {
	t.Helper()
	_, _ = h.try(t.Context(), "systemctl poweroff") // it may end before it can say how it ended
	patience.Receive(t, "the end of "+h.name, h.gone)
	h.init = 0
	mustSh(t, "ip link del "+h.cable+" && ip netns del "+h.name)
}

// kill ends the host's systemd, and with it every process on the host.
func (h *host) kill(t *testing.T) {
	t.Helper()
	if h.init == 0 {
		return
	}
	if err := syscall.Kill(h.init, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Error(err)
	}
	<-h.gone
	h.init = 0
}

// try runs a command on the host, as root, in /shared.
func (h *host) try(ctx context.Context, command string) (string, error) {
	cmd := exec.CommandContext(ctx, "nsenter", "--target", strconv.Itoa(h.init), "--all", "--wdns=/shared", "sh", "-c", command)
	cmd.Env = environment() // the services would report the test's own variables as mistakes
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (h *host) sh(t *testing.T, command string) string {
	t.Helper()
	out, err := h.try(t.Context(), command)
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s", h.name, command, err, out)
	}
	return out
}

// bearer adds a token to each request.
type bearer string

// RoundTrip sends the request.
func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(req)
}
