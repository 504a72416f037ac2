package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo/repotest"
)

// startTimeout is how long a process may take until it is ready.
func startTimeout() time.Duration { return patience.Stretch(3 * time.Minute) }

// service is a running program of this project.
type service struct {
	program string
	url     string // without /api/v1
	cmd     *exec.Cmd
	exited  chan struct{}
	log     string // file
}

// environment is the test's own environment without the variables that configure a
// service, plus more.
func environment(more ...string) []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "AURA_") {
			env = append(env, e)
		}
	}
	return append(env, more...)
}

// freeAddress is a loopback address on which nobody listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	port, err := repotest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// startService runs engine-api on a database until the test ends. It returns when
// engine-api is ready.
func startService(t testing.TB, database string, env ...string) *service {
	t.Helper()
	s := launch(t, t.TempDir(), "engine-api", database, env...)
	t.Cleanup(func() { s.end(t) })
	awaitReady(t, s.url, s.exited)
	return s
}

// launch starts one of the programs at an address of its own. Its log goes to a
// file in logs. The caller ends it with end.
func launch(t testing.TB, logs, program, database string, env ...string) *service {
	t.Helper()
	return launchFrom(t, bin, logs, program, database, env...)
}

// launchFrom is launch with the programs of another folder.
func launchFrom(t testing.TB, programs, logs, program, database string, env ...string) *service {
	t.Helper()
	log, err := os.CreateTemp(logs, program)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	return launchTo(t, programs, log, program, database, env...)
}

// launchTo is launchFrom with a log of the caller's.
func launchTo(t testing.TB, programs string, log *os.File, program, database string, env ...string) *service {
	t.Helper()
	address := freeAddress(t)
	configuration := []string{
		"AURA_LISTEN=" + address, "AURA_DATABASE_URL=" + database,
		"AURA_DB_QUERY_TIMEOUT=" + repotest.QueryTimeout.String(), // a query may be slow here
	}
	if program != "status-monitor" { // the status monitor knows no local time
		configuration = append(configuration, "AURA_STATION_TIMEZONE=Europe/Vienna")
	}
	if programs == bin && program == "engine-api" && strings.HasPrefix(database, "mysql:") { // older programs have no journal; otherwise it is next to the database's file
		_, name, _ := strings.Cut(database, "@")
		name, _, _ = strings.Cut(name, "?")
		configuration = append(configuration, "AURA_JOURNAL="+filepath.Join(bin, strings.ReplaceAll(name, "/", "-")+".journal"))
	}
	cmd := exec.Command(filepath.Join(programs, program), "serve")
	cmd.Env = environment(append(configuration, env...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &service{program: program, url: "http://" + address, cmd: cmd, exited: make(chan struct{}), log: log.Name()}
	go func() {
		_ = cmd.Wait() // cmd.ProcessState tells how it ended
		close(s.exited)
	}()
	return s
}

// end kills the service. If the test failed, it also shows the service's log.
func (s *service) end(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	if t.Failed() {
		t.Logf("log of %s:\n%s", s.program, s.logged())
	}
}

// awaitReady returns when the service answers that it is ready.
func awaitReady(t testing.TB, url string, gone <-chan struct{}) {
	t.Helper()
	await(t, gone, func() bool {
		status, _, err := call(t.Context(), http.MethodGet, url+"/readyz", "")
		return err == nil && status == http.StatusOK
	})
}

// await returns when a process is ready. It fails the test if gone is closed
// before.
func await(t testing.TB, gone <-chan struct{}, ready func() bool) {
	t.Helper()
	patience.Within(t, startTimeout(), func() error {
		if ready() {
			return nil
		}
		select {
		case <-gone:
			t.Fatal("it ended before it was ready")
		default:
		}
		return errors.New("it is not ready")
	})
}

// signal sends a signal and returns when the process has ended.
func (s *service) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	select {
	case <-s.exited:
		return
	default:
	}
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Error(err)
	}
	patience.Receive(t, fmt.Sprintf("%s ends after %s", s.program, sig), s.exited)
}

func (s *service) logged() string {
	b, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// call makes one request and returns the answer's status and body.
func call(ctx context.Context, method, url, body string) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience.Limit())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), err
}

// mustCall makes one request and fails the test if the answer has another status
// than want.
func mustCall(t testing.TB, method, url, body string, want int) string {
	t.Helper()
	status, answer, err := call(t.Context(), method, url, body)
	if err != nil || status != want {
		t.Fatalf("%s %s: %d %v, want %d\n%s", method, url, status, err, want, answer)
	}
	return answer
}

// play is the body of POST /playlog for a title that starts at that time.
func play(t testing.TB, title string, start time.Time) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"track_start": start.UTC().Format("2006-01-02T15:04:05.000000Z"), "track_artist": "Mazzy Star", "track_title": title,
		"log_source": 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// titles reads all of /playlog, page after page, and counts each title.
func titles(t testing.TB, base string) map[string]int {
	t.Helper()
	count := map[string]int{}
	for page := 0; ; page++ {
		var entries []struct {
			Title string `json:"track_title"`
		}
		answer := mustCall(t, http.MethodGet, fmt.Sprintf("%s/api/v1/playlog?limit=1000&page=%d", base, page), "", http.StatusOK)
		if err := json.NewDecoder(bytes.NewReader([]byte(answer))).Decode(&entries); err != nil {
			t.Fatalf("%v: %s", err, answer)
		}
		if len(entries) == 0 {
			return count
		}
		for _, e := range entries {
			count[e.Title]++
		}
	}
}

// command executes a command of one of the programs.
func command(t *testing.T, program string, args []string, env ...string) (code int, out string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, program), args...)
	cmd.Env = environment(env...)
	all, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(all)
}
