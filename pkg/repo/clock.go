package repo

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/status"
)

// clockRow is a studio clock as table clock keeps it.
type clockRow struct {
	Source   int `gorm:"primaryKey;autoIncrement:false"`
	SentAt   sqldb.Time
	Body     string
	IsSynced bool
	// ReceivedAt is NULL if no engine sent the clock to its own host itself.
	ReceivedAt *sqldb.Time
	Doubts     string
}

// TableName implements gorm's schema.Tabler.
func (clockRow) TableName() string { return "clock" }

// newClockRow makes the row of a clock that does not wait for the sync node if
// synced is true.
func newClockRow(c model.Clock, synced bool) clockRow {
	row := clockRow{
		Source: c.Source, SentAt: sqldb.At(c.SentAt.UTC().Truncate(time.Microsecond)), Body: string(c.Body), IsSynced: synced, Doubts: string(c.Doubts),
	}
	if !c.ReceivedAt.IsZero() {
		row.ReceivedAt = new(sqldb.At(c.ReceivedAt.UTC().Truncate(time.Microsecond)))
	}
	return row
}

func (r *clockRow) clock() model.Clock {
	c := model.Clock{Source: r.Source, SentAt: r.SentAt.Time, Body: json.RawMessage(r.Body), Doubts: model.Doubts(r.Doubts)}
	if r.ReceivedAt != nil {
		c.ReceivedAt = r.ReceivedAt.Time
	}
	return c
}

// isCopyOf reports whether both rows are the same clock.
func (r *clockRow) isCopyOf(other *clockRow) bool {
	return r.SentAt.Equal(other.SentAt.Time) && r.Body == other.Body && r.Doubts == other.Doubts &&
		r.clock().ReceivedAt.Equal(other.clock().ReceivedAt)
}

// StoreClock keeps what the rule says, given the last clock of the source. rule
// may be called more than once, so it must have no effects. Error:
// model.ErrUnavailable.
func (w *writer) StoreClock(ctx context.Context, c model.Clock, rule status.Rule[model.Clock]) error {
	return w.commit(ctx, "store clock", func(ctx context.Context, tx *writing) error {
		return tx.keepClock(ctx, c, false, rule)
	})
}

// AbsorbClocks keeps clocks that come from another node, each unless a later
// one, by the rule of status.Later, is already stored. synced says that the sync
// node has them. Error: model.ErrUnavailable.
func (w *writer) AbsorbClocks(ctx context.Context, clocks []model.Clock, synced bool) error {
	return w.commit(ctx, "absorb clocks", func(ctx context.Context, tx *writing) error {
		for _, c := range clocks {
			if err := tx.keepClock(ctx, c, synced, status.Later); err != nil {
				return err
			}
		}
		return nil
	})
}

// keepClock keeps what the rule says. If it is the clock that is stored already,
// it at most becomes synced.
func (tx *writing) keepClock(ctx context.Context, c model.Clock, synced bool, rule status.Rule[model.Clock]) error {
	last, err := firstRow[clockRow](locking(tx.gorm(ctx).Where("source = ?", c.Source)))
	if err != nil {
		return err
	}
	said := newClockRow(c, synced || tx.onStation)
	kept := newClockRow(rule(said.clock(), last.clock()), said.IsSynced)
	if kept.isCopyOf(&last) && (last.IsSynced || !said.IsSynced || !said.isCopyOf(&last)) {
		return nil
	}
	return tx.gorm(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&kept).Error
}

// UnsyncedClocks returns the clocks that the sync node does not have. Error:
// model.ErrUnavailable.
func (n *Node) UnsyncedClocks(ctx context.Context) ([]model.Clock, error) {
	ctx, cancel := n.db.Deadline(ctx)
	defer cancel()
	var rows []clockRow
	err := n.db.Read.WithContext(ctx).Where("is_synced = 0").Order("source").Find(&rows).Error
	if err != nil {
		return nil, n.db.Fail(ctx, "read unsynced clocks", err)
	}
	clocks := make([]model.Clock, len(rows))
	for i := range rows {
		clocks[i] = rows[i].clock()
	}
	return clocks, nil
}

// MarkClocksSynced notes that the sync node has these clocks. If a later clock
// came meanwhile, the later one stays unsynced. Error: model.ErrUnavailable.
func (n *Node) MarkClocksSynced(ctx context.Context, clocks []model.Clock) error {
	return n.commit(ctx, "mark clocks synced", func(ctx context.Context, tx *writing) error {
		for _, c := range clocks {
			_, err := tx.Exec(ctx, "UPDATE clock SET is_synced = 1 WHERE source = ? AND sent_at = ?", c.Source, sqldb.At(c.SentAt))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Clock returns the clock that a source sent last. Error: model.ErrNotFound.
func (r reader) Clock(ctx context.Context, source int) (model.Clock, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	var row clockRow
	if err := r.db.Read.WithContext(ctx).Where("source = ?", source).Take(&row).Error; err != nil {
		return model.Clock{}, r.db.Fail(ctx, "read clock", err)
	}
	return row.clock(), nil
}
