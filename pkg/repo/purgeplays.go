package repo

import (
	"context"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

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
