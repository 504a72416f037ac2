package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startTimeout bounds how long a process may take until it answers. A sync node
// may first have to derive the on-air log of all its records.
const startTimeout = 10 * time.Minute

// process is a server under measurement.
type process struct {
	cmd    *exec.Cmd
	url    string
	ready  time.Duration // from exec to the first good answer
	stderr bytes.Buffer
	done   chan error
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// startEngineAPI runs engine-api on a free port. env adds to its configuration.
func startEngineAPI(ctx context.Context, binary, databaseURL string, env ...string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	return startService(ctx, binary, port, databaseURL, env...)
}

// startService runs engine-api or sync-node and returns when it is ready.
func startService(ctx context.Context, binary, port, databaseURL string, env ...string) (*process, error) {
	return startProgram(ctx, binary, port, databaseURL, append([]string{"AURA_STATION_TIMEZONE=Europe/Vienna"}, env...)...)
}

// startProgram runs any of the services with the settings that all of them
// understand.
func startProgram(ctx context.Context, binary, port, databaseURL string, env ...string) (*process, error) {
	cmd := exec.Command(binary)
	cmd.Env = append([]string{
		"AURA_LISTEN=127.0.0.1:" + port, "AURA_DATABASE_URL=" + databaseURL, "AURA_DB_AUTO_MIGRATE=true", "AURA_LOG_LEVEL=warn",
	}, env...)
	return start(ctx, cmd, "http://127.0.0.1:"+port, "/readyz")
}

// start runs a server until path answers 200.
func start(ctx context.Context, cmd *exec.Cmd, url, path string) (*process, error) {
	p := &process{cmd: cmd, url: url, done: make(chan error, 1)}
	cmd.Stderr = &p.stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	retry := time.NewTicker(2 * time.Millisecond)
	defer retry.Stop()
	for {
		if answers(ctx, url+path) {
			p.ready = time.Since(began)
			return p, nil
		}
		select {
		case err := <-p.done:
			return nil, fmt.Errorf("%s ended: %w: %s", cmd.Path, err, p.stderr.String())
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%s: %w", cmd.Path, ctx.Err()), cmd.Process.Kill())
		case <-retry.C:
		}
	}
}

// ask asks for a URL.
func ask(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

func answers(ctx context.Context, url string) bool {
	res, err := ask(ctx, url)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// fetch reads the answer from a URL.
func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	res, err := ask(ctx, url)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, res.Status)
	}
	return io.ReadAll(res.Body)
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-p.done:
		return err
	case <-time.After(15 * time.Second):
		return errors.Join(fmt.Errorf("%s did not stop", p.cmd.Path), p.cmd.Process.Kill())
	}
}

// rss is the resident memory in bytes.
func (p *process) rss() (int64, error) { return p.memory("VmRSS:") }

// peak is the largest resident memory in bytes since the last call of resetPeak.
func (p *process) peak() (int64, error) { return p.memory("VmHWM:") }

func (p *process) resetPeak() error {
	const peaks = "5"
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte(peaks), 0)
}

// tick is the unit in which the kernel counts what a process worked.
const tick = 10 * time.Millisecond

// worked is how long the process used a processor.
func (p *process) worked() (time.Duration, error) { return worked(p.cmd.Process.Pid) }

func worked(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(stat), ") ") // the name may have blanks
	const user, system = 11, 12
	fields := strings.Fields(after)
	ticks := 0
	for _, field := range []int{user, system} {
		n, err := strconv.Atoi(fields[field])
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// memory is a line of what the kernel says about the process, in bytes.
func (p *process) memory(line string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for said := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(said, line); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no " + line)
}
