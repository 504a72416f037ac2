package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
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

// running is `make run`, with its own place and port.
type running struct {
	cmd   *exec.Cmd
	url   string
	lines chan string
}

// startRun starts scripts/run.sh and returns when the past is played.
func startRun(t *testing.T, dir string) *running {
	t.Helper()
	address := freeAddress(t)
	// The past of an hour, quickly.
	cmd := exec.Command(filepath.Join(tree, "scripts/run.sh"), "-start", "-1h", "-speed", "100000", "-heartbeat", "0")
	cmd.Env = environment("RUN_DIR="+dir, "AURA_LISTEN="+address)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &running{cmd: cmd, url: "http://" + address, lines: make(chan string, 1000)}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) // where the test failed before
	go r.read(out)
	r.await(t, "The past is played")
	return r
}

func (r *running) read(out io.Reader) {
	defer close(r.lines)
	for s := bufio.NewScanner(out); s.Scan(); {
		r.lines <- s.Text()
	}
}

// await returns when a line with that text is printed; without text, when the
// output ends, which it does when the last process has ended.
func (r *running) await(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(3 * time.Minute) // it may have to compile everything
	for {
		select {
		case line, open := <-r.lines:
			t.Log(line)
			switch {
			case !open && text == "", text != "" && strings.Contains(line, text):
				return
			case !open:
				t.Fatalf("ended without %q", text)
			}
		case <-deadline:
			t.Fatalf("no %q in time", text)
		}
	}
}

// interrupt does what Ctrl-C does and checks that all is over.
func (r *running) interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r.await(t, "")
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("scripts/run.sh ended with %v, want exit code 0", err)
	}
	if conn, err := net.DialTimeout("tcp", strings.TrimPrefix(r.url, "http://"), time.Second); err == nil {
		conn.Close()
		t.Error("engine-api still listens")
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := startRun(t, dir)

	var current struct {
		Title string `json:"track_title"`
		Show  string `json:"show_name"`
	}
	curls := readmeCurls(t, r.url)
	runCurl(t, curls[0])
	answer := runCurl(t, curls[1])
	if err := json.Unmarshal([]byte(answer), &current); err != nil || current.Title == "" || current.Show == "" {
		t.Errorf("%s: %v\n%s", curls[1], err, answer)
	}
	before := titles(t, r.url)
	if before["Fade Into You"] == 0 || len(before) < 3 {
		t.Errorf("the playlog holds %v", before)
	}
	mustCall(t, http.MethodGet, r.url+"/api/v1/clock", "", http.StatusOK)
	mustCall(t, http.MethodGet, r.url+"/api/v1/source/health/1", "", http.StatusOK)

	t.Run("PortTaken", func(t *testing.T) {
		cmd := exec.Command(filepath.Join(tree, "scripts/run.sh"))
		cmd.Env = environment("RUN_DIR="+dir, "AURA_LISTEN="+strings.TrimPrefix(r.url, "http://"))
		out, err := cmd.CombinedOutput()
		if exit := new(exec.ExitError); !errors.As(err, &exit) || !strings.Contains(string(out), "is taken") {
			t.Errorf("%v\n%s", err, out)
		}
	})

	r.interrupt(t)

	again := startRun(t, dir)
	after := titles(t, again.url)
	for title, n := range before {
		if after[title] < n {
			t.Errorf("%s: %d times before the second start, %d after", title, n, after[title])
		}
	}
	again.interrupt(t)
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
