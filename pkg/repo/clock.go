package repo

import (
	"context"
	"encoding/json"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// clockRow is a studio clock as table clock keeps it.
type clockRow struct {
	Source   int `gorm:"primaryKey;autoIncrement:false"`
	SentAt   sqldb.Time
	Body     string
	IsSynced bool
}

// TableName implements gorm's schema.Tabler.
func (clockRow) TableName() string { return "clock" }

func (r *clockRow) clock() model.Clock {
	return model.Clock{Source: r.Source, SentAt: r.SentAt.Time, Body: json.RawMessage(r.Body)}
}

// StoreClock keeps the clock of a source, unless a later one, by the rule of
// status.Later, is already stored. Error: model.ErrUnavailable.
func (w *writer) StoreClock(ctx context.Context, c model.Clock) error {
	return w.commit(ctx, "store clock", func(ctx context.Context, tx *writing) error {
		return tx.absorbClocks(ctx, []model.Clock{c}, false)
	})
}

// AbsorbClocks keeps clocks that come from another node, as StoreClock does.
// synced says that the sync node has them. Error: model.ErrUnavailable.
func (w *writer) AbsorbClocks(ctx context.Context, clocks []model.Clock, synced bool) error {
	return w.commit(ctx, "absorb clocks", func(ctx context.Context, tx *writing) error {
		return tx.absorbClocks(ctx, clocks, synced)
	})
}

func (tx *writing) absorbClocks(ctx context.Context, clocks []model.Clock, synced bool) error {
	for _, c := range clocks {
		_, err := tx.Exec(ctx, storeClock[tx.Dialect.Kind()], c.Source, sqldb.At(c.SentAt), string(c.Body), synced || tx.onStation)
		if err != nil {
			return err
		}
	}
	return nil
}

// storeClock replaces a clock by a later one. MariaDB assigns from left to
// right, so each condition must come before the assignments of the columns that
// it reads. Bodies are compared byte by byte.
var storeClock = map[sqldb.Kind]string{
	sqldb.SQLite: `INSERT INTO clock (source, sent_at, body, is_synced) VALUES (?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET sent_at = excluded.sent_at, body = excluded.body, is_synced = excluded.is_synced
		WHERE excluded.sent_at > clock.sent_at
		OR excluded.sent_at = clock.sent_at AND (excluded.body > clock.body OR excluded.body = clock.body AND excluded.is_synced > clock.is_synced)`,
	sqldb.MySQL: `INSERT INTO clock (source, sent_at, body, is_synced) VALUES (?, ?, ?, ?)
		ON DUPLICATE KEY UPDATE
		is_synced = CASE
			WHEN VALUES(sent_at) < sent_at THEN is_synced
			WHEN VALUES(sent_at) > sent_at OR CAST(VALUES(body) AS BINARY) > CAST(body AS BINARY) THEN VALUES(is_synced)
			WHEN CAST(VALUES(body) AS BINARY) = CAST(body AS BINARY) THEN is_synced OR VALUES(is_synced)
			ELSE is_synced END,
		body = CASE
			WHEN VALUES(sent_at) > sent_at
				OR VALUES(sent_at) = sent_at AND CAST(VALUES(body) AS BINARY) > CAST(body AS BINARY) THEN VALUES(body)
			ELSE body END,
		sent_at = GREATEST(sent_at, VALUES(sent_at))`,
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
