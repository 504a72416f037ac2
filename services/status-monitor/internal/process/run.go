// Package process runs the programs of a station: the audio switch, check plugins.
//
// It promises that there is no shell, that a program gets no variable that it is
// not given, and that a program which takes too long is killed with all that it
// started in its process group.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kballard/go-shellquote"
)

// outputDelay is how long to wait for a program's output after the program ended.
// Processes that it left running in the background may hold the output open.
const outputDelay = 250 * time.Millisecond

// Parse splits a command into program and arguments, which may be quoted as in a
// shell; nil if there is none. The error is a rule that the command breaks.
func Parse(command string) ([]string, error) {
	words, err := shellquote.Split(command)
	switch {
	case err != nil:
		return nil, errors.New("must be a program with arguments, with as many opening as closing quotation marks")
	case len(words) > 0 && !filepath.IsAbs(words[0]):
		return nil, errors.New("must begin with the absolute path of a program")
	}
	return words, nil
}

// Run runs a program in a process group of its own, and writes its output and
// errors to out, perhaps still after Run returned. When ctx ends, the group is
// killed. The error is nil for exit code 0, and an *exec.ExitError for others.
func Run(ctx context.Context, words, environment []string, out io.Writer) error {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = environment
	cmd.Stdout, cmd.Stderr = out, out
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
		return fmt.Errorf("took too long: %w", err)
	}
	return err
}
