package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// station is a redundant deployment: two engines that play the same programme,
// each telling its own engine-api, and the sync node, which makes one on-air
// log out of both.
type station struct {
	engines []*engine // the source's number is the index plus 1
	node    *syncNode
	onAir   chan airing   // what the sync node says, one change after another
	monitor string        // where heartbeats go
	silence time.Duration // until the source is switched
	pause   time.Duration // from the start of a title to the failure in its midst
	titles  int           // stop after so many on air; 0 plays on
	zone    *time.Location
	out     io.Writer

	aired int
}

// runStation plays until ctx ends, or so many titles were on air as asked for.
func runStation(ctx context.Context, o options, programme *programme) error {
	s := &station{
		node:  &syncNode{api: strings.TrimSuffix(o.station, "/") + "/api/v1", client: &http.Client{}},
		onAir: make(chan airing), monitor: o.monitor, silence: o.silence, pause: o.longest / 2,
		titles: o.titles, zone: o.zone, out: os.Stdout,
	}
	for i, api := range strings.Split(o.api, ",") {
		e := o.engine(programme, i+1, api)
		log, err := os.OpenFile(filepath.Join(o.logs, fmt.Sprintf("engine-%d.log", i+1)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer log.Close()
		e.out = log
		// What it played in an earlier run stays as it was.
		if e.since, err = e.latest(ctx); err != nil {
			return fmt.Errorf("engine-api %d: %w", i+1, err)
		}
		if e.since.After(e.time.start) && e.since.Before(o.now) {
			e.time.start = e.since
		}
		s.engines = append(s.engines, e)
	}
	return s.run(ctx)
}

// run ends with ctx, with the story where it ends, or with an engine's error.
func (s *station) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	failed := make(chan error, len(s.engines))
	past := make(chan struct{}, len(s.engines))
	for _, e := range s.engines {
		e.caughtUp = func() { past <- struct{}{} }
		running.Go(func() { failed <- e.runAll(ctx, s.monitor) })
	}
	for range s.engines {
		select {
		case <-past:
		case err := <-failed:
			return err
		}
	}
	s.say("past", "both engines have played it; from here on in real time")

	running.Go(func() { s.node.follow(ctx, s.onAir, s.say) })
	told := make(chan error, 1)
	running.Go(func() { told <- s.tell(ctx) })
	select {
	case err := <-failed:
		return err
	case err := <-told:
		return err
	}
}

// Ends of the story.
var (
	errEnded  = errors.New("ended")
	errEnough = errors.New("enough titles were on air")
)

// tell tells the story, and then what is on air, until ctx ends or enough
// titles were on air.
func (s *station) tell(ctx context.Context) error {
	err := s.story(ctx)
	for err == nil {
		_, err = s.next(ctx, nil)
	}
	if errors.Is(err, errEnded) || errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// story: the active engine fails in the midst of a title, its source is
// switched, it comes back, and somebody switches back.
func (s *station) story(ctx context.Context) error {
	active, err := s.node.active(ctx)
	if err != nil {
		return err
	}
	if active.Source < 1 || active.Source > len(s.engines) {
		s.say("story", "source %d is active, which is none of the engines: nothing to tell", active.Source)
		return nil
	}
	engine, other := active.Source, len(s.engines)+1-active.Source

	if err := s.titlesOf(ctx, engine, 3); err != nil {
		return err
	}
	if err := s.wait(ctx, s.pause); err != nil {
		return err
	}
	s.engines[engine-1].away.Store(true)
	s.say("failure", "engine %d crashes: it plays nothing, logs nothing, sends no heartbeats", engine)
	if err := s.wait(ctx, s.silence); err != nil {
		return err
	}
	s.activate(ctx, other, "status monitor (make run)", fmt.Sprintf("engine %d was silent for %s", engine, s.silence))
	if err := s.titlesOf(ctx, other, 2); err != nil {
		return err
	}
	s.engines[engine-1].away.Store(false)
	s.say("return", "engine %d is back and logs again; source %d stays active", engine, other)
	if err := s.titlesOf(ctx, other, 1); err != nil {
		return err
	}
	if err := s.wait(ctx, s.pause); err != nil {
		return err
	}
	s.activate(ctx, engine, "operator (make run)", fmt.Sprintf("engine %d works again", engine))
	if err := s.titlesOf(ctx, engine, 1); err != nil {
		return err
	}
	s.say("story", "that was all; both engines play on")
	return nil
}

// activate switches, as a monitor does. Where that is refused, because somebody
// pinned a source meanwhile, the story goes on without.
func (s *station) activate(ctx context.Context, source int, by, reason string) {
	if err := s.node.activate(ctx, source, by, reason); err != nil {
		s.say("no switch", "to source %d: %v", source, err)
		return
	}
	s.say("switch", "source %d is active, by the %s: %s", source, by, reason)
}

// titlesOf returns when so many titles of a source went on air.
func (s *station) titlesOf(ctx context.Context, source, titles int) error {
	for titles > 0 {
		a, err := s.next(ctx, nil)
		if err != nil {
			return err
		}
		if a.Source == source {
			titles--
		}
	}
	return nil
}

// wait lets the station play on for a while.
func (s *station) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		switch _, err := s.next(ctx, timer.C); {
		case errors.Is(err, errTimeout):
			return nil
		case err != nil:
			return err
		}
	}
}

var errTimeout = errors.New("the time is over")

// next says what goes on air next and returns it, unless the time is over
// before.
func (s *station) next(ctx context.Context, timeout <-chan time.Time) (airing, error) {
	if s.titles > 0 && s.aired >= s.titles {
		return airing{}, errEnough
	}
	select {
	case <-ctx.Done():
		return airing{}, errEnded
	case <-timeout:
		return airing{}, errTimeout
	case a := <-s.onAir:
		if a.Source == 0 {
			s.say("on air", "nothing")
			return a, nil
		}
		s.aired++
		note := ""
		if late := a.From.Sub(a.Start); late > time.Second {
			note = fmt.Sprintf("  (in its midst: it began %s before)", late.Round(time.Second))
		}
		s.say("on air", "engine %d  %s – %s%s", a.Source, a.Artist, a.Title, note)
		return a, nil
	}
}

// say prints one line.
func (s *station) say(what, format string, args ...any) {
	fmt.Fprintf(s.out, "%s  %-9s  %s\n", time.Now().In(s.zone).Format(time.TimeOnly), what, fmt.Sprintf(format, args...))
}
