package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// patience is how long the real engine waits for an answer before it continues.
const patience = 3 * time.Second

// heartbeats say that an engine is well.
type heartbeats struct {
	to    string // a UDP address; "" for none
	from  string // address:port to send from; "" for any
	every time.Duration
}

// engine behaves on the wire as a playout engine does. It sends a playlog and the
// clock at every title, its health when that changes, and heartbeats while it is
// well. It retries nothing.
type engine struct {
	api       string // the base URL, without /api/v1
	client    *http.Client
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

	healthy atomic.Bool
	// away: the engine has crashed. The time goes on without it.
	away atomic.Bool
	lost int
}

// run plays until ctx ends or all titles are played.
func (e *engine) run(ctx context.Context) error {
	next, stop := iter.Pull(e.programme.plays(e.time.start))
	defer stop()
	if err := e.tellHealth(ctx, e.time.start, true); err != nil {
		return err
	}
	past, crashed := true, false
	for played := 0; e.titles == 0 || played < e.titles; {
		p, _ := next()
		p.Start = p.Start.Add(drift(e.wire.source, p.Start))
		if !p.Start.After(e.since) {
			continue
		}
		if past && p.Start.After(time.Now()) {
			past = false
			e.caughtUp()
		}
		if !e.time.wait(ctx, p.Start) {
			return nil
		}
		played++
		if e.away.Load() {
			crashed = true
			fmt.Fprintf(e.out, "%s  (crashed)\n", p.Start.In(e.wire.zone).Format("Mon 15:04:05"))
			continue
		}
		if crashed || p.Fallback == e.healthy.Load() { // started again, fell silent, or is back
			crashed = false
			if err := e.tellHealth(ctx, p.Start, !p.Fallback); err != nil {
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

// tellHealth reports a change of health. Heartbeats stop and start with it.
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

// post sends once and waits no longer than patience. If ctx ends meanwhile, post
// still finishes, so that a stop does not cut a request short.
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
	resp, err := succeeded(e.client.Do(req))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body) // so that the connection can be used again
	return err
}

// latest is the start of the latest title that its engine-api has, or zero if it
// has none.
func (e *engine) latest(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.api+"/api/v1/trackservice?limit=1", nil)
	if err != nil {
		return time.Time{}, err
	}
	resp, err := succeeded(e.client.Do(req))
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

// succeeded turns any answer other than a success into an error.
func succeeded(resp *http.Response, err error) (*http.Response, error) {
	if urlErr := new(url.Error); errors.As(err, &urlErr) {
		return nil, urlErr.Err // without the address, which was printed at the start
	}
	if err != nil || resp.StatusCode < 300 {
		return resp, err
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // as much of the reason as can be read
	return nil, fmt.Errorf("%s %s", resp.Status, strings.TrimSpace(string(answer)))
}

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
			if e.healthy.Load() && !e.away.Load() {
				// Nobody may be listening; a heartbeat is not worth an error.
				_, _ = conn.Write([]byte("OK"))
			}
		}
	}
}
