package repo

import (
	"context"
	"database/sql"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

// bulk executes the statements about many records at once. It goes past gorm,
// whose reflection costs more than what the databases do.
type bulk struct {
	pool    gorm.ConnPool // a pool or a transaction
	dialect dialect
	changed *changes // nil if nothing is written
}

// reads is for answers.
func (db *DB) reads() bulk { return bulk{pool: db.read.Statement.ConnPool, dialect: db.dialect} }

// query executes a statement that gives rows.
func (b bulk) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return b.pool.QueryContext(b.dialect.statementContext(ctx), query, args...)
}

// storedRecord is a record as the database has it, and the hash that is stored
// with it.
type storedRecord struct {
	model.Record
	id       model.Fingerprint
	content  dbContent
	playedAt time.Time
}

// maxList bounds the list of an IN.
const maxList = 500

// in is a condition on a column of fingerprints. They are written out, because
// the SQLite driver takes long to bind many values.
func in(column string, ids []model.Fingerprint) string {
	var b strings.Builder
	b.Grow(len(column) + 8 + 36*len(ids))
	b.WriteString(column)
	b.WriteString(" IN (")
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("X'")
		b.WriteString(hex.EncodeToString(id[:]))
		b.WriteByte('\'')
	}
	b.WriteByte(')')
	return b.String()
}

var recordColumns = "SELECT " + strings.Join(entryColumns, ", ") + " FROM playlog "

// entries reads the entries that a query, which begins with recordColumns,
// gives; without their corrections.
func (b bulk) entries(ctx context.Context, query string, args ...any) ([]*storedRecord, error) {
	rows, err := b.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*storedRecord
	var r entryRow
	to := r.targets()
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		e, err := r.entry()
		if err != nil {
			return nil, err
		}
		all = append(all, &storedRecord{Record: model.Record{Entry: e}, id: model.Fingerprint(r.Fingerprint), content: r.Content, playedAt: r.PlayedAt.Time})
	}
	return all, rows.Err()
}

// records reads the entries that a query gives, and their corrections.
func (b bulk) records(ctx context.Context, query, locking string, args ...any) ([]*storedRecord, error) {
	all, err := b.entries(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	ids := make([]model.Fingerprint, len(all))
	for i, r := range all {
		ids[i] = r.id
	}
	corrections, err := b.corrections(ctx, ids, locking)
	for _, r := range all {
		r.Corrections = corrections[r.id]
	}
	return all, err
}

// corrections reads the corrections of entries, of each the oldest first.
func (b bulk) corrections(ctx context.Context, entries []model.Fingerprint, locking string) (map[model.Fingerprint][]model.Correction, error) {
	all := map[model.Fingerprint][]model.Correction{}
	// A lock sees what others committed meanwhile; this would not.
	if locking == "" && len(entries) > fewRows {
		if some, err := b.hasRows(ctx, "correction"); err != nil || !some {
			return all, err
		}
	}
	for part := range slices.Chunk(entries, maxList) {
		if err := b.correctionsOf(ctx, part, locking, all); err != nil {
			return nil, err
		}
	}
	for _, corrections := range all {
		slices.SortFunc(corrections, func(a, b model.Correction) int { return a.At.Compare(b.At) })
	}
	return all, nil
}

func (b bulk) correctionsOf(ctx context.Context, entries []model.Fingerprint, locking string, to map[model.Fingerprint][]model.Correction) error {
	rows, err := b.query(ctx, "SELECT id, entry, kind, made_at, made_by, reason, changes, replaced, is_synced FROM correction WHERE "+
		in("entry", entries)+locking)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r correctionRow
		if err := rows.Scan(&r.ID, &r.Entry, &r.Kind, &r.MadeAt, &r.MadeBy, &r.Reason, &r.Changes, &r.Replaced, &r.IsSynced); err != nil {
			return err
		}
		c, err := r.correction()
		if err != nil {
			return err
		}
		to[c.Entry] = append(to[c.Entry], c)
	}
	return rows.Err()
}

// fewRows are so many that asking for them costs no more than asking whether
// their table has any rows at all.
const fewRows = 20

// hasRows reports whether there is anything in a table that mostly is empty. To
// look up hundreds of keys in vain costs as much as storing a part of their rows.
func (b bulk) hasRows(ctx context.Context, table string) (some bool, err error) {
	rows, err := b.query(ctx, "SELECT 1 FROM "+table+" LIMIT 1")
	if err != nil {
		return false, err
	}
	defer rows.Close()
	some = rows.Next()
	return some, rows.Err()
}

// exec executes a statement and returns how many rows it changed.
func (b bulk) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := b.pool.ExecContext(b.dialect.statementContext(ctx), query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// forUpdate ends a query whose rows nobody else may change until the
// transaction ends. It also sees what was committed after the transaction
// began, or conflicts with it.
const forUpdate = " FOR UPDATE"

// decide has every arrival compared with what is stored of it.
func (b bulk) decide(ctx context.Context, arrivals []*arrival, lock bool) error {
	locking := ""
	if lock {
		locking = forUpdate
	}
	ids := make([]model.Fingerprint, len(arrivals))
	for i, a := range arrivals {
		ids[i] = a.id
	}
	stored := make(map[model.Fingerprint]*storedRecord)
	for part := range slices.Chunk(ids, maxList) {
		rows, err := b.entries(ctx, recordColumns+"WHERE "+in("fingerprint", part)+locking)
		if err != nil {
			return err
		}
		for _, r := range rows {
			stored[r.id] = r
		}
	}
	corrections, err := b.corrections(ctx, ids, locking)
	if err != nil {
		return err
	}
	for _, a := range arrivals {
		a.decide(stored[a.id], corrections[a.id])
	}
	return nil
}

// storeArrivals writes what the arrivals decided.
func (tx *writing) storeArrivals(ctx context.Context, arrivals []*arrival) error {
	err := tx.storeSome(ctx, arrivals, (*arrival).isNew, tx.dialect.insertMany)
	if err != nil && tx.dialect.isDuplicate(err) {
		return errRaced
	}
	if err == nil {
		err = tx.storeSome(ctx, arrivals, (*arrival).isRewritten, tx.dialect.rewrite)
	}
	if err != nil {
		return err
	}
	if err := tx.addCorrections(ctx, arrivals); err != nil {
		return err
	}
	var confirmed []model.Ack
	for _, a := range selectArrivals(arrivals, (*arrival).isConfirmed) {
		confirmed = append(confirmed, model.Ack{Fingerprint: a.id, Content: a.final})
	}
	if err := tx.markSynced(ctx, confirmed); err != nil {
		return err
	}
	var rewritten []model.Fingerprint
	for _, a := range selectArrivals(arrivals, (*arrival).isRewritten) {
		if a.merged.Entry.Synced {
			rewritten = append(rewritten, a.id)
		}
	}
	return tx.unpark(ctx, model.KindEntry, rewritten)
}

// write executes the statement for rows, in as many parts as the database takes
// well.
func (tx *writing) write(ctx context.Context, rows []entryRow, statement func(rows int) string) error {
	return tx.inParts(ctx, len(rows), tx.dialect.rowsPerInsert(), statement, func(i int, to []any) []any { return rows[i].whole(to) })
}

// inParts executes a statement about n rows, at most size at once; values appends
// those of one row. More rows than one part belong into a transaction.
func (b bulk) inParts(ctx context.Context, n, size int, statement func(rows int) string, values func(row int, to []any) []any) error {
	var whole *sql.Stmt // for parts of that size, where there are several
	ctx = b.dialect.statementContext(ctx)
	if b.dialect.prepares() && n >= 2*size {
		var err error
		if whole, err = b.pool.PrepareContext(ctx, statement(size)); err != nil {
			return err
		}
		defer whole.Close()
	}
	var args []any
	for row := 0; row < n; {
		part := min(size, n-row)
		args = args[:0]
		for range part {
			args = values(row, args)
			row++
		}
		if whole == nil || part < size {
			if _, err := b.pool.ExecContext(ctx, statement(part), args...); err != nil {
				return err
			}
			continue
		}
		result, err := whole.ExecContext(ctx, args...)
		if err == nil {
			err = b.changed.note(statement(size), result) // past watchedPool
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (tx *writing) storeSome(ctx context.Context, arrivals []*arrival, which func(*arrival) bool, statement func(rows int) string) error {
	var rows []entryRow
	for _, a := range arrivals {
		if !which(a) {
			continue
		}
		row, err := recordRow(a.merged, a.id, a.final)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	return tx.write(ctx, rows, statement)
}

func (tx *writing) addCorrections(ctx context.Context, arrivals []*arrival) error {
	var missing []model.Correction
	for _, a := range arrivals {
		missing = append(missing, a.missing...)
	}
	rows := make([]correctionRow, len(missing))
	for i, c := range missing {
		var err error
		if rows[i], err = newCorrectionRow(c); err != nil {
			return err
		}
	}
	const row = "(?, ?, ?, ?, ?, ?, ?, ?)"
	return tx.inParts(ctx, len(rows), tx.dialect.rowsPerInsert(), func(rows int) string {
		return "INSERT INTO correction (uid, entry, kind, made_at, made_by, reason, changes, replaced) VALUES " +
			row + strings.Repeat(", "+row, rows-1) + tx.dialect.insertMissing("uid")
	}, func(i int, to []any) []any {
		r := &rows[i]
		return append(to, r.UID, r.Entry, r.Kind, r.MadeAt, r.MadeBy, r.Reason, r.Changes, r.Replaced)
	})
}
