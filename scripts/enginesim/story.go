package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Ends of the story.
var (
	errEnded     = errors.New("ended")
	errEnough    = errors.New("enough titles were on air")
	errOtherwise = errors.New("the active source is not as the story goes")
)

// tell tells the story, and then reports what happens, until ctx ends or enough
// titles were on air.
func (s *station) tell(ctx context.Context) error {
	err := s.begin(ctx)
	for err == nil {
		err = s.next(ctx)
	}
	if errors.Is(err, errEnded) || errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// begin tells the story, if there is one, as far as it goes.
func (s *station) begin(ctx context.Context) error {
	var err error
	if s.active, err = s.node.active(ctx); err != nil {
		return err
	}
	switch source := s.active.Source; {
	case source < 1 || source > len(s.engines):
		s.say("story", "source %d is active, which is none of the engines: nothing to tell", source)
	case s.active.Pinned:
		s.say("story", "source %d is pinned, so the monitor switches nothing: nothing to tell", source)
	default:
		err = s.story(ctx, source, len(s.engines)+1-source)
	}
	if errors.Is(err, errOtherwise) {
		s.say("story", "it ends here, as somebody else decided which source is active")
		return nil
	}
	return err
}

// story tells this story: the active engine fails in the middle of a title. The
// monitor activates the other engine. The first engine comes back, and the monitor
// holds it until it counts as up. Then an operator switches back.
func (s *station) story(ctx context.Context, engine, other int) error {
	if err := s.titlesOf(ctx, engine, 3); err != nil {
		return err
	}
	// The monitor activates only a source that is up.
	if err := s.until(ctx, engine, func() bool { return s.isUp(engine) && s.isUp(other) }); err != nil {
		return err
	}
	if err := s.wait(ctx, engine, s.pause); err != nil {
		return err
	}
	if err := s.failure(ctx, engine, other); err != nil {
		if errors.Is(err, errOtherwise) {
			s.comeBack(engine, "return", "")
		}
		return err
	}
	s.comeBack(engine, "return", fmt.Sprintf("; source %d stays active", other))
	if err := s.until(ctx, other, func() bool { return s.isUp(engine) }); err != nil {
		return err
	}
	if err := s.titlesOf(ctx, other, 1); err != nil {
		return err
	}
	if err := s.wait(ctx, other, s.pause); err != nil {
		return err
	}
	if err := s.node.activate(ctx, engine, "operator (make run)", fmt.Sprintf("engine %d works again", engine)); err != nil {
		s.say("no switch", "to source %d: %v", engine, err)
		return nil
	}
	s.look(ctx)
	if err := s.titlesOf(ctx, engine, 1); err != nil {
		return err
	}
	s.say("story", "that was all; both engines play on")
	return nil
}

// failure makes an engine fail. It returns when the monitor has activated the
// other engine and two of that engine's titles were on air.
func (s *station) failure(ctx context.Context, engine, other int) error {
	enough := s.airedOf[other] + 2
	s.crash(engine, "failure", " in the midst of a title")
	if err := s.until(ctx, engine, func() bool { return s.active.Source == other }); err != nil {
		return err
	}
	return s.until(ctx, other, func() bool { return s.airedOf[other] >= enough })
}

// isUp reports whether the monitor considers the engine up.
func (s *station) isUp(engine int) bool { return s.verdicts[engine].State == up }

// titlesOf returns when so many more titles of the active source were on air.
func (s *station) titlesOf(ctx context.Context, active, titles int) error {
	enough := s.airedOf[active] + titles
	return s.until(ctx, active, func() bool { return s.airedOf[active] >= enough })
}

// wait lets the station play on for d.
func (s *station) wait(ctx context.Context, active int, d time.Duration) error {
	end := time.Now().Add(d)
	return s.until(ctx, active, func() bool { return !time.Now().Before(end) })
}

// until reports what happens until isSo returns true, while the source active
// stays active. Errors: errOtherwise if somebody activates another source, or pins
// one.
func (s *station) until(ctx context.Context, active int, isSo func() bool) error {
	for !isSo() {
		if s.active.Source != active || s.active.Pinned {
			return errOtherwise
		}
		if err := s.next(ctx); err != nil {
			return err
		}
	}
	return nil
}
