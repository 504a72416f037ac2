package check_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/services/status-monitor/internal/check"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plugin is a program made of shell commands.
func plugin(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+strings.Join(lines, "\n")+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs plugins until the test ends, and returns what is learned.
func run(t *testing.T, timeout time.Duration, plugins map[int]string) <-chan decision.Check {
	t.Helper()
	learned := make(chan decision.Check)
	ctx, cancel := context.WithCancel(context.Background())
	c, err := check.New(check.Config{Commands: plugins, Interval: 10 * time.Millisecond, Timeout: timeout}, func(e decision.Event) {
		select {
		case learned <- e.(decision.Check):
		case <-ctx.Done():
		}
	}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return learned
}

func TestChecker(t *testing.T) {
	t.Setenv("AURA_WEBHOOK_SECRET", "not for plugins")
	for name, c := range map[string]struct {
		lines   []string
		outcome decision.Outcome
		line    string
	}{
		"OK":          {[]string{`echo "SOUND OK: -18 dB | level=-18"`, `echo more`}, decision.OK, "SOUND OK: -18 dB"},
		"Warning":     {[]string{`echo quiet`, `exit 1`}, decision.Warning, "quiet"},
		"Critical":    {[]string{`echo; echo "no  sound"`, `exit 2`}, decision.Critical, "no sound"},
		"Unknown":     {[]string{`echo "no such mount" >&2`, `exit 3`}, decision.Unknown, "no such mount"},
		"OtherCode":   {[]string{`exit 127`}, decision.Unknown, "exit status 127"},
		"Killed":      {[]string{`echo dies`, `kill -9 $$`}, decision.Unknown, "signal: killed: dies"},
		"Says":        {[]string{`head -c 100000 /dev/zero | tr '\0' x`}, decision.OK, strings.Repeat("x", 200)},
		"Environment": {[]string{`env | grep -c AURA`}, decision.Warning, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			got := patience.Receive(t, "an outcome", run(t, time.Hour, map[int]string{7: plugin(t, c.lines...)}))
			if got != (decision.Check{Source: 7, Outcome: c.outcome, Line: c.line}) {
				t.Errorf("got %+v", got)
			}
		})
	}

	t.Run("NoProgram", func(t *testing.T) {
		got := patience.Receive(t, "an outcome", run(t, time.Hour, map[int]string{1: filepath.Join(t.TempDir(), "none")}))
		if got.Outcome != decision.Unknown || !strings.Contains(got.Line, "no such file") {
			t.Errorf("got %+v", got)
		}
	})

	// One that hangs is killed with all that it started, and holds up no other.
	t.Run("Hangs", func(t *testing.T) {
		pid := filepath.Join(t.TempDir(), "pid")
		hangs := plugin(t, fmt.Sprintf(`sleep 86400 & echo $! >%q`, pid), `wait`)
		learned := run(t, patience.Stretch(time.Second), map[int]string{1: hangs, 2: plugin(t, `echo fine`)})
		fine := 0
		for {
			got := patience.Receive(t, "an outcome", learned)
			if got.Source == 2 {
				fine++
				continue
			}
			if got.Outcome != decision.Unknown || !strings.Contains(got.Line, "took too long") || fine == 0 {
				t.Errorf("got %+v after %d of the other", got, fine)
			}
			break
		}
		text, err := os.ReadFile(pid)
		if err != nil {
			t.Fatal(err)
		}
		number, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		patience.Await(t, func() error {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", number))
			if err == nil && !strings.Contains(string(stat), ") Z") && syscall.Kill(number, 0) == nil {
				return fmt.Errorf("process %d still runs", number)
			}
			return nil
		})
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"AURA_CHECK_1=check_sound": "AURA_CHECK_1: must begin with the absolute path of a program",
		`AURA_CHECK_2=/bin/x "y`:   "AURA_CHECK_2: must be a program with arguments, with as many opening as closing quotation marks",
		"AURA_CHECK_3= ":           "AURA_CHECK_3: must be the absolute path of a program",
		"AURA_CHECK_INTERVAL=0.5":  `AURA_CHECK_INTERVAL="500ms": must be from 1s to 1h` + "\n" + `AURA_CHECK_TIMEOUT="10s": must be from 100ms to the interval of the checks`,
		"AURA_CHECK_TIMEOUT=16":    `AURA_CHECK_TIMEOUT="16s": must be from 100ms to the interval of the checks`,
	} {
		variable, text, _ := strings.Cut(value, "=")
		var cfg check.Config
		if err := config.Load(&cfg, map[string]string{variable: text}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", value, err)
		}
	}
	cfg := check.Config{Commands: map[int]string{1: "/bin/true", 3: "/bin/true"}}
	if err := cfg.Unwatched([]int{1, 2}); err == nil || err.Error() != "AURA_CHECK_3: is for a source that is not watched: also set AURA_SOURCE_3 or AURA_MAIN_HOST_3" {
		t.Error(err)
	}
}
