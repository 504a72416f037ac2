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

// Purgeable adds up what a purge would delete now, by source and month. month names
// the month of a time, and progress, which may be nil, is told how many entries were
// looked at. It takes as long as it takes. Error: model.ErrUnavailable.
func (r reader) Purgeable(ctx context.Context, p model.Purge, month func(time.Time) string, progress func(done int64)) (all []model.Gone, err error) {
	sources, err := r.Sources(ctx)
	if err != nil {
		return nil, err
	}
	var done int64
	for _, source := range sources {
		if _, ok := p.Of(source); !ok {
			continue
		}
		q := model.RecordQuery{Source: source, To: p.Before, Limit: digestPage / 10}
		for isOver := false; !isOver; {
			var page []model.Gone
			if page, q.After, err = r.purgeablePage(ctx, q, month); err != nil {
				return nil, err
			}
			all, isOver = model.AddGone(all, page...), q.After == nil
			if done += model.Total(page).Entries; progress != nil {
				progress(done)
			}
		}
	}
	return all, nil
}

func (r reader) purgeablePage(ctx context.Context, q model.RecordQuery, month func(time.Time) string) (all []model.Gone, next *model.Position, err error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	entries, next, err := r.reads().entryPage(ctx, q, "")
	return goneOf(entries, month), next, r.db.Fail(ctx, "count what is to be purged", err)
}

// entryPage reads the entries of a page, without their corrections.
func (b bulk) entryPage(ctx context.Context, q model.RecordQuery, locking string) ([]*storedRecord, *model.Position, error) {
	ids, next, err := b.page(ctx, "playlog", "log_source", "played_at", q)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(ids) // others lock them in the same order
	entries, err := numberedRows(ids, func(where string) ([]*storedRecord, error) { return b.entries(ctx, recordColumns+where+locking) })
	return entries, next, err
}

func goneOf(entries []*storedRecord, month func(time.Time) string) []model.Gone {
	all := make([]model.Gone, len(entries))
	for i, r := range entries {
		all[i] = model.GoneOf(r.Entry, month(r.playedAt))
	}
	return model.AddGone(nil, all...)
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

// PurgePlays deletes plays that are gone by a purge that the database knows, with all
// that belongs to them: the oldest of a source, at most limit. It returns what that
// was, and whether there may be more. If the purge was decided here, it keeps the
// sum. month names the month of a time. Errors: model.ErrNotFound,
// model.ErrUnavailable.
func (w *writer) PurgePlays(ctx context.Context, uid model.Fingerprint, month func(time.Time) string, limit int) (gone []model.Gone, more bool, _ error) {
	err := w.commit(ctx, "purge plays", func(ctx context.Context, tx *writing) error {
		tx.touched.Inaudible()
		p, err := tx.lockPurge(ctx, uid)
		if err != nil {
			return err
		}
		if p == nil {
			return model.ErrNotFound
		}
		entries, found, err := tx.purgeable(ctx, &p.Purge, limit)
		if err != nil {
			return err
		}
		gone, more = goneOf(entries, month), found
		if err := tx.deleteEntries(ctx, entries); err != nil || !p.isOwn || more && len(gone) == 0 || !more && p.Done {
			return err
		}
		p.Gone, p.Done = model.AddGone(p.Gone, gone...), p.Done || !more
		return tx.updatePurge(ctx, p.Purge)
	})
	return gone, more, err
}

// PurgePlays is that of a Station, and derives at once what was heard of the rest.
// Otherwise too much would pend.
func (n *Node) PurgePlays(ctx context.Context, uid model.Fingerprint, month func(time.Time) string, limit int) (gone []model.Gone, more bool, _ error) {
	gone, more, err := n.writer.PurgePlays(ctx, uid, month, limit)
	if err == nil && len(gone) > 0 {
		n.heard.followFor(ctx)
	}
	return gone, more, err
}

// purgeable locks the first entries that a purge is about. found says that there were
// any: others may have changed them all meanwhile.
func (tx *writing) purgeable(ctx context.Context, p *model.Purge, limit int) (entries []*storedRecord, found bool, err error) {
	sources := []int{p.Source}
	if p.Source == 0 {
		if sources, err = sourcesOf(ctx, tx.Conn); err != nil {
			return nil, false, err
		}
	}
	locking := ""
	if tx.Dialect.LocksRows() {
		locking = sqldb.ForUpdate
	}
	for _, source := range sources {
		q := model.RecordQuery{Source: source, To: p.Before, Limit: limit}
		entries, next, err := tx.entryPage(ctx, q, locking)
		if err != nil || next != nil || len(entries) > 0 {
			entries = slices.DeleteFunc(entries, func(r *storedRecord) bool { return !r.playedAt.Before(p.Before) })
			return entries, true, err
		}
	}
	return nil, false, nil
}

// deleteEntries deletes entries with their corrections, and what the sync node said
// about them.
func (tx *writing) deleteEntries(ctx context.Context, entries []*storedRecord) error {
	ids, fingerprints := make([]int64, len(entries)), make([]model.Fingerprint, len(entries))
	for i, r := range entries {
		ids[i], fingerprints[i] = r.Entry.ID, r.id
		tx.touchGone(r.id, &r.Entry)
	}
	for part := range slices.Chunk(fingerprints, sqldb.MaxList) {
		if _, err := tx.Exec(ctx, "DELETE FROM correction WHERE "+sqldb.In("entry", part)); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(ids, sqldb.MaxList) {
		if _, err := tx.Exec(ctx, "DELETE FROM playlog WHERE "+sqldb.InNumbers("id", part)); err != nil {
			return err
		}
	}
	return tx.unpark(ctx, model.KindEntry, fingerprints)
}
