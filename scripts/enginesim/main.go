// Command enginesim plays a programme and tells an engine-api about it, as real
// playout engines do. With -wire 2020 it sends POST /playlog/store and /clock at
// every title, POST /source/health when its health changes, and UDP heartbeats
// while it is well. With -wire 2025 it speaks camelCase over one connection: POST
// /playlog at every title, POST /source/health every ten seconds, no clock. Such
// an engine sends no heartbeats either, unless -heartbeat says where.
//
// It begins some hours back, plays those hours quickly, and then continues in real
// time. So there is a history at once, and the current track is the one that would
// be on air now. The programme is a function of the time. So a second run repeats
// the same titles, and the API stores none of them twice.
//
// With -station it is the two engines of a redundant deployment. One of them fails
// and comes back. The command tells how the status monitor and the sync node
// react, and takes orders at -control: "enginesim -control SOCKET stop 1" makes
// engine 1 of the running command crash, and "start 1" brings it back.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	_ "time/tzdata" // the host may have no zones
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "enginesim:", err)
		}
		stop()
		os.Exit(1)
	}
}

// options is what the command line says.
type options struct {
	api, station, monitor, logs string
	control                     string
	order                       []string // for the process that listens at control
	source                      int
	zone                        *time.Location
	now, start                  time.Time
	speed                       float64
	longest                     time.Duration
	speaks                      []func(zone *time.Location, source int) wire // by engine
	beats                       []heartbeats                                 // one for each engine
	titles                      int
	seed                        uint64
}

func parse(args []string, now time.Time) (options, error) {
	o := options{now: now}
	flags := flag.NewFlagSet("enginesim", flag.ContinueOnError)
	flags.StringVar(&o.api, "api", "http://127.0.0.1:8008", "where the engine-api listens; with -station those of both engines, separated by a comma")
	flags.StringVar(&o.station, "station", "", "where the sync node listens: be both engines of its station, of which one fails after a while")
	flags.StringVar(&o.monitor, "monitor", "http://127.0.0.1:8011", "with -station, where the status monitor listens")
	flags.StringVar(&o.logs, "logs", ".", "with -station, the folder for what each engine says")
	flags.StringVar(&o.control, "control", "", "with -station, a Unix socket at which to take orders; without, the socket to which to send one: stop or start, and the engine's number")
	flags.IntVar(&o.source, "source", 1, "number of this engine")
	zone := flags.String("zone", "Local", "the station's time zone, as the engine-api has it")
	flags.Float64Var(&o.speed, "speed", 60, "how much faster than real time the past is played; 1 is real time throughout")
	start := flags.String("start", "-6h", "where the programme begins: a time (RFC 3339) or how long ago")
	flags.DurationVar(&o.longest, "longest", 0, "how long a title lasts at most (with -station, from now on); 0 plays all of it")
	years := flags.String("wire", "2020", "generation of the engine, 2020 or 2025; with -station those of both engines, separated by a comma, or one for both")
	to := flags.String("heartbeat", "", "where UDP heartbeats go; 0 for none; empty: 127.0.0.1:43334 for engines of 2020, none for those of 2025")
	from := flags.String("heartbeat-from", "", "address:port from which they go; with -station those of both engines, separated by a comma; empty: any")
	every := flags.Duration("heartbeat-interval", time.Second, "how often they go")
	flags.IntVar(&o.titles, "once", 0, "stop after so many titles, with -station that went on air; 0 plays on")
	flags.Uint64Var(&o.seed, "seed", 1, "another number makes another programme")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.zone, err = time.LoadLocation(*zone); err != nil {
		return o, fmt.Errorf("-zone: %w", err)
	}
	if o.start, err = beginning(*start, now); err != nil {
		return o, fmt.Errorf("-start: %w", err)
	}
	switch {
	case o.speed < 1:
		return o, fmt.Errorf("-speed %g: must be 1 or more", o.speed)
	case o.source < 1:
		return o, fmt.Errorf("-source %d: must be 1 or more", o.source)
	case o.longest != 0 && o.longest < shortestExcerpt:
		return o, fmt.Errorf("-longest %s: must be %s or more, or 0", o.longest, shortestExcerpt)
	case o.station != "" && strings.Count(o.api, ",") != 1:
		return o, fmt.Errorf("-api %s: with -station, must name two engine-apis, separated by a comma", o.api)
	case *every <= 0:
		return o, fmt.Errorf("-heartbeat-interval %s: must be more than 0", *every)
	}
	engines := 1
	if o.station != "" {
		engines = 2
	}
	senders := make([]string, engines)
	if *from != "" {
		senders = strings.Split(*from, ",")
	}
	if len(senders) != engines {
		return o, fmt.Errorf("-heartbeat-from %s: must be as many addresses as there are engines, %d", *from, engines)
	}
	wires := strings.Split(*years, ",")
	if len(wires) == 1 {
		wires = slices.Repeat(wires, engines)
	}
	if len(wires) != engines {
		return o, fmt.Errorf("-wire %s: must be one generation, or as many as there are engines, %d", *years, engines)
	}
	for i, sender := range senders {
		speaks, err := generation(wires[i])
		if err != nil {
			return o, err
		}
		o.speaks = append(o.speaks, speaks)
		o.beats = append(o.beats, heartbeats{to: destination(*to, wires[i]), from: sender, every: *every})
	}
	if o.order = flags.Args(); len(o.order) > 0 && (o.station != "" || o.control == "") {
		return o, fmt.Errorf("%s: only an order for -control, without -station, goes without a dash", strings.Join(o.order, " "))
	}
	return o, nil
}

// destination is where an engine sends heartbeats to.
func destination(to, year string) string {
	switch {
	case to == "0", to == "" && year == "2025":
		return ""
	case to == "":
		return "127.0.0.1:43334"
	}
	return to
}

// shortestExcerpt keeps the engines' titles in order, because the engines start
// them at slightly different times.
const shortestExcerpt = 200 * time.Millisecond

func run(ctx context.Context, args []string) error {
	o, err := parse(args, time.Now())
	if err != nil {
		return err
	}
	if o.control != "" && o.station == "" {
		answer, err := sendOrder(ctx, o.control, strings.Join(o.order, " "))
		if err == nil {
			fmt.Println(answer)
		}
		return err
	}
	programme, err := newProgramme(o.zone, o.seed)
	if err != nil {
		return err
	}
	programme.longest = o.longest
	if o.station != "" {
		programme.hurry = o.now
		return runStation(ctx, o, programme)
	}
	e := o.engine(programme, o.source, o.api, 0)
	e.titles = o.titles
	e.caughtUp = e.whereToLook
	fmt.Printf("engine %d plays to %s from %s at speed %g until it is %s, then in real time\n",
		o.source, e.line.api, o.start.In(o.zone).Format(time.DateTime), o.speed, o.now.In(o.zone).Format("15:04"))
	return e.runAll(ctx)
}

// engine returns the engine with the number source, which reports to the
// engine-api at api. It is the nth of the command line, from 0.
func (o *options) engine(programme *programme, source int, api string, nth int) *engine {
	speech := o.speaks[nth](o.zone, source)
	return &engine{
		source: source, zone: o.zone, wire: speech, line: newLine(api, speech.habits()),
		programme: programme, time: timeline{start: o.start, began: o.now, speed: o.speed}, beats: o.beats[nth], out: os.Stdout,
	}
}

// runAll plays, reports health and sends heartbeats, and ends all together.
func (e *engine) runAll(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside sync.WaitGroup
	failed := make([]error, 2)
	regularly := func(n int, every time.Duration, do func(context.Context, <-chan time.Time) error) {
		ticker := time.NewTicker(every)
		beside.Go(func() {
			defer ticker.Stop()
			if failed[n] = do(ctx, ticker.C); failed[n] != nil {
				cancel()
			}
		})
	}
	if e.beats.to != "" {
		regularly(0, e.beats.every, e.beat)
	}
	if every := e.wire.habits().healthEvery; every > 0 {
		regularly(1, every, e.report)
	}
	err := e.run(ctx)
	cancel()
	beside.Wait()
	fmt.Fprintf(e.out, "engine %d stopped; titles that could not be logged: %d\n", e.source, e.lost)
	return errors.Join(err, failed[0], failed[1])
}

// beginning parses a time, or a duration before now.
func beginning(s string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(s); err == nil {
		if ago > 0 {
			return time.Time{}, fmt.Errorf("%s lies in the future; write -%s", s, s)
		}
		return now.Add(ago), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err == nil && t.After(now) {
		err = fmt.Errorf("%s lies in the future", s)
	}
	return t, err
}
