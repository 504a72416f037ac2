package act

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// maxOutput is how much of the end of a program's output goes into the log, in
	// bytes.
	maxOutput = 400
	// outputDelay is how long to wait for a program's output after the program
	// ended. Processes that it left running in the background may hold the output
	// open.
	outputDelay = 250 * time.Millisecond
)

// execute runs a program in a process group of its own. When ctx ends, the group
// is killed.
func execute(ctx context.Context, program, environment []string) error {
	var output tail
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Env = environment
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = outputDelay
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	err := cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success():
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("took too long: %w", err)
	}
	if said := output.String(); said != "" {
		return fmt.Errorf("command: %w: %s", err, said)
	}
	return fmt.Errorf("command: %w", err)
}

// tail keeps the end of what is written.
type tail struct {
	mu  sync.Mutex // a program's output may be written after it was waited for
	end []byte
	cut bool
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, p[max(0, len(p)-maxOutput):]...)
	if over := len(t.end) - maxOutput; over > 0 || len(p) > maxOutput {
		t.end, t.cut = t.end[max(over, 0):], true
	}
	return len(p), nil
}

// String is one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(t.end), "")), " ")
	if t.cut {
		text = "…" + text
	}
	return text
}
