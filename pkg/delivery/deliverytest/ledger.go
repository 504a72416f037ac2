// Package deliverytest has a ledger in memory for tests of what uses package
// delivery. It promises what *repo.Node promises, and fails when it is told to.
package deliverytest

import (
	"context"
	"slices"
	"sync"
	"time"

	"aura.radio/engine/pkg/model"
)

// Fault is asked around an operation, "store", "read", "fail" or "end", whether it
// fails.
type Fault func(ctx context.Context, operation string) error

// Ledger is a delivery.Ledger. The zero one is empty and works.
type Ledger struct {
	mu            sync.Mutex
	rows          []model.Delivery
	before, after Fault
}

// Break has each operation fail as fault says, without effect; nil: none fails.
func (l *Ledger) Break(fault Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before = fault
}

// Lose has each operation fail as fault says after it took effect; nil: none
// fails.
func (l *Ledger) Lose(fault Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after = fault
}

// Do runs an operation of a caller's own as those of the ledger.
func (l *Ledger) Do(ctx context.Context, operation string, change func()) error {
	l.mu.Lock()
	before, after := l.before, l.after
	l.mu.Unlock()
	if before != nil {
		if err := before(ctx, operation); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	change()
	l.mu.Unlock()
	if after != nil {
		return after(ctx, operation)
	}
	return nil
}

// StoreDeliveries implements delivery.Ledger.
func (l *Ledger) StoreDeliveries(ctx context.Context, ds []model.Delivery) ([]model.Delivery, error) {
	for i := range ds {
		if err := ds[i].Validate(); err != nil {
			return nil, err
		}
	}
	var stored []model.Delivery
	err := l.Do(ctx, "store", func() {
		for _, d := range ds {
			d.Normalize()
			d.ID = int64(len(l.rows) + 1)
			l.rows = append(l.rows, d)
			stored = append(stored, d)
		}
	})
	return stored, err
}

// WaitingDeliveries implements delivery.Ledger.
func (l *Ledger) WaitingDeliveries(ctx context.Context, channel string, limit int) (found []model.Delivery, err error) {
	err = l.Do(ctx, "read", func() {
		for _, d := range l.rows {
			if d.Channel == channel && d.EndedAt.IsZero() && len(found) < limit {
				found = append(found, d)
			}
		}
	})
	return found, err
}

// LatestDelivery implements delivery.Ledger.
func (l *Ledger) LatestDelivery(ctx context.Context, channel string) (latest model.Delivery, err error) {
	if err := l.Do(ctx, "read", func() {
		for _, d := range l.rows {
			if d.Channel == channel {
				latest = d
			}
		}
	}); err != nil {
		return latest, err
	}
	if latest.ID == 0 {
		return latest, model.ErrNotFound
	}
	return latest, nil
}

// FailDelivery implements delivery.Ledger.
func (l *Ledger) FailDelivery(ctx context.Context, id int64, tries int, reason string) error {
	return l.change(ctx, "fail", id, func(d *model.Delivery) { d.Tries, d.Error = tries, reason })
}

// EndDelivery implements delivery.Ledger.
func (l *Ledger) EndDelivery(ctx context.Context, id int64, at time.Time, outcome string) error {
	return l.change(ctx, "end", id, func(d *model.Delivery) { d.EndedAt, d.Outcome = at, outcome })
}

func (l *Ledger) change(ctx context.Context, operation string, id int64, to func(d *model.Delivery)) error {
	return l.Do(ctx, operation, func() {
		if d := &l.rows[id-1]; d.EndedAt.IsZero() {
			to(d)
		}
	})
}

// Edit changes the rows past all rules. The ids must be those of the places, from
// 1.
func (l *Ledger) Edit(edit func(rows []model.Delivery) []model.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = edit(l.rows)
}

// Of are the rows of a channel, in order.
func (l *Ledger) Of(channel string) []model.Delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.rows), func(d model.Delivery) bool { return d.Channel != channel })
}

// Outcomes are what became of the rows of a channel: "waits", "done", or why it
// was given up.
func (l *Ledger) Outcomes(channel string) []string {
	var all []string
	for _, d := range l.Of(channel) {
		switch {
		case d.EndedAt.IsZero():
			all = append(all, "waits")
		case d.Outcome == "":
			all = append(all, "done")
		default:
			all = append(all, d.Outcome)
		}
	}
	return all
}
