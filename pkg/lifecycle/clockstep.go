package lifecycle

import (
	"context"
	"time"
)

const (
	// lookAtClock is how often the host's clock is looked at.
	lookAtClock = time.Second
	// leastStep is what counts as a step. A clock that is slewed moves by less.
	leastStep = 2 * time.Second
	// stepPrecision is how exactly a step is measured.
	stepPrecision = 10 * time.Millisecond
)

// Step is that the host's clock was set, while the service ran.
type Step struct {
	// By is how far it was set forward; less than 0: back.
	By time.Duration
	// Since then the clock ran without a step, and Until is what it showed before
	// this one.
	Since, Until time.Time
}

// twoClocks reads the host's clock, and how long the process has run by a clock
// that nobody can set.
type twoClocks func() (shown time.Time, running time.Duration)

// hostClocks are those of this host.
func hostClocks() twoClocks {
	start := time.Now()
	return func() (time.Time, time.Duration) {
		now := time.Now()
		return now.Round(0), now.Sub(start) // Round(0) leaves the clock that can be set
	}
}

// WatchingClock is a task that warns when the host's clock is set. advice, unless
// it is nil, is the command that helps.
func (s *Service) WatchingClock(advice func(Step) string) func(context.Context) error {
	log := s.Log("clock")
	return func(ctx context.Context) error {
		watchClock(ctx, hostClocks(), func(step Step) {
			event := log.Warn().Stringer("by", step.By).Time("since", step.Since).Time("until", step.Until)
			if advice != nil {
				event = event.Str("correct", advice(step))
			}
			event.Msg("the clock of this host was set, or the host slept. If it is right now, what was logged since then, until then, is wrong by as much")
		})
		return nil
	}
}

// watchClock calls stepped with each step, until ctx ends.
func watchClock(ctx context.Context, read twoClocks, stepped func(Step)) {
	ticker := time.NewTicker(lookAtClock)
	defer ticker.Stop()
	shown, running := read()
	since := shown
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		before, ran := shown, running
		shown, running = read()
		if by := shown.Sub(before) - (running - ran); by.Abs() > leastStep {
			stepped(Step{By: by.Round(stepPrecision), Since: since, Until: before})
			since = shown
		}
	}
}
