package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// sight is what the monitor reports of the station.
type sight struct {
	Acting bool   `json:"acting"`
	Alarm  string `json:"alarm"`
	Active struct {
		Known  bool `json:"known"`
		Source int  `json:"source"`
		Pinned bool `json:"pinned"`
	} `json:"active"`
	Sources []seen `json:"sources"`
}

type seen struct {
	Number           int        `json:"number"`
	State            string     `json:"state"`
	Reason           string     `json:"reason"`
	Heard            *time.Time `json:"heard"`
	Lost             int        `json:"lost"`
	Signs            string     `json:"signs"`
	Promise          string     `json:"promise"`
	DownAfter        float64    `json:"down_after_seconds"`
	Heartbeats       int        `json:"heartbeats"`
	RecoveringSince  *time.Time `json:"recovering_since"`
	UpAt             *time.Time `json:"up_at"`
	Maintenance      bool       `json:"maintenance"`
	EngineAPIFailure *string    `json:"api_failure"`
}

func (s sight) source(number int) seen {
	for _, one := range s.Sources {
		if one.Number == number {
			return one
		}
	}
	return seen{}
}

// awaitSight returns when the monitor's report, fetched on its own host, and the
// exit code are as they should be.
func (d *deployment) awaitSight(t *testing.T, right func(s sight, code int) error) sight {
	t.Helper()
	var s sight
	eventually(t, func() error {
		s = sight{}
		out, err := d.sync.try(t.Context(), "status-monitor status --json")
		code := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code, err = exit.ExitCode(), nil
		}
		if err == nil && json.Unmarshal([]byte(out), &s) != nil {
			err = fmt.Errorf("status-monitor status: exit code %d: %s", code, out)
		}
		if err == nil {
			err = right(s, code)
		}
		return err
	})
	return s
}

// staysOnAir returns when the monitor acts and has nothing to complain about, with
// the given source on air. It fails the test if anything switches before that.
func (d *deployment) staysOnAir(t *testing.T, source int) {
	t.Helper()
	before := d.history(t)
	d.awaitSight(t, func(s sight, code int) error {
		if now := d.history(t); len(now) != len(before) {
			t.Fatalf("switched for no reason: %+v", now[0])
		}
		if code != 0 || !s.Acting || !s.Active.Known || s.Active.Source != source {
			return fmt.Errorf("all is not well with source %d: exit code %d, %+v", source, code, s)
		}
		return nil
	})
	d.awaitOnAir(t, source)
}

// history is the history of the active source, newest first.
func (d *deployment) history(t *testing.T) []activation {
	t.Helper()
	all, err := history(t.Context(), "http://"+d.sync.address+syncHost)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// awaitSwitch returns when the monitor has switched after since, because a source
// is down.
func (d *deployment) awaitSwitch(t *testing.T, since time.Time, from, to int) activation {
	t.Helper()
	var newest activation
	eventually(t, func() error {
		all := d.history(t)
		if len(all) == 0 || all[0].Source != to || all[0].From.Before(since) {
			return fmt.Errorf("nothing has switched to %d: %+v", to, all)
		}
		newest = all[0]
		return nil
	})
	if !strings.Contains(newest.Reason, fmt.Sprintf("source %d is down", from)) {
		t.Errorf("switched because of %q", newest.Reason)
	}
	return newest
}

// switchesInTime returns when the monitor has switched because a source failed,
// which must still be failing. It returns the time of the switch. It also checks
// that the switch came when the handbook promises: within five seconds of the last
// heartbeat, plus one second for each heartbeat that was lost before. The switch
// must not come before four heartbeats are missing. busy allows for a machine that
// has other work.
func (d *deployment) switchesInTime(t *testing.T, failed time.Time, from, to int) time.Time {
	t.Helper()
	at := d.awaitSwitch(t, failed, from, to).From
	var silent seen
	d.awaitSight(t, func(s sight, _ int) error {
		if silent = s.source(from); silent.Heard == nil {
			return fmt.Errorf("source %d was never heard: %+v", from, s)
		}
		return nil
	})
	silence := at.Sub(*silent.Heard).Seconds()
	if promised := 5 + float64(silent.Lost); silence > promised+busy().Seconds() || silence < 4 {
		t.Errorf("switched after %.2f s of silence: %+v", silence, silent)
	}
	t.Logf("switched %.2f s after the failure and %.2f s after the last heartbeat; lost before were %d",
		at.Sub(failed).Seconds(), silence, silent.Lost)
	return at
}
