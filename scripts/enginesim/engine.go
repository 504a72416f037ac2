package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Manners of the real engine.
const (
	// patience is how long it waits for an answer before it goes on.
	patience = 3 * time.Second
	// heartbeat is how often it says that it is well.
	heartbeat = time.Second
)

// engine behaves on the wire as a playout engine does: a playlog and the clock
// at every title, its health when that changes, heartbeats while it is well. It
// tries nothing twice.
type engine struct {
	api       string // the base URL, without /api/v1
	client    *http.Client
	wire      wire
	programme *programme
	time      timeline
	titles    int // stop after so many; 0 plays on
	out       io.Writer

	healthy atomic.Bool
	lost    int
}

// run plays until ctx ends or all titles are played.
func (e *engine) run(ctx context.Context) error {
	next, stop := iter.Pull(e.programme.plays(e.time.start))
	defer stop()
	if err := e.tellHealth(ctx, e.time.start, true); err != nil {
		return err
	}
	caughtUp := false
	for played := 0; e.titles == 0 || played < e.titles; played++ {
		p, _ := next()
		if !caughtUp && p.Start.After(time.Now()) {
			caughtUp = true
			fmt.Fprintln(e.out, "\nThe past is played; from here on in real time. What is on air now, and what was:")
			e.whereToLook()
		}
		if !e.time.wait(ctx, p.Start) {
			return nil
		}
		if p.Fallback == e.healthy.Load() { // fell silent, or is back
			if err := e.tellHealth(ctx, p.Start, !p.Fallback); err != nil {
				return err
			}
		}
		e.play(ctx, p)
	}
	return nil
}

func (e *engine) whereToLook() {
	for _, path := range []string{"trackservice/current", "trackservice?page=0&limit=3", "trackservice/stream",
		"clock", "playlog", "source/health/" + strconv.Itoa(e.wire.source), "ui/"} {
		fmt.Fprintf(e.out, "  %s/api/v1/%s\n", e.api, path)
	}
	fmt.Fprintln(e.out)
}

func (e *engine) play(ctx context.Context, p play) {
	note := ""
	if err := e.post(ctx, "/api/v1/playlog/store", e.wire.playlog(p)); err != nil {
		e.lost++
		note = fmt.Sprintf("  NOT LOGGED: %v", err)
	}
	if err := e.post(ctx, "/api/v1/clock", e.wire.clock(p, e.programme.rest(p), e.programme.after(p.Slot))); err != nil {
		note += fmt.Sprintf("  clock not told: %v", err)
	}
	if p.Fallback {
		note = "  (fallback: the studio is silent)" + note
	}
	fmt.Fprintf(e.out, "%s  %s – %s  [%s, %s]%s\n",
		p.Start.In(e.wire.zone).Format("Mon 15:04:05"), p.Artist, p.Title, length(p), p.Slot.Show.Name, note)
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

// tellHealth reports a change of health; heartbeats stop and start with it.
func (e *engine) tellHealth(ctx context.Context, at time.Time, healthy bool) error {
	e.healthy.Store(healthy)
	status, err := e.wire.health(at, healthy)
	if err != nil {
		return err
	}
	said := "well"
	if !healthy {
		said = "sick"
	}
	if err := e.post(ctx, fmt.Sprintf("/api/v1/source/health/%d", e.wire.source), status); err != nil {
		said += fmt.Sprintf("  NOT LOGGED: %v", err)
	}
	fmt.Fprintf(e.out, "%s  health: %s\n", at.In(e.wire.zone).Format("Mon 15:04:05"), said)
	return nil
}

// post sends once and waits no longer than patience. A post under way is
// finished when ctx ends, so that a stop cuts nothing in half.
func (e *engine) post(ctx context.Context, path string, body object) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.api+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := e.client.Do(req)
	if urlErr := new(url.Error); errors.As(err, &urlErr) {
		return urlErr.Err // without the address, which was printed at the start
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s", resp.Status, strings.TrimSpace(string(answer)))
	}
	return err
}

// beat sends two bytes to a UDP address at each tick until ctx ends, but only
// while the vital checks pass.
func (e *engine) beat(ctx context.Context, address string, ticks <-chan time.Time) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", address)
	if err != nil {
		return fmt.Errorf("heartbeats: %w", err)
	}
	defer conn.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
			if e.healthy.Load() {
				// Nobody may be listening; a heartbeat is not worth an error.
				_, _ = conn.Write([]byte("OK"))
			}
		}
	}
}
