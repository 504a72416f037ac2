package repo

import (
	"context"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// purgeable selects the states of a source, oldest first, that ended before a time
// and say nothing of fallback: what was heard does not depend on them. The newest
// state of the source is not one of them.
const purgeable = `SELECT id, uid FROM health WHERE source = ? AND log_time < ? AND (last_at IS NULL OR last_at < ?)
	AND signs NOT LIKE '%"fallback"%' AND id <> ? ORDER BY log_time, id LIMIT ?`

// PurgeHealths deletes states of health that ended before a time, at most limit, and
// returns how many. It keeps what says something of fallback, and the newest state
// of each source. Error: model.ErrUnavailable.
func (w *writer) PurgeHealths(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = w.commit(ctx, "purge health", func(ctx context.Context, tx *writing) error {
		tx.touched.Inaudible()
		n = 0
		for source := 0; n < limit; {
			next, err := nextSource(ctx, tx.Conn, "health", "source", source)
			if err != nil || next == 0 {
				return err
			}
			source = next
			purged, err := tx.purgeHealths(ctx, source, before, limit-n)
			if err != nil {
				return err
			}
			n += purged
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (tx *writing) purgeHealths(ctx context.Context, source int, before time.Time, limit int) (n int, err error) {
	newest, err := tx.healths(ctx, "WHERE source = ? ORDER BY log_time DESC, id DESC LIMIT 1", source)
	if err != nil || len(newest) == 0 {
		return 0, err
	}
	at := sqldb.At(before)
	rows, err := tx.Query(ctx, purgeable, source, at, at, newest[0].ID, limit)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var ids []int64
	var uids []model.Fingerprint
	for rows.Next() {
		var id int64
		var uid sqldb.UID
		if err := rows.Scan(&id, &uid); err != nil {
			return 0, err
		}
		ids, uids = append(ids, id), append(uids, model.Fingerprint(uid))
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	for part := range slices.Chunk(ids, sqldb.MaxList) {
		if _, err := tx.Exec(ctx, "DELETE FROM health WHERE "+sqldb.InNumbers("id", part)); err != nil {
			return 0, err
		}
	}
	return len(ids), tx.unpark(ctx, model.KindHealth, uids)
}
