package repo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// What waits for the sync node, except what it refused. The kinds are literals
// in the SQL, as are other constants of this package.
const (
	waitingEntries = "is_synced = 0 AND NOT EXISTS (SELECT 1 FROM parked WHERE parked.kind = 'entries' AND parked.uid = playlog.fingerprint)"
	waitingHealths = "is_synced = 0 AND NOT EXISTS (SELECT 1 FROM parked WHERE parked.kind = 'healths' AND parked.uid = health.uid)"
)

// Unsynced returns the records that the sync node does not have in their
// current form, oldest first, at most limit. It leaves out the parked ones.
// Error: model.ErrUnavailable.
func (n *Node) Unsynced(ctx context.Context, limit int) ([]model.Record, error) {
	ctx, cancel := n.db.Deadline(ctx)
	defer cancel()
	found, err := n.reads().records(ctx, recordColumns+"WHERE "+waitingEntries+" ORDER BY played_at, id LIMIT ?", "", limit)
	if err == nil {
		err = n.learnContents(ctx, unknown(found))
	}
	if err != nil {
		return nil, n.db.Fail(ctx, "read unsynced records", err)
	}
	return plain(found), nil
}

// plain are the records without the values that only the repo needs.
func plain(stored []*storedRecord) []model.Record {
	records := make([]model.Record, len(stored))
	for i, r := range stored {
		records[i] = r.Record
	}
	return records
}

// MarkSynced notes that the sync node has these records. A record whose content
// has changed meanwhile stays unsynced. Error: model.ErrUnavailable.
func (w *writer) MarkSynced(ctx context.Context, acks []model.Ack) error {
	return w.commit(ctx, "mark records synced", func(ctx context.Context, tx *writing) error { return tx.markSynced(ctx, acks) })
}

// markSynced also deletes the note that the sync node refused the records. Each
// part of a content belongs to one fingerprint only, so the lists need not be
// paired.
func (tx *writing) markSynced(ctx context.Context, acks []model.Ack) error {
	for part := range slices.Chunk(acks, sqldb.MaxList) {
		tx.touched.Inaudible()
		ids, bases := make([]model.Fingerprint, len(part)), make([]model.Fingerprint, len(part))
		var supplements, baseOnly []model.Fingerprint
		for i, a := range part {
			ids[i], bases[i] = a.Fingerprint, a.Content.Base
			if a.BaseOnly {
				baseOnly = append(baseOnly, a.Fingerprint)
			} else if a.Content.Supplement != (model.Fingerprint{}) {
				supplements = append(supplements, a.Content.Supplement)
			}
		}
		where := sqldb.In("fingerprint", ids)
		if from, to, ok := closeNumbers(part); ok {
			where = fmt.Sprintf("id BETWEEN %d AND %d", from, to)
		}
		_, err := tx.Exec(ctx, "UPDATE playlog SET is_synced = 1 WHERE is_synced = 0 AND "+where+" AND "+sqldb.In("content", bases)+
			" AND (supplement IS NULL"+orIn("supplement", supplements)+orIn("fingerprint", baseOnly)+")")
		if err == nil {
			err = tx.unpark(ctx, model.KindEntry, ids)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func orIn(column string, ids []model.Fingerprint) string {
	if len(ids) == 0 {
		return ""
	}
	return " OR " + sqldb.In(column, ids)
}

// closeNumbers are the bounds of the entries' numbers, if the numbers are known
// and not many others lie in between.
func closeNumbers(acks []model.Ack) (from, to int64, ok bool) {
	from, to = acks[0].ID, acks[0].ID
	for _, a := range acks {
		from, to = min(from, a.ID), max(to, a.ID)
	}
	return from, to, from > 0 && to-from < 2*int64(len(acks))
}

// UnsyncedHealths returns the statuses that the sync node does not have, oldest
// first, at most limit. It leaves out the parked ones. Error:
// model.ErrUnavailable.
func (n *Node) UnsyncedHealths(ctx context.Context, limit int) ([]model.Health, error) {
	ctx, cancel := n.db.Deadline(ctx)
	defer cancel()
	healths, err := n.reads().healths(ctx, "WHERE "+waitingHealths+" ORDER BY log_time, id LIMIT ?", limit)
	return healths, n.db.Fail(ctx, "read unsynced health", err)
}

// MarkHealthsSynced notes that the sync node has these states, as they are now.
// Error: model.ErrUnavailable.
func (w *writer) MarkHealthsSynced(ctx context.Context, uids []model.Fingerprint) error {
	return w.commit(ctx, "mark health synced", func(ctx context.Context, tx *writing) error {
		if err := tx.confirmHealths(ctx, uids); err != nil {
			return err
		}
		return tx.unpark(ctx, model.KindHealth, uids)
	})
}

// parkedRow is a refusal as table parked keeps it.
type parkedRow struct {
	Kind     model.Kind `gorm:"primaryKey"`
	UID      sqldb.UID  `gorm:"column:uid;primaryKey"`
	ParkedAt sqldb.Time
	Reason   string
}

// TableName implements gorm's schema.Tabler.
func (parkedRow) TableName() string { return "parked" }

// Park notes that the sync node refused a record. The record is not sent again
// before Unpark, and does not delay others. Error: model.ErrUnavailable.
func (n *Node) Park(ctx context.Context, kind model.Kind, uid model.Fingerprint, reason string) error {
	refused := model.Parked{At: time.Now(), Reason: reason}
	refused.Normalize()
	row := parkedRow{Kind: kind, UID: sqldb.UID(uid), ParkedAt: sqldb.At(refused.At), Reason: refused.Reason}
	return n.commit(ctx, "park record", func(ctx context.Context, tx *writing) error {
		return tx.gorm(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// Unpark makes records be sent again, all if none is named. It returns how many
// records that concerns. Error: model.ErrUnavailable.
func (n *Node) Unpark(ctx context.Context, uids ...model.Fingerprint) (unparked int64, _ error) {
	err := n.commit(ctx, "unpark records", func(ctx context.Context, tx *writing) (err error) {
		if unparked = 0; len(uids) == 0 {
			unparked, err = tx.Exec(ctx, "DELETE FROM parked")
			return err
		}
		for part := range slices.Chunk(uids, sqldb.MaxList) {
			some, err := tx.Exec(ctx, "DELETE FROM parked WHERE kind IN ('entries', 'healths') AND "+sqldb.In("uid", part))
			if unparked += some; err != nil {
				return err
			}
		}
		return nil
	})
	return unparked, err
}

func (tx *writing) unpark(ctx context.Context, kind model.Kind, uids []model.Fingerprint) error {
	if len(uids) > sqldb.FewRows {
		if some, err := tx.HasRows(ctx, "parked"); err != nil || !some {
			return err
		}
	}
	for part := range slices.Chunk(uids, sqldb.MaxList) {
		if _, err := tx.Exec(ctx, "DELETE FROM parked WHERE kind = ? AND "+sqldb.In("uid", part), string(kind)); err != nil {
			return err
		}
	}
	return nil
}

// Parked lists what the sync node refused, the last refusal first, at most
// limit. Error: model.ErrUnavailable.
func (n *Node) Parked(ctx context.Context, limit int) ([]model.Parked, error) {
	ctx, cancel := n.db.Deadline(ctx)
	defer cancel()
	read := n.db.Read.WithContext(ctx)
	var rows []parkedRow
	if err := read.Order("parked_at DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, n.db.Fail(ctx, "read parked records", err)
	}
	about, err := aboutParked(ctx, n.reads(), rows)
	if err != nil {
		return nil, n.db.Fail(ctx, "read parked records", err)
	}
	parked := make([]model.Parked, len(rows))
	for i, r := range rows {
		parked[i] = about[model.Fingerprint(r.UID)]
		parked[i].Kind, parked[i].UID = r.Kind, model.Fingerprint(r.UID)
		parked[i].At, parked[i].Reason = r.ParkedAt.Time, r.Reason
	}
	return parked, nil
}

// aboutParked reads the details of the parked records.
func aboutParked(ctx context.Context, b bulk, rows []parkedRow) (map[model.Fingerprint]model.Parked, error) {
	uids := make([]model.Fingerprint, len(rows))
	for i, r := range rows {
		uids[i] = model.Fingerprint(r.UID)
	}
	about := make(map[model.Fingerprint]model.Parked, len(rows))
	for part := range slices.Chunk(uids, sqldb.MaxList) {
		entries, err := b.entries(ctx, recordColumns+"WHERE "+sqldb.In("fingerprint", part))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			about[e.id] = model.Parked{Source: e.Entry.LogSource, Time: e.Entry.PlayedAt(), Title: e.Entry.Title}
		}
		healths, err := b.healths(ctx, "WHERE "+sqldb.In("uid", part))
		if err != nil {
			return nil, err
		}
		for _, h := range healths {
			about[h.UID()] = model.Parked{Source: h.Source, Time: h.LogTime}
		}
	}
	return about, nil
}

// Outbox counts what waits for the sync node. Error: model.ErrUnavailable.
func (n *Node) Outbox(ctx context.Context) (model.Outbox, error) {
	ctx, cancel := n.db.Deadline(ctx)
	defer cancel()
	read := n.db.Read.WithContext(ctx)
	var o model.Outbox
	var parkedEntries, parkedHealths int64
	var oldest []sqldb.Time
	// Each of these queries counts with an index alone. Looking up every
	// waiting record among the parked ones would take ten times as long.
	for _, count := range []struct {
		query string
		to    any
	}{
		{"SELECT COUNT(*) FROM playlog WHERE is_synced = 0", &o.Entries},
		{"SELECT COUNT(*) FROM health WHERE is_synced = 0", &o.Healths},
		{"SELECT COUNT(*) FROM parked", &o.Parked},
		{"SELECT COUNT(*) FROM parked JOIN playlog ON fingerprint = uid WHERE kind = 'entries' AND is_synced = 0", &parkedEntries},
		{"SELECT COUNT(*) FROM parked JOIN health ON health.uid = parked.uid WHERE kind = 'healths' AND is_synced = 0", &parkedHealths},
		{"SELECT played_at FROM playlog WHERE " + waitingEntries + " ORDER BY played_at LIMIT 1", &oldest},
	} {
		if err := read.Raw(count.query).Scan(count.to).Error; err != nil {
			return model.Outbox{}, n.db.Fail(ctx, "count unsynced records", err)
		}
	}
	// A record may have left the outbox between two counts.
	o.Entries, o.Healths = max(o.Entries-parkedEntries, 0), max(o.Healths-parkedHealths, 0)
	if len(oldest) > 0 {
		o.Oldest = oldest[0].Time
	}
	return o, nil
}
