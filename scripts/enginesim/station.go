package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// station is a redundant deployment. Two engines play the same programme, and each
// reports to its own engine-api. The sync node makes one on-air log out of both.
// The status monitor listens to their heartbeats.
type station struct {
	engines []*engine // the source's number is the index plus 1
	node    *syncNode
	monitor *monitor
	orders  net.Listener     // nil: the station takes no orders
	onAir   chan airing      // what the sync node reports, one change after another
	looks   <-chan time.Time // when to ask the monitor and the sync node
	pause   time.Duration    // from the start of a title to the failure in the middle of it
	titles  int              // stop after so many titles on air; 0 plays on
	zone    *time.Location

	mu  sync.Mutex // one line at a time
	out io.Writer

	// What was said so far.
	aired    int
	airedOf  map[int]int // by source
	active   activeSource
	verdicts map[int]verdict
	alarm    string
	lost     map[string]bool // services that do not answer
}

// lookEvery is how often a station asks the monitor and the sync node.
const lookEvery = 250 * time.Millisecond

// runStation plays until ctx ends, or until the requested number of titles was on
// air.
func runStation(ctx context.Context, o options, programme *programme) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	s := newStation()
	s.node = &syncNode{api: strings.TrimSuffix(o.station, "/") + "/api/v1", client: &http.Client{}}
	s.monitor = &monitor{api: strings.TrimSuffix(o.monitor, "/"), client: &http.Client{}}
	s.looks, s.pause, s.titles, s.zone, s.out = ticker.C, o.longest/2, o.titles, o.zone, os.Stdout
	for i, api := range strings.Split(o.api, ",") {
		e := o.engine(programme, i+1, api, i)
		log, err := os.OpenFile(filepath.Join(o.logs, fmt.Sprintf("engine-%d.log", i+1)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer log.Close()
		e.out = log
		// What the engine played in an earlier run stays as it was.
		if e.since, err = e.latest(ctx); err != nil {
			return fmt.Errorf("engine-api %d: %w", i+1, err)
		}
		if e.since.After(e.time.start) && e.since.Before(o.now) {
			e.time.start = e.since
		}
		s.engines = append(s.engines, e)
	}
	if o.control != "" {
		var err error
		if s.orders, err = listenForOrders(o.control); err != nil {
			return err
		}
	}
	return s.run(ctx)
}

func newStation() *station {
	return &station{onAir: make(chan airing), airedOf: map[int]int{}, verdicts: map[int]verdict{}, lost: map[string]bool{}}
}

// run ends with ctx, with the end of the story if it has one, or with an engine's
// error.
func (s *station) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	failed := make(chan error, len(s.engines)+1)
	past := make(chan struct{}, len(s.engines))
	for _, e := range s.engines {
		e.caughtUp = func() { past <- struct{}{} }
		running.Go(func() { failed <- e.runAll(ctx) })
	}
	if s.orders != nil {
		running.Go(func() { failed <- s.takeOrders(ctx, s.orders) })
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

// say prints one line.
func (s *station) say(what, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%s  %-9s  %s\n", time.Now().In(s.zone).Format(time.TimeOnly), what, fmt.Sprintf(format, args...))
}

// crash makes an engine crash, and says so. It returns false if the engine is away
// already.
func (s *station) crash(number int, what, note string) bool {
	if !s.engines[number-1].away.CompareAndSwap(false, true) {
		return false
	}
	s.say(what, "engine %d crashes%s: it plays nothing, logs nothing, sends no heartbeats", number, note)
	return true
}

// comeBack undoes a crash, and says so. It returns false if the engine was not
// away.
func (s *station) comeBack(number int, what, note string) bool {
	if !s.engines[number-1].away.CompareAndSwap(true, false) {
		return false
	}
	s.say(what, "engine %d plays, logs and sends heartbeats again%s", number, note)
	return true
}

// next waits for the next event and reports it.
func (s *station) next(ctx context.Context) error {
	if s.titles > 0 && s.aired >= s.titles {
		return errEnough
	}
	select {
	case <-ctx.Done():
		return errEnded
	case <-s.looks:
		s.look(ctx)
	case a := <-s.onAir:
		s.air(ctx, a)
	}
	return nil
}

// air says what is on air now. If the source has changed, it first says why.
func (s *station) air(ctx context.Context, a airing) {
	if a.Source == 0 {
		s.say("on air", "nothing")
		return
	}
	if a.Source != s.active.Source {
		s.look(ctx)
	}
	s.aired++
	s.airedOf[a.Source]++
	note := ""
	if late := a.From.Sub(a.Start); late > time.Second {
		note = fmt.Sprintf("  (in its midst: it began %s before)", late.Round(time.Second))
	}
	s.say("on air", "engine %d  %s%s", a.Source, a.name(), note)
}

// look reports changes: what the monitor thinks, and who switched the source and
// why. The monitor is asked after the sync node, but reported before it. So the
// monitor's reason for a switch comes before the switch.
func (s *station) look(ctx context.Context) {
	active, err := s.node.active(ctx)
	judgement, monitorErr := s.monitor.status(ctx)
	if !s.fails(ctx, "the status monitor", monitorErr) {
		s.weigh(judgement)
	}
	if err == nil && active.Epoch != s.active.Epoch {
		err = s.tellSwitches(ctx, active.Epoch)
	}
	if !s.fails(ctx, "the sync node", err) {
		s.active = active
	}
}

// fails reports whether a service did not answer, and says so once.
func (s *station) fails(ctx context.Context, who string, err error) bool {
	if err != nil && !s.lost[who] && ctx.Err() == nil {
		s.say("lost", "%s: %v", who, err)
	}
	s.lost[who] = err != nil
	return err != nil
}

// weigh reports what is new in the monitor's judgement.
func (s *station) weigh(j judgement) {
	for _, v := range j.Sources {
		if v.kind() != s.verdicts[v.Number].kind() {
			s.say("monitor", "engine %d is %s", v.Number, v.in(s.zone))
		}
		s.verdicts[v.Number] = v
	}
	switch {
	case s.alarm == "" && j.Alarm != "":
		s.say("monitor", "raises the alarm: %s", j.Alarm)
	case s.alarm != "" && j.Alarm == "":
		s.say("monitor", "clears the alarm")
	}
	s.alarm = j.Alarm
}

// tellSwitches reports the switches since the last look, up to the epoch last.
func (s *station) tellSwitches(ctx context.Context, last int64) error {
	switches, err := s.node.switches(ctx, s.active.Epoch, last)
	if err != nil {
		return err
	}
	for _, a := range switches {
		pinned, reason := "", ""
		if a.Pinned {
			pinned = " and pinned"
		}
		if a.Reason != "" {
			reason = ": " + a.Reason
		}
		s.say("switch", "source %d is active%s, by %s%s", a.Source, pinned, a.By, reason)
	}
	return nil
}
