package act

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"aura.radio/engine/services/status-monitor/internal/process"
)

// maxOutput is how much of the end of a program's output goes into the log, in
// bytes.
const maxOutput = 400

// execute runs a program. The error has what the program said last.
func execute(ctx context.Context, words, environment []string) error {
	var output tail
	err := process.Run(ctx, words, environment, &output)
	if err == nil {
		return nil
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
