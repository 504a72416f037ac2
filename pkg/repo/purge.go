package repo

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// purgeRow is a purge as table purged_plays keeps it.
type purgeRow struct {
	model.Purge
	isOwn bool // it was decided in this database
}

const selectPurges = "SELECT before_at, source, made_at, made_by, reason, gone, seal, is_own, is_done FROM purged_plays "

func scanPurge(row *sql.Rows) (r purgeRow, err error) {
	var gone string
	var seal sqldb.UID
	err = row.Scan((*sqldb.Moment)(&r.Before), &r.Source, (*sqldb.Moment)(&r.At), &r.By, &r.Reason, &gone, &seal, &r.isOwn, &r.Done)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(gone), &r.Gone); err != nil {
		return r, fmt.Errorf("what was deleted by the purge of %s: %w", r.At.Format(time.RFC3339), err)
	}
	r.Seal = model.Fingerprint(seal)
	return r, nil
}

// purges are all of them, in the order in which they were decided.
func (b bulk) purges(ctx context.Context) (model.Purges, error) {
	rows, err := sqldb.Select(ctx, b.Conn, scanPurge, selectPurges+"ORDER BY uid")
	all := make(model.Purges, len(rows))
	for i, r := range rows {
		all[i] = r.Purge
	}
	slices.SortStableFunc(all, func(a, b model.Purge) int { return a.At.Compare(b.At) })
	return all, err
}

// Purges returns the purges that the database knows, in the order in which they were
// decided. Error: model.ErrUnavailable.
func (r reader) Purges(ctx context.Context) (model.Purges, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	all, err := r.reads().purges(ctx)
	return all, r.db.Fail(ctx, "read purges", err)
}

// DecidePurge stores a purge that was decided here. From then on nothing is stored
// any more that it is about; PurgePlays deletes what is there. To store it again
// changes nothing. The caller normalizes and validates it. Errors:
// model.ErrUnavailable; that of a server that does not let its user delete plays.
func (w *writer) DecidePurge(ctx context.Context, p model.Purge) error {
	secret, err := w.secret(ctx)
	if err != nil {
		return err
	}
	if secret != (model.Fingerprint{}) {
		p.Seal = p.SealedBy(secret)
	}
	_, err = w.rememberPurges(ctx, []model.Purge{p}, true)
	return err
}

// DecidedHere reports whether a purge was decided in this database, also if it does not
// know it: it was restored from a backup of before. Error: model.ErrUnavailable.
func (r reader) DecidedHere(ctx context.Context, p model.Purge) (bool, error) {
	secret, err := r.secret(ctx)
	seal := p.SealedBy(secret)
	return err == nil && secret != (model.Fingerprint{}) && hmac.Equal(seal[:], p.Seal[:]), err
}

// secret is the database's own random number. A node tells its own to the sync node,
// and the sync node tells nobody. It is zero if nobody claimed the database yet.
func (r reader) secret(ctx context.Context) (model.Fingerprint, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	row, err := readIdentity(r.db.Read.WithContext(ctx))
	return model.Fingerprint(row.UID), r.db.Fail(ctx, "read the identity", err)
}

// mayDelete fails if the database's user has no right to delete plays, before anything
// is decided.
func (tx *writing) mayDelete(ctx context.Context) error {
	for _, table := range []string{"playlog", "correction"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE id < 0"); err != nil {
			return err
		}
	}
	return nil
}

// LearnPurges stores the purges that another database decided, and returns those that
// were not known. Of a known one it keeps what was deleted, if the other database
// says more of it. Error: model.ErrUnavailable.
func (w *writer) LearnPurges(ctx context.Context, theirs []model.Purge) (news model.Purges, _ error) {
	known, err := w.Purges(ctx)
	if err != nil {
		return nil, err
	}
	theirs = slices.DeleteFunc(slices.Clone(theirs), func(p model.Purge) bool {
		return slices.ContainsFunc(known, func(k model.Purge) bool { return k.UID() == p.UID() && !p.KnowsMore(&k) })
	})
	if len(theirs) == 0 {
		return nil, nil
	}
	return w.rememberPurges(ctx, theirs, false)
}

func (w *writer) rememberPurges(ctx context.Context, all []model.Purge, isOwn bool) (news model.Purges, _ error) {
	err := w.commit(ctx, "store purges", func(ctx context.Context, tx *writing) error {
		tx.touched.Inaudible()
		news = nil
		if isOwn {
			if err := tx.mayDelete(ctx); err != nil {
				return err
			}
		}
		for _, p := range all {
			known, err := tx.lockPurge(ctx, p.UID())
			switch {
			case err != nil:
				return err
			case known == nil:
				news = append(news, p)
				err = tx.insertPurge(ctx, p, isOwn)
			case !known.isOwn && p.KnowsMore(&known.Purge):
				err = tx.updatePurge(ctx, p)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	w.recent.forget()
	return news, err
}

// lockPurge reads a purge and keeps others from changing it until the transaction
// ends. It is nil if it is not known.
func (tx *writing) lockPurge(ctx context.Context, uid model.Fingerprint) (*purgeRow, error) {
	query := selectPurges + "WHERE uid = ?"
	if tx.Dialect.LocksRows() {
		query += sqldb.ForUpdate
	}
	rows, err := sqldb.Select(ctx, tx.Conn, scanPurge, query, sqldb.UID(uid))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func (tx *writing) insertPurge(ctx context.Context, p model.Purge, isOwn bool) error {
	gone, err := json.Marshal(model.AddGone(p.Gone))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO purged_plays (uid, before_at, source, made_at, made_by, reason, gone, seal, is_own, is_done) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		sqldb.UID(p.UID()), sqldb.At(p.Before), p.Source, sqldb.At(p.At), p.By, p.Reason, string(gone), sqldb.UID(p.Seal), isOwn, p.Done)
	return sqldb.Raced(err)
}

func (tx *writing) updatePurge(ctx context.Context, p model.Purge) error {
	gone, err := json.Marshal(model.AddGone(p.Gone))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE purged_plays SET gone = ?, is_done = ? WHERE uid = ?", string(gone), p.Done, sqldb.UID(p.UID()))
	return err
}
