package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// running is scripts/run.sh, with its own place and ports.
type running struct {
	cmd   *exec.Cmd
	urls  [3]string // of the sync node and of both engine-apis
	lines chan string
}

// startRun starts scripts/run.sh.
func startRun(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	r := &running{cmd: exec.Command(filepath.Join(tree, "scripts/run.sh"), args...), lines: make(chan string, 1000)}
	env := []string{"RUN_DIR=" + dir}
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
		// Where the test failed before: it has groups of its own for its children, which it ends.
		_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGTERM)
	})
	go r.read(out)
	return r
}

func (r *running) read(out io.Reader) {
	defer close(r.lines)
	for s := bufio.NewScanner(out); s.Scan(); {
		r.lines <- s.Text()
	}
}

// await returns the line with that text when it is printed; without text, it
// returns when the output ends, which it does when the last process has ended.
func (r *running) await(t *testing.T, text string) string {
	t.Helper()
	deadline := time.After(3 * time.Minute) // it may have to compile everything
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

// ends returns when all is over, which must be in order.
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

// inHaste makes the story short.
var inHaste = []string{"-start", "-1h", "-longest", "1s", "-silence", "500ms", "-heartbeat", "0"}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := startRun(t, dir, inHaste...)
	syncNode, engineAPI := r.urls[0], r.urls[1]

	for _, line := range []string{
		"on air     engine 1", "failure    engine 1", "switch     source 2", "on air     engine 2",
		"return     engine 1", "switch     source 1", "on air     engine 1", "story",
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
	switches, err := history(t.Context(), syncNode)
	if err != nil || len(switches) != 2 || switches[1].Source != 2 || !strings.Contains(switches[1].Reason, "silent") || switches[0].Source != 1 {
		t.Errorf("the history of the active source is %v (%v)", switches, err)
	}
	for _, path := range []string{"/api/v1/clock", "/api/v1/source/health/1", "/api/v1/source/health/2", "/api/v1/ui/"} {
		mustCall(t, http.MethodGet, syncNode+path, "", http.StatusOK)
	}

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

	again := startRun(t, dir, append(inHaste, "-once", "2")...)
	again.await(t, "on air")
	after := titles(t, again.urls[0])
	for title, n := range before {
		if after[title] < n {
			t.Errorf("%s: %d times before the second start, %d after", title, n, after[title])
		}
	}
	again.ends(t)

	for n, option := range [][]string{{"--only", "0"}, {"--only", "1"}, {"--only", "2"}, {"--single"}} {
		alone := startRun(t, dir, option...)
		url := alone.urls[n%3]
		if n == 3 {
			url = alone.urls[1]
		}
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
			t.Errorf("%v: %v", option, err)
		}
	}
}

// readmeCurls are the two commands that the README shows beside `make run`,
// aimed at another address.
func readmeCurls(t *testing.T, url string) []string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(tree, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
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

// runCurl runs a command line of the README; its answer must be a success.
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
