package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// heartbeats say that an engine is well.
type heartbeats struct {
	to    string // a UDP address; "" for none
	from  string // address:port to send from; "" for any
	every time.Duration
}

// engine behaves as a playout engine does. It tells its engine-api of every title
// and of its health, in the way of its generation, and sends heartbeats while it
// is well.
type engine struct {
	source    int
	zone      *time.Location
	line      *line
	wire      wire
	programme *programme
	time      timeline
	titles    int // stop after so many; 0 plays on
	beats     heartbeats
	out       io.Writer
	// since is the time up to which the engine-api already has what this engine
	// played.
	since time.Time
	// caughtUp is called when the past is played.
	caughtUp func()

	// fallback: the studio is silent, and the engine plays music in its place.
	fallback atomic.Bool
	// away: the engine has crashed. The time goes on without it.
	away atomic.Bool
	lost int
}

// run plays until ctx ends or all titles are played.
func (e *engine) run(ctx context.Context) error {
	next, stop := iter.Pull(e.programme.plays(e.time.start))
	defer stop()
	past, crashed, changes := true, false, e.wire.habits().healthEvery == 0
	if changes {
		if err := e.tellHealth(ctx, e.time.start); err != nil {
			return err
		}
	}
	for played := 0; e.titles == 0 || played < e.titles; {
		p, _ := next()
		p.Start = p.Start.Add(drift(e.source, p.Start))
		if !p.Start.After(e.since) {
			continue
		}
		if past && p.Start.After(time.Now()) {
			past = false
			e.caughtUp()
		}
		if past && p.Fallback && e.wire.habits().undated {
			continue // it would be taken for one of now
		}
		if !e.time.wait(ctx, p.Start) {
			return nil
		}
		played++
		if e.away.Load() {
			crashed = true
			fmt.Fprintf(e.out, "%s  (crashed)\n", p.Start.In(e.zone).Format("Mon 15:04:05"))
			continue
		}
		// It started again, fell silent, or is back.
		changed := e.fallback.Swap(p.Fallback) != p.Fallback || crashed
		crashed = false
		if changes && changed {
			if err := e.tellHealth(ctx, p.Start); err != nil {
				return err
			}
		}
		e.play(ctx, p)
	}
	return nil
}

// drift is how much later than planned a source starts a title. Two engines
// that play the same programme do not start a title at the same instant.
func drift(source int, planned time.Time) time.Duration {
	const most = 150 * time.Millisecond
	if source == 1 {
		return 0
	}
	random := rand.New(rand.NewPCG(uint64(source), uint64(planned.UnixNano())))
	return time.Duration(random.Int64N(int64(most))).Truncate(time.Microsecond)
}

func (e *engine) whereToLook() {
	fmt.Fprintln(e.out, "\nThe past is played; from here on in real time. What is on air now, and what was:")
	for _, path := range []string{"trackservice/current", "trackservice?page=0&limit=3", "trackservice/stream",
		"clock", "playlog", "source/health/" + strconv.Itoa(e.source), "ui/"} {
		fmt.Fprintf(e.out, "  %s/api/v1/%s\n", e.line.api, path)
	}
	fmt.Fprintln(e.out)
}

func (e *engine) play(ctx context.Context, p play) {
	note := ""
	for i, m := range e.wire.titled(p, e.programme.rest(p), e.programme.after(p.Slot)) {
		err := e.line.post(ctx, m)
		switch {
		case err == nil:
		case i == 0:
			e.lost++
			note = fmt.Sprintf("  NOT LOGGED: %v", err)
		default:
			note += fmt.Sprintf("  clock not told: %v", err)
		}
	}
	if p.Fallback {
		note = "  (fallback: the studio is silent)" + note
	}
	fmt.Fprintf(e.out, "%s  %s – %s  [%s, %s]%s\n",
		p.Start.In(e.zone).Format("Mon 15:04:05"), p.Artist, p.Title, length(p), p.Slot.Show.Name, note)
}

func length(p play) string {
	switch {
	case p.Seconds > 0:
		return p.duration().Round(time.Second).String()
	case p.Type == typeStream:
		return "stream"
	default:
		return "live"
	}
}

// tellHealth reports the engine's health.
func (e *engine) tellHealth(ctx context.Context, at time.Time) error {
	fallback := e.fallback.Load()
	status, err := e.wire.health(at, fallback)
	if err != nil {
		return err
	}
	said := "well"
	if fallback {
		said = "the studio is silent"
	}
	if err := e.line.post(ctx, status); err != nil {
		said += fmt.Sprintf("  NOT LOGGED: %v", err)
	}
	fmt.Fprintf(e.out, "%s  health: %s\n", at.In(e.zone).Format("Mon 15:04:05"), said)
	return nil
}

// report tells the health now and at each tick until ctx ends.
func (e *engine) report(ctx context.Context, ticks <-chan time.Time) error {
	for {
		if !e.away.Load() {
			if err := e.tellHealth(ctx, time.Now()); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		}
	}
}

// latest is the start of the latest title that its engine-api has, or zero if it
// has none.
func (e *engine) latest(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.line.api+"/api/v1/trackservice?limit=1", nil)
	if err != nil {
		return time.Time{}, err
	}
	resp, err := succeeded(http.DefaultClient.Do(req)) // an engine does not read
	if err != nil {
		return time.Time{}, err
	}
	defer resp.Body.Close()
	var tracks []struct {
		Start time.Time `json:"track_start"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&tracks); err != nil || len(tracks) == 0 {
		return time.Time{}, err
	}
	return tracks[0].Start, nil
}

// isWell reports whether the engine's vital checks pass.
func (e *engine) isWell() bool { return !e.fallback.Load() || e.wire.habits().healthEvery > 0 }

// beat sends two bytes to a UDP address at each tick until ctx ends, but only
// while the vital checks pass.
func (e *engine) beat(ctx context.Context, ticks <-chan time.Time) error {
	var dialer net.Dialer
	if e.beats.from != "" {
		from, err := net.ResolveUDPAddr("udp", e.beats.from)
		if err != nil {
			return fmt.Errorf("heartbeats: %w", err)
		}
		dialer.LocalAddr = from
	}
	conn, err := dialer.DialContext(ctx, "udp", e.beats.to)
	if err != nil {
		return fmt.Errorf("heartbeats: %w", err)
	}
	defer conn.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
			if e.isWell() && !e.away.Load() {
				// Nobody may be listening; a heartbeat is not worth an error.
				_, _ = conn.Write([]byte("OK"))
			}
		}
	}
}
