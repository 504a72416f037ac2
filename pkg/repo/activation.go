package repo

import (
	"context"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/source"
)

// activationRow is a switch of the active source as table activation keeps it.
type activationRow struct {
	Epoch      int64 `gorm:"primaryKey;autoIncrement:false"`
	Source     int
	ActiveFrom sqldb.Time
	RecordedAt sqldb.Time
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
		ActiveFrom: sqldb.At(a.From),
		RecordedAt: sqldb.At(a.RecordedAt),
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

// Activate stores a switch of the active source, or finds it already stored.
// admit decides, given what is known. Activate returns that decision, or the
// error of admit. admit is called again if another caller took the epoch
// meanwhile, so it must have no effects. Error: model.ErrUnavailable.
func (w *writer) Activate(ctx context.Context, r source.Request, admit source.Rule) (d source.Decision, _ error) {
	err := w.commit(ctx, "activate source", func(ctx context.Context, tx *writing) (err error) {
		if d, err = judge(tx.gorm(ctx), r, admit); err != nil || d.Stored {
			return err
		}
		return tx.addActivation(ctx, d.Activation)
	})
	return d, err
}

// addActivation inserts an activation. The epoch is the primary key: of several
// callers that saw the same last epoch, only one gets the next.
func (tx *writing) addActivation(ctx context.Context, a model.Activation) error {
	tx.touched.Activation(a)
	row := newActivationRow(a)
	return sqldb.Raced(tx.gorm(ctx).Create(&row).Error)
}

// judge asks admit for its decision on the request, given what this transaction
// reads.
func judge(tx *gorm.DB, r source.Request, admit source.Rule) (source.Decision, error) {
	k, err := readKnown(tx, r)
	if err != nil {
		return source.Decision{}, err
	}
	return admit(r, k)
}

// readKnown reads the facts that the rules for the request need.
func readKnown(tx *gorm.DB, r source.Request) (k source.Known, err error) {
	if k.Last, err = firstActivation(tx.Order(lastAccepted)); err != nil {
		return k, err
	}
	if r.Mandate != nil {
		if k.Deposed, err = deposed(tx, r.Mandate.Lease); err != nil {
			return k, err
		}
	}
	if !r.IsLate() {
		if k.Active, err = firstActivation(activeAt(tx, r.From(), k.Last)); err == nil {
			k.Latest, err = firstActivation(tx.Order(lastActive))
		}
	}
	if err != nil || !r.MayRepeat() {
		return k, err
	}
	told := tx.Where("active_from = ?", sqldb.At(r.From()))
	if r.Mandate != nil {
		if k.Upon, err = firstActivation(tx.Where("epoch <= ?", r.Mandate.Upon).Order(lastActive)); err != nil {
			return k, err
		}
		told = tx.Where("epoch = ?", r.Mandate.Upon+1)
	}
	k.Told, err = findActivations(told.Order("epoch"))
	return k, err
}

// firstActivation is zero if there is no activation.
func firstActivation(g *gorm.DB) (model.Activation, error) {
	found, err := findActivations(g.Limit(1))
	if err != nil || len(found) == 0 {
		return model.Activation{}, err
	}
	return found[0], nil
}

func findActivations(g *gorm.DB) ([]model.Activation, error) {
	var rows []activationRow
	if err := g.Find(&rows).Error; err != nil {
		return nil, err
	}
	activations := make([]model.Activation, len(rows))
	for i := range rows {
		activations[i] = rows[i].activation()
	}
	return activations, nil
}

// activeAt selects the activation that is active at now, the last one first. An
// accepted activation is active, even if now was read before it. Rows are added
// and hardly ever renumbered, so the bound excludes what was accepted since
// last was read.
func activeAt(g *gorm.DB, now time.Time, last model.Activation) *gorm.DB {
	if last.From.After(now) {
		now = last.From
	}
	return g.Where("active_from <= ? AND epoch <= ?", sqldb.At(now), last.Epoch).Order(lastActive)
}

// ActiveSource returns which source is active at now, or when the last accepted
// activation begins if that is later. Error: model.ErrNotFound before the first
// activation.
func (r reader) ActiveSource(ctx context.Context, now time.Time) (model.ActiveSource, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	read := r.db.Read.WithContext(ctx)
	var accepted, active activationRow
	err := read.Order(lastAccepted).Take(&accepted).Error
	if err == nil {
		err = activeAt(read, now, accepted.activation()).Take(&active).Error
	}
	if err != nil {
		return model.ActiveSource{}, r.db.Fail(ctx, "read active source", err)
	}
	return model.ActiveSource{
		Source: active.Source,
		Since:  &active.ActiveFrom.Time,
		Epoch:  accepted.Epoch,
		Pinned: accepted.Pinned,
	}, nil
}

// Activations returns the activations ordered by when they really happened,
// newest first.
func (r reader) Activations(ctx context.Context, offset, limit int) ([]model.Activation, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	activations, err := findActivations(r.db.Read.WithContext(ctx).Order(lastActive).Offset(offset).Limit(limit))
	return activations, r.db.Fail(ctx, "read activations", err)
}
