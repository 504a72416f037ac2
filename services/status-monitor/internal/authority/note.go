package authority

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// noteName is the name of the note in the memory.
const noteName = "authority"

// note is what survives a restart.
type note struct {
	// ID is the random part of the holder's name.
	ID string `json:"id"`
	// Held: this monitor was the last holder, as far as it knows.
	Held bool `json:"held"`
	// Lease is the epoch of the lease when it was last granted to this monitor; 0
	// before that, and if the sync node knows no leases.
	Lease       int64   `json:"lease,omitempty"`
	Active      *answer `json:"active,omitempty"` // nil before the first answer
	Maintenance []int   `json:"maintenance,omitempty"`
}

// newID is a random part that no other monitor has.
func newID() string { return strings.ToLower(rand.Text()[:8]) }

// recall reads the note, if there is one.
func (f *Follower) recall(ctx context.Context) error {
	var kept model.Note
	err := f.call(ctx, func(ctx context.Context) (err error) {
		kept, err = f.memory.Note(ctx, noteName)
		return err
	})
	if errors.Is(err, model.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the stored state: %w", err)
	}
	f.written = kept.WrittenAt
	var n note
	if err := json.Unmarshal(kept.Body, &n); err != nil || n.ID == "" {
		f.log.Warn().Err(err).Msg("the state from before the restart can't be decoded; the monitor starts without it")
		return nil
	}
	f.note, f.stored = n, kept.Body
	return nil
}

// keep stores the note if it changed. In a round it tries once: a database that
// hangs must not hold up the lease.
func (f *Follower) keep(ctx context.Context) {
	body, err := json.Marshal(f.note)
	if bytes.Equal(body, f.stored) || f.forgets {
		return
	}
	if err == nil {
		// It is stored even if the round or the monitor is at its end.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.cfg.keep())
		defer cancel()
		err = f.call(ctx, func(ctx context.Context) error { return f.store(ctx, body) })
	}
	f.forgets = err != nil
	f.forgetful.Report(err)
}

// store gives the note a later time than the last one has, even if the clock was
// set back: of two notes the later one counts.
func (f *Follower) store(ctx context.Context, body []byte) error {
	at := time.Now()
	if earliest := f.written.Add(time.Microsecond); at.Before(earliest) {
		at = earliest
	}
	if err := f.memory.StoreNote(ctx, model.Note{Name: noteName, Body: body, WrittenAt: at}); err != nil {
		return err
	}
	f.stored, f.written = body, at
	return nil
}

// inMaintenance are the sources in maintenance, by number.
func inMaintenance(all []model.Maintenance) []int {
	var sources []int
	for _, m := range all {
		if m.On {
			sources = append(sources, m.Source)
		}
	}
	slices.Sort(sources)
	return slices.Compact(sources)
}

// maintenanceChanges are the maintenances that begin or end from one list to the
// other.
func maintenanceChanges(before, after []int) []decision.Maintenance {
	var changes []decision.Maintenance
	for _, source := range before {
		if !slices.Contains(after, source) {
			changes = append(changes, decision.Maintenance{Source: source})
		}
	}
	for _, source := range after {
		if !slices.Contains(before, source) {
			changes = append(changes, decision.Maintenance{Source: source, On: true})
		}
	}
	return changes
}
