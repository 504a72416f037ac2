package act

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// script is a program made of shell commands.
func script(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+strings.Join(lines, "\n")+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// await waits for a condition that another process brings about.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	patience.Await(t, func() error {
		if !so() {
			return errors.New("not yet: " + what)
		}
		return nil
	})
}

// stopsAtOnce fails the test if the stop waits for a process that lasts longest.
func stopsAtOnce(t *testing.T, m *monitor) {
	t.Helper()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		m.stop()
	}()
	patience.Receive(t, "the stop", stopped)
}

// longest is the time of processes that nobody may wait for.
const longest = 24 * time.Hour

// read is the content of a file; "" if there is no file.
func read(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

// gone reports whether a process has ended, even if nobody waited for it.
func gone(pid string) bool {
	n, err := strconv.Atoi(strings.TrimSpace(pid))
	if err != nil {
		return false
	}
	if errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
		return true
	}
	_, state, _ := strings.Cut(read("/proc/"+strconv.Itoa(n)+"/stat"), ") ")
	return state == "" || strings.HasPrefix(state, "Z")
}

func TestActor_Command(t *testing.T) {
	t.Setenv("AURA_WEBHOOK_SECRET", "not for programs")

	t.Run("OK", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out")
		program := script(t,
			`if [ ! -e "$1.tried" ]; then : >"$1.tried"; exit 1; fi`, // the first try fails
			`env >"$1.new"; printf '%s\n' "$@" >>"$1.new"; mv "$1.new" "$1"`)
		s := &store{}
		m := begin(t, Config{Command: program + " " + out + ` 'to {source}' "{previous}" $HOME '' ;`, CommandTimeout: longest}, s, &node{})
		m.Switched(Switch{
			Source: 2, Previous: 0, At: time.Date(2020, 6, 27, 17, 0, 0, 500_000_900, time.UTC), By: "M. Tester", Reason: "line\none\x00",
		})
		await(t, "done", func() bool { _, known := m.Asserted(); return known })
		got := read(out)
		for _, want := range []string{
			"PATH=" + os.Getenv("PATH") + "\n", "AURA_SOURCE=2\n", "AURA_PREVIOUS_SOURCE=\n", "AURA_AT=2020-06-27T17:00:00.500000+00:00\n",
			"AURA_BY=M. Tester\n", "AURA_REASON=line one \n", "\nto 2\n\n$HOME\n\n;\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in %s", want, got)
			}
		}
		if strings.Contains(got, "not for programs") || strings.Contains(got, "HOME=") {
			t.Errorf("the monitor's environment: %s", got)
		}
		if s.Of("command")[0].Tries != 1 {
			t.Errorf("%+v", s.Of("command")[0])
		}
	})

	t.Run("Missing", func(t *testing.T) {
		m := begin(t, Config{Command: "/does/not/exist", CommandTimeout: longest}, &store{}, &node{})
		m.switched(t, 2, 1)
		await(t, "failed", func() bool { return m.log.Count("no such file or directory") > 0 })
	})

	// A stop kills the running command, and is not held up.
	t.Run("Stop", func(t *testing.T) {
		pids := filepath.Join(t.TempDir(), "pid")
		program := script(t, `sleep 1000 & echo $! >`+pids+`.new; mv `+pids+`.new `+pids, `wait`)
		s := &store{}
		m := begin(t, Config{Command: program, CommandTimeout: longest}, s, &node{})
		m.switched(t, 2, 1)
		await(t, "started", func() bool { return read(pids) != "" })
		stopsAtOnce(t, m)
		await(t, "killed", func() bool { return gone(read(pids)) })
		equal(t, "rows", s.Outcomes("command"), []string{"waits"})
	})
}

func TestExecute(t *testing.T) {
	t.Parallel()

	run := func(ctx context.Context, t *testing.T, lines ...string) error {
		t.Helper()
		return execute(ctx, []string{script(t, lines...)}, []string{"PATH=" + os.Getenv("PATH")})
	}

	t.Run("Timeout", func(t *testing.T) {
		t.Parallel()
		pids := filepath.Join(t.TempDir(), "pid")
		over := make(chan struct{})
		ended := make(chan error, 1)
		go func() {
			ended <- run(deadline{t.Context(), over}, t,
				`echo working`,
				`sh -c 'sleep 1000 & echo $! >`+pids+`.new; mv `+pids+`.new `+pids+`; wait' &`, // a grandchild
				`wait`)
		}()
		await(t, "started", func() bool { return read(pids) != "" })
		close(over)
		err := patience.Receive(t, "its end", ended)
		if err == nil || err.Error() != "command: took too long: signal: killed: working" {
			t.Error(err)
		}
		await(t, "killed", func() bool { return gone(read(pids)) })
	})

	// A process that it leaves in the background holds its output open, and goes
	// on.
	t.Run("Background", func(t *testing.T) {
		t.Parallel()
		pids := filepath.Join(t.TempDir(), "pid")
		if err := run(t.Context(), t, `sleep 1000 & echo $! >`+pids, `exit 0`); err != nil {
			t.Error(err)
		}
		if gone(read(pids)) {
			t.Error("it was killed")
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(read(pids))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})

	t.Run("Output", func(t *testing.T) {
		t.Parallel()
		err := run(t.Context(), t, `i=0; while [ $i -lt 1000 ]; do echo "line $i"; i=$((i+1)); done`, `printf 'it\tfails\377' >&2`, `exit 3`)
		if err == nil || !strings.HasPrefix(err.Error(), "command: exit status 3: …") || !strings.HasSuffix(err.Error(), "line 999 it fails") || len(err.Error()) > 500 {
			t.Error(err)
		}
	})
}

// deadline is a context whose deadline passes when a test says so.
type deadline struct {
	context.Context
	over chan struct{}
}

func (d deadline) Done() <-chan struct{} { return d.over }

func (d deadline) Err() error {
	select {
	case <-d.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// TestTail: the end is kept, however the output is written.
func TestTail(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("abcdefghij", 100)
	for _, size := range []int{1, 7, maxOutput, maxOutput + 1, 1000} {
		var one tail
		for rest := text; rest != ""; {
			part := rest[:min(size, len(rest))]
			if n, err := one.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
			rest = rest[len(part):]
		}
		if got := one.String(); got != "…"+text[len(text)-maxOutput:] {
			t.Errorf("by %d: %s", size, got)
		}
	}
}
