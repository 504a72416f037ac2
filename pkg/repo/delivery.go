package repo

import (
	"context"
	"encoding/json"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// deliveryRow is a delivery as table delivery keeps it.
type deliveryRow struct {
	ID        int64 `gorm:"primaryKey"`
	Channel   string
	Body      string
	CreatedAt sqldb.Time
	Tries     int
	Error     string
	EndedAt   *sqldb.Time // NULL while it waits
	Outcome   string
}

// TableName implements gorm's schema.Tabler.
func (deliveryRow) TableName() string { return "delivery" }

func newDeliveryRow(d model.Delivery) deliveryRow {
	row := deliveryRow{
		Channel:   d.Channel,
		Body:      string(d.Body),
		CreatedAt: sqldb.At(d.CreatedAt),
		Tries:     d.Tries,
		Error:     d.Error,
		Outcome:   d.Outcome,
	}
	if !d.EndedAt.IsZero() {
		row.EndedAt = new(sqldb.At(d.EndedAt))
	}
	return row
}

func (r *deliveryRow) delivery() model.Delivery {
	d := model.Delivery{
		ID:        r.ID,
		Channel:   r.Channel,
		Body:      json.RawMessage(r.Body),
		CreatedAt: r.CreatedAt.Time,
		Tries:     r.Tries,
		Error:     r.Error,
		Outcome:   r.Outcome,
	}
	if r.EndedAt != nil {
		d.EndedAt = r.EndedAt.Time
	}
	return d
}

// within waits for do until ctx ends. A disk that does not flush ignores
// contexts, and the code that decides which source is on air must not wait for
// it. do then ends when the disk does, and what it did stays done.
func within(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// StoreDeliveries stores deliveries, all or none. It returns them as they are
// stored, with their ids, which grow in the order of the list. It returns when
// ctx ends, even if the disk hangs: then the deliveries may be stored
// nevertheless. Errors: *model.InvalidError, model.ErrUnavailable.
func (w *writer) StoreDeliveries(ctx context.Context, deliveries []model.Delivery) ([]model.Delivery, error) {
	if len(deliveries) == 0 {
		return nil, nil
	}
	for i := range deliveries {
		if err := deliveries[i].Validate(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := w.db.Deadline(ctx)
	defer cancel()
	stored := make([]model.Delivery, len(deliveries)) // if it is filled too late, nobody reads it
	err := within(ctx, func() error {
		return writeAside(ctx, w.db, func(ctx context.Context, tx *writing) error {
			// They are few. One statement for all would not return the id of
			// each.
			for i, d := range deliveries {
				d.Normalize()
				row := newDeliveryRow(d)
				if err := tx.gorm(ctx).Create(&row).Error; err != nil {
					return err
				}
				d.ID = row.ID
				stored[i] = d
			}
			return nil
		})
	})
	if err != nil {
		return nil, w.db.Fail(ctx, "store deliveries", err)
	}
	return stored, nil
}

// WaitingDeliveries returns the deliveries that still wait for a channel, the
// oldest first, at most limit. Error: model.ErrUnavailable.
func (r reader) WaitingDeliveries(ctx context.Context, channel string, limit int) ([]model.Delivery, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	var rows []deliveryRow
	err := r.db.Read.WithContext(ctx).Where("channel = ? AND ended_at IS NULL", channel).Order("id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, r.db.Fail(ctx, "read waiting deliveries", err)
	}
	waiting := make([]model.Delivery, len(rows))
	for i := range rows {
		waiting[i] = rows[i].delivery()
	}
	return waiting, nil
}

// LatestDelivery returns the delivery that was stored last for a channel,
// whether it still waits or has ended. Errors: model.ErrNotFound,
// model.ErrUnavailable.
func (r reader) LatestDelivery(ctx context.Context, channel string) (model.Delivery, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	var row deliveryRow
	if err := r.db.Read.WithContext(ctx).Where("channel = ?", channel).Order("id DESC").Take(&row).Error; err != nil {
		return model.Delivery{}, r.db.Fail(ctx, "read latest delivery", err)
	}
	return row.delivery(), nil
}

// FailDelivery notes how many tries of a delivery have failed, and why the last
// one failed. A delivery that has ended stays as it is. Error:
// model.ErrUnavailable.
func (w *writer) FailDelivery(ctx context.Context, id int64, tries int, reason string) error {
	failed := model.Delivery{Tries: tries, Error: reason}
	failed.Normalize()
	return w.changeWaiting(ctx, "note failed delivery", id, map[string]any{"tries": failed.Tries, "error": failed.Error})
}

// EndDelivery notes that a delivery is done, or, if outcome gives a reason,
// that it was given up. A delivery that has ended stays as it is. Error:
// model.ErrUnavailable.
func (w *writer) EndDelivery(ctx context.Context, id int64, at time.Time, outcome string) error {
	ended := model.Delivery{EndedAt: at, Outcome: outcome}
	ended.Normalize()
	return w.changeWaiting(ctx, "end delivery", id, map[string]any{"ended_at": sqldb.At(ended.EndedAt), "outcome": ended.Outcome})
}

func (w *writer) changeWaiting(ctx context.Context, doing string, id int64, to map[string]any) error {
	ctx, cancel := w.db.Deadline(ctx)
	defer cancel()
	err := within(ctx, func() error {
		return writeAside(ctx, w.db, func(ctx context.Context, tx *writing) error {
			return tx.gorm(ctx).Model(&deliveryRow{}).Where("id = ? AND ended_at IS NULL", id).Updates(to).Error
		})
	})
	return w.db.Fail(ctx, doing, err)
}
