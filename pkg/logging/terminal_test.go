package logging_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"aura.radio/engine/pkg/logging"
)

// terminal is both ends of a pseudo-terminal.
func terminal(t *testing.T) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this machine has no pseudo-terminals:", err)
	}
	t.Cleanup(func() { screen.Close() })
	var number, locked int32
	for request, value := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &locked} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return screen, program
}

// TestNew_Terminal: lines are coloured, unless the terminal or its user can't
// have that.
func TestNew_Terminal(t *testing.T) {
	for _, test := range []struct {
		term, noColor string
		coloured      bool
	}{{"xterm", "", true}, {"dumb", "", false}, {"xterm", "1", false}} {
		t.Setenv("TERM", test.term)
		t.Setenv("NO_COLOR", test.noColor)
		screen, program := terminal(t)
		log := logging.New(logging.Config{}, program)
		log.Error().Msg("hello")
		line, err := bufio.NewReader(screen).ReadString('\n')
		if err != nil || !strings.Contains(line, "hello") || strings.Contains(line, "\x1b") != test.coloured {
			t.Errorf("TERM=%s NO_COLOR=%s: %q, %v", test.term, test.noColor, line, err)
		}
	}
}
