package check

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/services/status-monitor/internal/decision"
	"aura.radio/engine/services/status-monitor/internal/process"
)

// maxLine is how much of a plugin's first line is kept, in bytes.
const maxLine = 200

// Checker runs the plugins. Make it with New and Run it once.
type Checker struct {
	cfg     Config
	plugins map[int][]string
	learn   func(decision.Event)
	log     zerolog.Logger
}

// New makes a Checker of a valid configuration. learn is called by one goroutine
// for each plugin.
func New(cfg Config, learn func(decision.Event), log zerolog.Logger) (*Checker, error) {
	c := &Checker{cfg: cfg, plugins: map[int][]string{}, learn: learn, log: log}
	for number, command := range cfg.Commands {
		words, err := process.Parse(command)
		if err != nil {
			return nil, err
		}
		c.plugins[number] = words
	}
	return c, nil
}

// Run checks until ctx ends, and returns nil then.
func (c *Checker) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	for source, plugin := range c.plugins {
		all.Go(func() { c.follow(ctx, source, plugin) })
	}
	return nil
}

// follow runs one plugin again and again.
func (c *Checker) follow(ctx context.Context, source int, plugin []string) {
	last := decision.OK
	for {
		outcome, line := c.check(ctx, plugin)
		if ctx.Err() != nil {
			return
		}
		if outcome != last {
			level := zerolog.WarnLevel
			if outcome == decision.OK {
				level = zerolog.InfoLevel
			}
			c.log.WithLevel(level).Int("source", source).Stringer("outcome", outcome).Str("said", line).Msg("the check of a source has another outcome")
			last = outcome
		}
		c.learn(decision.Check{Source: source, Outcome: outcome, Line: line})
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.cfg.Interval - rand.N(c.cfg.Interval/10+1)): // so that plugins do not run in step
		}
	}
}

// check runs a plugin once.
func (c *Checker) check(ctx context.Context, plugin []string) (decision.Outcome, string) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var said head
	err := process.Run(ctx, plugin, []string{"PATH=" + os.Getenv("PATH")}, &said)
	line := said.line()
	exited, isExit := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return decision.OK, line
	case ctx.Err() == nil && isExit && exited.ExitCode() >= int(decision.Warning) && exited.ExitCode() <= int(decision.Unknown):
		return decision.Outcome(exited.ExitCode()), line
	case line != "":
		return decision.Unknown, err.Error() + ": " + line
	}
	return decision.Unknown, err.Error()
}

// head keeps the beginning of what is written.
type head struct {
	mu   sync.Mutex // a plugin's output may be written after it was waited for
	text []byte
}

// Write never fails.
func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, p[:min(len(p), maxLine-len(h.text))]...)
	return len(p), nil
}

// line is the first line, without the figures that follow a "|".
func (h *head) line() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	first, _, _ := strings.Cut(strings.TrimSpace(string(h.text)), "\n")
	first, _, _ = strings.Cut(first, "|")
	return strings.Join(strings.Fields(strings.ToValidUTF8(first, "")), " ")
}
