// Package ending ends before its time, in the way that ENDING says.
package ending

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	switch os.Getenv("ENDING") {
	case "leak":
		fmt.Fprintln(os.Stderr, "goleak: Errors on successful test run: found unexpected goroutines:")
		code = 1
	case "silent":
		code = 1
	}
	os.Exit(code)
}

func TestFailed(t *testing.T) { t.Error("failed before") }

func TestWaiting(t *testing.T) { t.Parallel() }

func TestOuter(t *testing.T) {
	t.Log("outer began")
	t.Run("Inner", func(t *testing.T) {
		fmt.Println("panic: said by somebody else")
		t.Run("Ended", func(*testing.T) {})
		for i := range 100 {
			t.Log("line", i)
		}
		end()
	})
}

func end() {
	switch os.Getenv("ENDING") {
	case "time over":
		select {}
	case "panic":
		go panic("boom")
		select {}
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "quit":
		_ = syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		select {}
	case "exit":
		os.Exit(3)
	}
}
