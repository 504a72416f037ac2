package authority

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// newest is how many activations of the history are asked for. It is sorted by when
// a switch happened, so an activation that was delivered late need not be the
// first.
const newest = 100

// A history is new if at least so many answers in a row, over at least so long,
// have lower epochs than before. A few may be old answers, which were on their
// way or come from a database that lags behind.
const (
	resetAnswers = 3
	resetAfter   = 10 * time.Second
)

// lower counts answers in a row whose epoch is lower than the last known one.
type lower struct {
	count int
	since time.Time
}

// isNewHistory counts another such answer.
func (l *lower) isNewHistory(now time.Time) bool {
	if l.count == 0 {
		l.since = now
	}
	l.count++
	return l.count >= resetAnswers && now.Sub(l.since) >= resetAfter
}

// answer is what the sync node last said about the active source, and about who
// made it active.
type answer struct {
	Source int        `json:"source"`
	Since  *time.Time `json:"since,omitempty"`
	Epoch  int64      `json:"epoch"`
	Pinned bool       `json:"pinned,omitempty"`
	By     string     `json:"by,omitempty"` // "": not known
	Reason string     `json:"reason,omitempty"`
	// Unknown: no setting, name or record of the sync node knows the source.
	Unknown bool `json:"unknown,omitempty"`
}

// says reports whether the sync node said the same again.
func (a *answer) says(active model.ActiveSource) bool {
	sameSince := a.Since == active.Since || a.Since != nil && active.Since != nil && a.Since.Equal(*active.Since)
	return sameSince && a.Source == active.Source && a.Epoch == active.Epoch && a.Pinned == active.Pinned
}

// fault is why nobody may be on air by that answer; nil if all is well.
func (a *answer) fault() error {
	if !a.Unknown {
		return nil
	}
	return fmt.Errorf("no setting, name or record of the sync node knows source %d", a.Source)
}

// manual reports whether a person chose the source, or may have: if it is not
// known who did, the choice is better not undone. Nobody chose a default source
// that was never switched.
func (a *answer) manual() bool { return a.Epoch > 0 && !strings.HasPrefix(a.By, By) }

func (a *answer) event(reset bool) decision.Authority {
	return decision.Authority{Active: a.Source, Epoch: a.Epoch, Pinned: a.Pinned, Manual: a.manual(), Reset: reset}
}

// askActive asks which source is active, and tells the loop.
func (f *Follower) askActive(ctx context.Context) error {
	var active model.ActiveSource
	err := f.call(ctx, func(ctx context.Context) (err error) {
		active, err = f.node.ActiveSource(ctx)
		return err
	})
	if err == nil && active.Stale {
		err = errors.New("the node does not decide itself and knows only the last state; check AURA_SYNC_HOST")
	}
	if err != nil {
		return fmt.Errorf("ask for the active source: %w", err)
	}
	f.seen = time.Now()
	last, reset := f.note.Active, false
	if last != nil && active.Epoch < last.Epoch {
		if !f.lower.isNewHistory(f.seen) {
			return nil
		}
		reset = true
		f.log.Warn().Int64("epoch", active.Epoch).Int64("last", last.Epoch).Msg("the sync node began a new history of the active source")
	}
	f.lower = lower{}
	next := answer{Source: active.Source, Since: active.Since, Epoch: active.Epoch, Pinned: active.Pinned, Unknown: active.Unknown}
	if last != nil && last.says(active) {
		next.By, next.Reason = last.By, last.Reason
	}
	if next.Epoch > 0 && (next.By == "" || next.Epoch != f.historyOf) {
		// If the name stays unknown, the switch counts as a person's until the next
		// round.
		err = f.askHistory(ctx, &next)
	}
	f.note.Active = &next
	f.unknown.Report(next.fault())
	f.publish()
	f.learn(next.event(reset))
	f.keep(ctx) // last: nobody waits for the database
	return err
}

// askHistory asks for the newest activations, and so who made the source active.
func (f *Follower) askHistory(ctx context.Context, a *answer) error {
	var list []model.Activation
	err := f.call(ctx, func(ctx context.Context) (err error) {
		list, err = f.node.Activations(ctx, 0, newest)
		return err
	})
	if err != nil {
		return fmt.Errorf("ask who switched: %w", err)
	}
	f.history, f.historyOf = list, a.Epoch
	for _, activation := range list {
		if activation.Epoch == a.Epoch {
			a.By, a.Reason = activation.By, activation.Reason
		}
	}
	return nil
}
