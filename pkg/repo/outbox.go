package repo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/model"
)

// What waits for the sync node, but for what it refused. The kinds stand in the
// SQL as they are, as constants of this package.
const (
	waitingEntries = "is_synced = 0 AND NOT EXISTS (SELECT 1 FROM parked WHERE parked.kind = 'entries' AND parked.uid = playlog.fingerprint)"
	waitingHealths = "is_synced = 0 AND NOT EXISTS (SELECT 1 FROM parked WHERE parked.kind = 'healths' AND parked.uid = health.uid)"
)

// Unsynced returns the records that the sync node does not have as they are
// here, oldest first, at most limit, without the parked ones. Error:
// model.ErrUnavailable.
func (db *DB) Unsynced(ctx context.Context, limit int) ([]model.Record, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	found, err := db.bulk(db.read.WithContext(ctx)).records(recordColumns+"WHERE "+waitingEntries+" ORDER BY played_at, id LIMIT ?", "", limit)
	if err == nil {
		err = db.learnContents(ctx, unknown(found))
	}
	if err != nil {
		return nil, db.fail(ctx, "read unsynced records", err)
	}
	return plain(found), nil
}

// plain are the records without what only the repo needs.
func plain(stored []*storedRecord) []model.Record {
	records := make([]model.Record, len(stored))
	for i, r := range stored {
		records[i] = r.Record
	}
	return records
}

// MarkSynced notes that the sync node has these records. One that says something
// else by now stays unsynced. Error: model.ErrUnavailable.
func (db *DB) MarkSynced(ctx context.Context, acks []model.Ack) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	err := db.transaction(ctx, func(tx *gorm.DB) error { return db.bulk(tx).markSynced(acks) })
	return db.fail(ctx, "mark records synced", err)
}

// markSynced also takes back that the sync node refused the records. A content
// belongs to one fingerprint only, so the two lists need not be paired.
func (b bulk) markSynced(acks []model.Ack) error {
	for part := range slices.Chunk(acks, maxList) {
		ids, contents := make([]model.Fingerprint, len(part)), make([]model.Fingerprint, len(part))
		for i, a := range part {
			ids[i], contents[i] = a.Fingerprint, a.Content
		}
		where := in("fingerprint", ids)
		if from, to, ok := closeNumbers(part); ok {
			where = fmt.Sprintf("id BETWEEN %d AND %d", from, to)
		}
		_, err := b.exec("UPDATE playlog SET is_synced = 1 WHERE is_synced = 0 AND " + where + " AND " + in("content", contents))
		if err == nil {
			err = b.unpark(model.KindEntry, ids)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// closeNumbers are the bounds of the entries' numbers, if those are known and not
// many others lie between.
func closeNumbers(acks []model.Ack) (from, to int64, ok bool) {
	from, to = acks[0].ID, acks[0].ID
	for _, a := range acks {
		from, to = min(from, a.ID), max(to, a.ID)
	}
	return from, to, from > 0 && to-from < 2*int64(len(acks))
}

// UnsyncedHealths returns the statuses that the sync node does not have, oldest
// first, at most limit, without the parked ones. Error: model.ErrUnavailable.
func (db *DB) UnsyncedHealths(ctx context.Context, limit int) ([]model.Health, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	healths, err := db.bulk(db.read.WithContext(ctx)).healths("WHERE "+waitingHealths+" ORDER BY log_time, id LIMIT ?", limit)
	return healths, db.fail(ctx, "read unsynced health", err)
}

// MarkHealthsSynced notes that the sync node has these statuses. Error:
// model.ErrUnavailable.
func (db *DB) MarkHealthsSynced(ctx context.Context, uids []model.Fingerprint) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	err := db.transaction(ctx, func(tx *gorm.DB) error {
		b := db.bulk(tx)
		for part := range slices.Chunk(uids, maxList) {
			_, err := b.exec("UPDATE health SET is_synced = 1 WHERE " + in("uid", part))
			if err == nil {
				err = b.unpark(model.KindHealth, part)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return db.fail(ctx, "mark health synced", err)
}

// parkedRow is a refusal as table parked keeps it.
type parkedRow struct {
	Kind     model.Kind `gorm:"primaryKey"`
	UID      dbUID      `gorm:"column:uid;primaryKey"`
	ParkedAt dbTime
	Reason   string
}

// TableName implements gorm's schema.Tabler.
func (parkedRow) TableName() string { return "parked" }

// Park notes that the sync node refused a record: it is not sent again before
// Unpark, and holds nothing else up. Error: model.ErrUnavailable.
func (db *DB) Park(ctx context.Context, kind model.Kind, uid model.Fingerprint, reason string) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	refused := model.Parked{At: time.Now(), Reason: reason}
	refused.Normalize()
	row := parkedRow{Kind: kind, UID: dbUID(uid), ParkedAt: dbTime{refused.At}, Reason: refused.Reason}
	err := db.autocommit(ctx, func(write *gorm.DB) error {
		return write.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
	return db.fail(ctx, "park record", err)
}

// Unpark has records sent again, all where none is named, and returns how many
// they are. Error: model.ErrUnavailable.
func (db *DB) Unpark(ctx context.Context, uids ...model.Fingerprint) (int64, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	var n int64
	err := db.transaction(ctx, func(tx *gorm.DB) (err error) {
		b := db.bulk(tx)
		if n = 0; len(uids) == 0 {
			n, err = b.exec("DELETE FROM parked")
			return err
		}
		for part := range slices.Chunk(uids, maxList) {
			some, err := b.exec("DELETE FROM parked WHERE kind IN ('entries', 'healths') AND " + in("uid", part))
			if n += some; err != nil {
				return err
			}
		}
		return nil
	})
	return n, db.fail(ctx, "unpark records", err)
}

func (b bulk) unpark(kind model.Kind, uids []model.Fingerprint) error {
	if len(uids) > fewRows {
		if some, err := b.hasRows("parked"); err != nil || !some {
			return err
		}
	}
	for part := range slices.Chunk(uids, maxList) {
		if _, err := b.exec("DELETE FROM parked WHERE kind = ? AND "+in("uid", part), string(kind)); err != nil {
			return err
		}
	}
	return nil
}

// Parked lists what the sync node refused, the last refused first, at most
// limit. Error: model.ErrUnavailable.
func (db *DB) Parked(ctx context.Context, limit int) ([]model.Parked, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	read := db.read.WithContext(ctx)
	var rows []parkedRow
	if err := read.Order("parked_at DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, db.fail(ctx, "read parked records", err)
	}
	about, err := aboutParked(db.bulk(read), rows)
	if err != nil {
		return nil, db.fail(ctx, "read parked records", err)
	}
	parked := make([]model.Parked, len(rows))
	for i, r := range rows {
		parked[i] = about[model.Fingerprint(r.UID)]
		parked[i].Kind, parked[i].UID = r.Kind, model.Fingerprint(r.UID)
		parked[i].At, parked[i].Reason = r.ParkedAt.Time, r.Reason
	}
	return parked, nil
}

// aboutParked reads what the parked records are about.
func aboutParked(b bulk, rows []parkedRow) (map[model.Fingerprint]model.Parked, error) {
	uids := make([]model.Fingerprint, len(rows))
	for i, r := range rows {
		uids[i] = model.Fingerprint(r.UID)
	}
	about := make(map[model.Fingerprint]model.Parked, len(rows))
	for part := range slices.Chunk(uids, maxList) {
		entries, err := b.entries(recordColumns + "WHERE " + in("fingerprint", part))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			about[e.id] = model.Parked{Source: e.Entry.LogSource, Time: e.Entry.PlayedAt(), Title: e.Entry.Title}
		}
		healths, err := b.healths("WHERE " + in("uid", part))
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
func (db *DB) Outbox(ctx context.Context) (model.Outbox, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	read := db.read.WithContext(ctx)
	var o model.Outbox
	var parkedEntries, parkedHealths int64
	var oldest []dbTime
	// Each counts by an index alone. To look every waiting record up among the
	// parked ones would take ten times as long.
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
			return model.Outbox{}, db.fail(ctx, "count unsynced records", err)
		}
	}
	// Between two counts a record may have gone.
	o.Entries, o.Healths = max(o.Entries-parkedEntries, 0), max(o.Healths-parkedHealths, 0)
	if len(oldest) > 0 {
		o.Oldest = oldest[0].Time
	}
	return o, nil
}
