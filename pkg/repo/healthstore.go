package repo

import (
	"context"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/status"
)

// StoreHealth stores what the rule says, given the last state of the source;
// storing the same report again changes nothing. The state is closed if a
// fallback play arrived since its last report. rule may be called more than
// once, so it must have no effects. Error: model.ErrUnavailable.
func (w *writer) StoreHealth(ctx context.Context, h model.Health, rule status.Rule[model.Health]) error {
	return w.commit(ctx, "store health", func(ctx context.Context, tx *writing) error {
		last, err := tx.lastHealth(ctx, h)
		if err != nil {
			return err
		}
		kept := rule(h, last)
		if err := tx.absorbHealths(ctx, []model.Health{kept}, false); err != nil {
			return err
		}
		if last.Last == (model.Report{}) || kept.UID() == last.UID() || tx.onStation {
			return nil
		}
		// The state has ended, so others have to know its last report.
		tx.touched.Inaudible()
		_, err = tx.Exec(ctx, "UPDATE health SET is_synced = 0 WHERE id = ?", last.ID)
		return err
	})
}

// lastHealth is the last state of the source before a report comes; zero if there
// is none.
func (tx *writing) lastHealth(ctx context.Context, said model.Health) (model.Health, error) {
	where := strings.Replace(newestHealth, "%s", "", 1)
	if tx.Dialect.LocksRows() {
		where += sqldb.ForUpdate
	}
	found, err := tx.healths(ctx, where, said.Source, 1)
	if err != nil || len(found) == 0 {
		return model.Health{}, err
	}
	last := found[0]
	// After a longer gap the state has ended anyway.
	if before := last.Said().ReceivedAt; !before.IsZero() && said.ReceivedAt.Sub(before) <= status.MaxGap {
		last.Closed, err = tx.hasFallback(ctx, said.Source, before)
	}
	return last, err
}

// fallbackBefore is how long a fallback play may arrive after its start, so that
// it is found by its start.
const fallbackBefore = 10 * time.Minute

// hasFallback reports whether a fallback play of the source arrived since then.
func (b bulk) hasFallback(ctx context.Context, source int, since time.Time) (bool, error) {
	found, err := b.entries(ctx, recordColumns+"WHERE log_source = ? AND played_at >= ? AND received_at > ?",
		source, sqldb.At(since.Add(-fallbackBefore)), sqldb.At(since))
	return slices.ContainsFunc(found, func(r *storedRecord) bool { return r.Entry.IsFallback() }), err
}

// AbsorbHealths stores states that come from another node, all or none. Copies
// of stored states merge with these. synced says that the sync node has them.
// Error: model.ErrUnavailable.
func (w *writer) AbsorbHealths(ctx context.Context, healths []model.Health, synced bool) error {
	return w.commit(ctx, "absorb health", func(ctx context.Context, tx *writing) error {
		return tx.absorbHealths(ctx, healths, synced)
	})
}

func (tx *writing) absorbHealths(ctx context.Context, healths []model.Health, synced bool) error {
	came, uids := distinctHealths(healths)
	stored, err := tx.storedHealths(ctx, uids, "")
	if err != nil {
		return err
	}
	var fresh []healthRow
	var changed, confirmed []model.Fingerprint
	for _, uid := range uids {
		row, known := stored[uid]
		if !known {
			fresh = append(fresh, healthRow{came[uid], synced || tx.onStation})
			continue
		}
		switch merged := row.merged(came[uid], synced, tx.onStation); {
		case merged.Content() != row.Content():
			changed = append(changed, uid)
		case merged.Synced != row.Synced:
			confirmed = append(confirmed, uid)
		}
	}
	if err := tx.insertHealths(ctx, fresh); err != nil {
		if tx.Dialect.IsDuplicate(err) {
			return sqldb.ErrRaced
		}
		return err
	}
	if err := tx.changeHealths(ctx, changed, came, synced); err != nil {
		return err
	}
	if err := tx.confirmHealths(ctx, confirmed); err != nil || !synced && !tx.onStation {
		return err
	}
	return tx.unpark(ctx, model.KindHealth, uids)
}

// distinctHealths merges the copies of each state, in the order in which they
// came.
func distinctHealths(healths []model.Health) (came map[model.Fingerprint]model.Health, uids []model.Fingerprint) {
	came = make(map[model.Fingerprint]model.Health, len(healths))
	for i := range healths {
		uid := healths[i].UID()
		if copied, ok := came[uid]; ok {
			came[uid] = status.MergeHealth(copied, healths[i])
			continue
		}
		came[uid] = healths[i]
		uids = append(uids, uid)
	}
	return came, uids
}

// storedHealths reads the rows of states.
func (b bulk) storedHealths(ctx context.Context, uids []model.Fingerprint, locking string) (map[model.Fingerprint]healthRow, error) {
	stored := make(map[model.Fingerprint]healthRow, len(uids))
	for part := range slices.Chunk(uids, sqldb.MaxList) {
		rows, err := b.healthRows(ctx, "WHERE "+sqldb.In("uid", part)+locking)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			stored[r.UID()] = r
		}
	}
	return stored, nil
}

// merged is the row after a copy of its state came. It is synced if the sync
// node has all of it, or is not to be told yet that the state goes on.
func (r healthRow) merged(came model.Health, synced, onStation bool) healthRow {
	m := healthRow{Health: status.MergeHealth(r.Health, came)}
	m.Synced = onStation || synced && m.Content() == came.Content() || r.Synced && !status.IsTold(r.Health, m.Health)
	return m
}

func (tx *writing) insertHealths(ctx context.Context, rows []healthRow) error {
	for i := range rows {
		tx.touched.Health(nil, &rows[i].Health)
	}
	one := "(?" + strings.Repeat(", ?", len(healthStored)-1) + ")"
	return tx.InParts(ctx, len(rows), tx.Dialect.RowsPerInsert(), func(n int) string {
		return "INSERT INTO health (" + strings.Join(healthStored, ", ") + ") VALUES " + one + strings.Repeat(", "+one, n-1)
	}, func(i int, to []any) []any { return rows[i].rest(rows[i].identity(to)) })
}

// changeHealths merges copies into stored states. It reads these again when
// nobody else can change them any more.
func (tx *writing) changeHealths(ctx context.Context, uids []model.Fingerprint, came map[model.Fingerprint]model.Health, synced bool) error {
	if len(uids) == 0 {
		return nil
	}
	locking := ""
	if tx.Dialect.LocksRows() {
		locking = sqldb.ForUpdate
	}
	stored, err := tx.storedHealths(ctx, uids, locking)
	if err != nil {
		return err
	}
	change := "UPDATE health SET " + strings.Join(healthStored[5:], " = ?, ") + " = ? WHERE id = ?"
	for _, uid := range uids {
		row, known := stored[uid]
		if !known {
			return sqldb.ErrRaced // another transaction deleted it meanwhile
		}
		merged := row.merged(came[uid], synced, tx.onStation)
		tx.touched.Health(&row.Health, &merged.Health)
		if _, err := tx.Exec(ctx, change, append(merged.rest(nil), row.ID)...); err != nil {
			return err
		}
	}
	return nil
}

// confirmHealths notes that the sync node has these states.
func (tx *writing) confirmHealths(ctx context.Context, uids []model.Fingerprint) error {
	tx.touched.Inaudible()
	for part := range slices.Chunk(uids, sqldb.MaxList) {
		if _, err := tx.Exec(ctx, "UPDATE health SET is_synced = 1 WHERE is_synced = 0 AND "+sqldb.In("uid", part)); err != nil {
			return err
		}
	}
	return nil
}
