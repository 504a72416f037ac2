package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

// activationRow is a switch of the active source as table activation keeps it.
type activationRow struct {
	Epoch      int64 `gorm:"primaryKey;autoIncrement:false"`
	Source     int
	ActiveFrom dbTime
	RecordedAt dbTime
	MadeBy     string
	Reason     string
	Pinned     bool
}

// TableName implements gorm's schema.Tabler.
func (activationRow) TableName() string { return "activation" }

func newActivationRow(a model.Activation) activationRow {
	return activationRow{
		Epoch:      a.Epoch,
		Source:     a.Source,
		ActiveFrom: dbTime{a.From},
		RecordedAt: dbTime{a.RecordedAt},
		MadeBy:     a.By,
		Reason:     a.Reason,
		Pinned:     a.Pinned,
	}
}

func (r *activationRow) activation() model.Activation {
	return model.Activation{
		Epoch:      r.Epoch,
		Source:     r.Source,
		From:       r.ActiveFrom.Time,
		RecordedAt: r.RecordedAt.Time,
		By:         r.MadeBy,
		Reason:     r.Reason,
		Pinned:     r.Pinned,
	}
}

const (
	lastAccepted = "epoch DESC"
	lastActive   = "active_from DESC, epoch DESC"
)

// maxContenders bounds how often Activate begins again because somebody else
// was faster.
const maxContenders = 32

// Activate stores a switch of the active source under the next epoch and
// returns it with that. One that is delivered once more is stored already, and
// is returned as it is. Of any other admit is asked first, with the last
// activation accepted so far (zero when there is none); its error, such as
// model.ErrStaleEpoch or model.ErrPinned, is returned and nothing is stored.
// admit is asked again when somebody else took the epoch meanwhile, so it must
// have no effects. Error: model.ErrUnavailable.
func (db *DB) Activate(ctx context.Context, a model.Activation, admit func(last model.Activation) error) (model.Activation, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	write := db.write.WithContext(ctx)
	for range maxContenders {
		var last activationRow // stays zero where there is none
		if err := write.Order(lastAccepted).Limit(1).Find(&last).Error; err != nil {
			return model.Activation{}, db.fail(ctx, "activate source", err)
		}
		// Looked for behind the last epoch: what comes later takes the next one.
		if known, found, err := delivered(write, a); found || err != nil {
			return known, db.fail(ctx, "activate source", err)
		}
		if err := admit(last.activation()); err != nil {
			return model.Activation{}, fmt.Errorf("activate source: %w", err)
		}
		next := a
		if err := putLast(write, &next); err != nil {
			return model.Activation{}, db.fail(ctx, "activate source", err)
		}
		next.Epoch = max(last.Epoch, 0) + 1
		row := newActivationRow(next)
		// The epoch is the primary key: this is the compare-and-set.
		err := db.autocommit(ctx, func(write *gorm.DB) error { return write.Create(&row).Error })
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, gorm.ErrDuplicatedKey) {
			return model.Activation{}, db.fail(ctx, "activate source", err)
		}
	}
	return model.Activation{}, fmt.Errorf("activate source: %w: too many activations at once", model.ErrUnavailable)
}

// delivered finds the activation where its delivery is repeated; a monitor's has
// the epoch after the one that it knew. What differs in case only is the same to
// some databases: so it is compared here.
func delivered(g *gorm.DB, a model.Activation) (known model.Activation, found bool, _ error) {
	if !a.IsDelivered() {
		return known, false, nil
	}
	var rows []activationRow
	same := g.Where("active_from = ?", dbTime{a.From})
	if a.Mandate != nil {
		same = same.Where("epoch = ?", a.Mandate.Upon+1)
	}
	if err := same.Order("epoch").Find(&rows).Error; err != nil {
		return known, false, err
	}
	for i := range rows {
		if known = rows[i].activation(); known.Repeats(&a) {
			return known, true, nil
		}
	}
	return model.Activation{}, false, nil
}

// inOrder gives what a monitor decided no earlier time than all that it knew have:
// it would never be active otherwise, as the monitor's clock is behind. When it is
// delivered again it gets the same time, for what has an epoch stays as it is.
func inOrder(g *gorm.DB, a model.Activation) (model.Activation, error) {
	if a.Mandate == nil || !a.IsDelivered() {
		return a, nil
	}
	var latest activationRow // stays zero where there is none
	err := g.Where("epoch <= ?", a.Mandate.Upon).Order(lastActive).Limit(1).Find(&latest).Error
	if err == nil && a.From.Before(latest.ActiveFrom.Time) {
		a.From = latest.ActiveFrom.Time
	}
	return a, err
}

// putLast sees to it that what is accepted last is active, unless it tells its
// time: of several at once, or by clocks that differ, the one that looked at its
// clock first may come last.
func putLast(g *gorm.DB, a *model.Activation) error {
	if a.IsDelivered() {
		return nil
	}
	var latest activationRow // stays zero where there is none
	if err := g.Order(lastActive).Limit(1).Find(&latest).Error; err != nil {
		return err
	}
	if latest.ActiveFrom.After(a.From) {
		a.From = latest.ActiveFrom.Time
	}
	return nil
}

// ActiveSource returns which source is active at now, which is not before the
// last one accepted. Error: model.ErrNotFound before the first activation.
func (db *DB) ActiveSource(ctx context.Context, now time.Time) (model.ActiveSource, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	read := db.read.WithContext(ctx)
	var accepted, active activationRow
	err := read.Order(lastAccepted).Take(&accepted).Error
	if err == nil {
		// What is accepted is active, although now was looked at before.
		if accepted.ActiveFrom.After(now) {
			now = accepted.ActiveFrom.Time
		}
		// Rows are added and hardly ever renumbered, so with the bound both belong
		// to one state.
		err = read.Where("active_from <= ? AND epoch <= ?", dbTime{now}, accepted.Epoch).Order(lastActive).Take(&active).Error
	}
	if err != nil {
		return model.ActiveSource{}, db.fail(ctx, "read active source", err)
	}
	return model.ActiveSource{
		Source: active.Source,
		Since:  &active.ActiveFrom.Time,
		Epoch:  accepted.Epoch,
		Pinned: accepted.Pinned,
	}, nil
}

// Activations returns the activations by when they really happened, newest
// first.
func (db *DB) Activations(ctx context.Context, offset, limit int) ([]model.Activation, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	var rows []activationRow
	err := db.read.WithContext(ctx).Order(lastActive).Offset(offset).Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, db.fail(ctx, "read activations", err)
	}
	activations := make([]model.Activation, len(rows))
	for i := range rows {
		activations[i] = rows[i].activation()
	}
	return activations, nil
}
