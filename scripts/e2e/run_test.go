package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// running is scripts/run.sh with its own folder and ports.
type running struct {
	cmd   *exec.Cmd
	urls  [4]string // of the sync node, both engine-apis and the status monitor
	lines chan string
}

// alert configures a monitor that decides soon, but not because the machine is
// busy.
func alert() []string {
	var env []string
	for name, value := range map[string]time.Duration{
		"HEARTBEAT_INTERVAL": 200 * time.Millisecond, "HEARTBEAT_TIMEOUT": 2 * time.Second,
		"RECOVERY_HOLD": time.Second, "START_GRACE": 2 * time.Second,
	} {
		env = append(env, "NODE3_"+name+"="+patience.Stretch(value).String())
	}
	return env
}

// startRun starts scripts/run.sh.
func startRun(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	r := &running{cmd: exec.Command(filepath.Join(tree, "scripts/run.sh"), args...), lines: make(chan string, 1000)}
	env := append([]string{"RUN_DIR=" + dir, "NODE3_HEARTBEAT_LISTEN=" + freeUDPAddress(t),
		"NODE3_SOURCE_1=" + freeUDPAddress(t), "NODE3_SOURCE_2=" + freeUDPAddress(t)}, alert()...)
	for n := range r.urls {
		address := freeAddress(t)
		r.urls[n] = "http://" + address
		env = append(env, fmt.Sprintf("NODE%d_LISTEN=%s", n, address))
	}
	r.cmd.Env = environment(env...)
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.cmd.Stderr = r.cmd.Stdout
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// This is for a test that failed before. The script has its own process
		// groups for its children, and ends them.
		_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGTERM)
	})
	go r.read(out)
	return r
}

// freeUDPAddress is a loopback address on which nobody listens.
func freeUDPAddress(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

func (r *running) read(out io.Reader) {
	defer close(r.lines)
	for s := bufio.NewScanner(out); s.Scan(); {
		r.lines <- s.Text()
	}
}

// await returns the line that contains text when it is printed. Without text, it
// returns when the output ends, which happens when the last process has ended.
func (r *running) await(t *testing.T, text string) string {
	t.Helper()
	deadline := time.After(patience.Stretch(5 * time.Minute)) // it may have to compile everything
	for {
		select {
		case line, open := <-r.lines:
			t.Log(line)
			switch {
			case !open && text == "", text != "" && strings.Contains(line, text):
				return line
			case !open:
				t.Fatalf("ended without %q", text)
			}
		case <-deadline:
			t.Fatalf("no %q in time", text)
		}
	}
}

// interrupt does what Ctrl-C does.
func (r *running) interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r.ends(t)
}

// ends returns when everything has ended, which must happen in order.
func (r *running) ends(t *testing.T) {
	t.Helper()
	r.await(t, "")
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("scripts/run.sh ended with %v, want exit code 0", err)
	}
	for _, url := range r.urls {
		if conn, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), time.Second); err == nil {
			conn.Close()
			t.Errorf("somebody still listens at %s", url)
		}
	}
}

// inHaste makes the story short. No show lasts six hours, and a show has few
// titles.
var inHaste = []string{"-start", "-6h", "-longest", "1s"}

// switching is a switch, as the history shows it.
type switching struct {
	Source int    `json:"source"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// isBy reports whether somebody whose name begins with who switched to a source.
func (s switching) isBy(who string, source int) bool {
	return s.Source == source && strings.HasPrefix(s.By, who)
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := startRun(t, dir, inHaste...)
	syncNode, engineAPI := r.urls[0], r.urls[1]

	stop, start := r.await(t, "make stop-engine-1"), r.await(t, "make start-engine-1")
	for _, line := range []string{
		"on air     engine 1", "failure    engine 1 crashes",
		"monitor    engine 1 is down", "switch     source 2 is active, by status-monitor", "on air     engine 2",
		"return     engine 1", "monitor    engine 1 is recovering: held until", "monitor    engine 1 is up",
		"switch     source 1 is active, by operator", "on air     engine 1", "story      that was all",
	} {
		r.await(t, line)
	}
	var current struct {
		Title string `json:"track_title"`
		Show  string `json:"show_name"`
	}
	curls := readmeCurls(t, engineAPI)
	runCurl(t, curls[0])
	answer := runCurl(t, curls[1])
	if err := json.Unmarshal([]byte(answer), &current); err != nil || current.Title == "" || current.Show == "" {
		t.Errorf("%s: %v\n%s", curls[1], err, answer)
	}
	eventually(t, func() error {
		if titles(t, syncNode)["Fade Into You"] == 0 {
			return errors.New("what the README logs is not at the sync node")
		}
		return nil
	})
	before := titles(t, syncNode)
	if len(before) < 10 {
		t.Errorf("the on-air log holds %v", before)
	}
	var switches []switching
	if _, err := read(t.Context(), syncNode+"/api/v1/source/history", &switches); err != nil || len(switches) != 2 ||
		!switches[1].isBy("status-monitor", 2) || !strings.Contains(switches[1].Reason, "no heartbeat") || !switches[0].isBy("operator", 1) {
		t.Errorf("the history of the active source is %v (%v)", switches, err)
	}
	for _, path := range []string{"/api/v1/clock", "/api/v1/source/health/1", "/api/v1/source/health/2", "/api/v1/ui/"} {
		mustCall(t, http.MethodGet, syncNode+path, "", http.StatusOK)
	}

	shell(t, stop, "engine 1 is stopped")
	r.await(t, "stop       engine 1 crashes")
	r.await(t, "switch     source 2 is active, by status-monitor")
	r.await(t, "on air     engine 2")
	var onAir struct {
		Source int `json:"log_source"`
	}
	if _, err := read(t.Context(), syncNode+"/api/v1/trackservice/current", &onAir); err != nil || onAir.Source != 2 {
		t.Errorf("the current track is of source %d (%v), want 2", onAir.Source, err)
	}
	shell(t, start, "engine 1 is running")
	r.await(t, "start      engine 1")
	r.await(t, "monitor    engine 1 is recovering: held until")

	t.Run("PortTaken", func(t *testing.T) {
		cmd := exec.Command(filepath.Join(tree, "scripts/run.sh"))
		cmd.Env = environment("RUN_DIR="+dir, "NODE0_LISTEN="+freeAddress(t), "NODE1_LISTEN="+strings.TrimPrefix(engineAPI, "http://"))
		out, err := cmd.CombinedOutput()
		if exit := new(exec.ExitError); !errors.As(err, &exit) || !strings.Contains(string(out), "is taken") ||
			!strings.Contains(string(out), "NODE1_LISTEN=") {
			t.Errorf("%v\n%s", err, out)
		}
	})
	r.interrupt(t)
	out, err := exec.Command("bash", "-c", "cd "+tree+" && "+stop).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "make run is not running") {
		t.Errorf("an engine is stopped though none runs: %v\n%s", err, out)
	}

	again := startRun(t, dir, append(inHaste, "-once", "10")...)
	again.await(t, "on air")
	after := titles(t, again.urls[0])
	for title, n := range before {
		if after[title] < n {
			t.Errorf("%s: %d times before the second start, %d after", title, n, after[title])
		}
	}
	again.ends(t)

	for _, option := range []struct {
		args []string
		n    int // of the service
	}{
		{[]string{"--only", "0"}, 0}, {[]string{"--only", "1"}, 1}, {[]string{"--only", "2"}, 2},
		{[]string{"--only", "3"}, 3}, {[]string{"--single"}, 1},
	} {
		alone := startRun(t, dir, option.args...)
		url := alone.urls[option.n]
		gone := make(chan struct{})
		go func() {
			for range alone.lines {
				// Its log.
			}
			close(gone)
		}()
		awaitReady(t, url, gone)
		if err := alone.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-gone
		if err := alone.cmd.Wait(); err != nil {
			t.Errorf("%v: %v", option.args, err)
		}
	}
}

// shell runs a command line that scripts/run.sh printed. The answer must be want.
func shell(t *testing.T, command, want string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "bash", "-c", "cd "+tree+" && "+command).CombinedOutput()
	if err != nil || !strings.Contains(string(out), want) {
		t.Fatalf("%s: %v, want %q\n%s", command, err, want, out)
	}
}

// readmeCurls are the two commands that the README shows for `make run`,
// aimed at another address.
func readmeCurls(t *testing.T, url string) []string {
	t.Helper()
	readme := openDocument(t, filepath.Join(tree, "README.md"))
	_, section, found := strings.Cut(string(readme), "While `make run` runs")
	curls := regexp.MustCompile(`(?m)^curl .*$`).FindAllString(section, 2)
	if !found || len(curls) != 2 {
		t.Fatal("the README does not show two curl commands for `make run`")
	}
	for i := range curls {
		curls[i] = strings.ReplaceAll(curls[i], "http://localhost:8008", url)
	}
	return curls
}

// runCurl runs a command line of the README. Its answer must be a success.
func runCurl(t *testing.T, command string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	out, err := exec.CommandContext(t.Context(), "bash", "-c", strings.Replace(command, "curl", "curl -sS --fail-with-body", 1)).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}
