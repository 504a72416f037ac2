// Command enginesim plays a programme and tells an engine-api about it, as the
// real playout engine does: POST /playlog/store and /clock at every title,
// POST /source/health when its health changes, UDP heartbeats while it is well.
//
// It begins some hours back and plays them quickly, then goes on in real time,
// so that there is a history at once and the current track is the one that
// would be on air now. The programme is a function of the time, so a second run
// repeats the same titles and the API stores none of them twice.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
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

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("enginesim", flag.ContinueOnError)
	api := flags.String("api", "http://127.0.0.1:8008", "where the engine-api listens")
	source := flags.Int("source", 1, "number of this engine")
	zoneName := flags.String("zone", "Local", "the station's time zone, as the engine-api has it")
	speed := flags.Float64("speed", 60, "how much faster than real time the past is played; 1 is real time throughout")
	start := flags.String("start", "-6h", "where the programme begins: a time (RFC 3339) or how long ago")
	monitor := flags.String("heartbeat", "127.0.0.1:43334", "where UDP heartbeats go; 0 for none")
	titles := flags.Int("once", 0, "stop after so many titles; 0 plays on")
	seed := flags.Uint64("seed", 1, "another number makes another programme")
	if err := flags.Parse(args); err != nil {
		return err
	}
	zone, err := time.LoadLocation(*zoneName)
	if err != nil {
		return fmt.Errorf("-zone: %w", err)
	}
	now := time.Now()
	begin, err := beginning(*start, now)
	if err != nil {
		return fmt.Errorf("-start: %w", err)
	}
	if *speed < 1 {
		return fmt.Errorf("-speed %g: must be 1 or more", *speed)
	}
	if *source < 1 {
		return fmt.Errorf("-source %d: must be 1 or more", *source)
	}
	programme, err := newProgramme(zone, *seed)
	if err != nil {
		return err
	}
	e := &engine{
		api: strings.TrimSuffix(*api, "/"), client: &http.Client{}, wire: wire{zone: zone, source: *source},
		programme: programme, time: timeline{start: begin, began: now, speed: *speed}, titles: *titles, out: os.Stdout,
	}
	fmt.Printf("engine %d plays to %s from %s at speed %g until it is %s, then in real time\n",
		*source, e.api, begin.In(zone).Format(time.DateTime), *speed, now.In(zone).Format("15:04"))
	return e.runAll(ctx, *monitor)
}

// runAll plays, with heartbeats beside, and ends both together.
func (e *engine) runAll(ctx context.Context, monitor string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beating sync.WaitGroup
	var beatErr error
	if monitor != "" && monitor != "0" {
		ticker := time.NewTicker(heartbeat)
		defer ticker.Stop()
		beating.Go(func() {
			if beatErr = e.beat(ctx, monitor, ticker.C); beatErr != nil {
				cancel()
			}
		})
	}
	err := e.run(ctx)
	cancel()
	beating.Wait()
	fmt.Fprintf(e.out, "engine %d stopped; titles that could not be logged: %d\n", e.wire.source, e.lost)
	return errors.Join(err, beatErr)
}

// beginning reads a time, or how long before now.
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
