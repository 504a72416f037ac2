package repo

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// pending is what was said since it was derived last what was heard.
type pending struct {
	fresh   []freshEntry // by when they were played
	changes []pendingChange
	// moreFresh and moreChanges: there is more than can be followed in one
	// transaction.
	moreFresh, moreChanges bool
}

func (p pending) more() bool { return p.moreFresh || p.moreChanges }

// mostPending is how much is followed in one transaction, at most.
const mostPending = 2000

// touched is what is to be derived again, for each source.
func (p pending) touched() map[int]*onair.Touches {
	touched := make(map[int]*onair.Touches)
	of := func(source int) *onair.Changes {
		if touched[source] == nil {
			touched[source] = &onair.Touches{}
		}
		return touched[source].Of(source)
	}
	// What is fresh comes first: whatever changed of it was never derived.
	for _, e := range p.fresh {
		of(e.source).Play(onair.PlayChange{ID: e.fingerprint, Start: e.playedAt})
	}
	for _, c := range p.changes {
		if c.play == nil {
			changes := of(c.source)
			changes.Reports = append(changes.Reports, c.at)
			continue
		}
		of(c.source).Play(*c.play)
	}
	return touched
}

// freshEntry is an entry that was stored on a node, and of which it was not
// derived yet what was heard. Its day is not counted either. The entry says so of
// itself, in column is_uncounted.
type freshEntry struct {
	id          int64
	source      int
	playedAt    time.Time
	fingerprint model.Fingerprint
}

func scanFresh(row *sql.Rows) (e freshEntry, err error) {
	err = row.Scan(&e.id, &e.source, (*sqldb.Moment)(&e.playedAt), (*sqldb.UID)(&e.fingerprint))
	return e, err
}

// fresh are the first fresh entries.
func (b bulk) fresh(ctx context.Context, limit int) ([]freshEntry, error) {
	return sqldb.Select(ctx, b.Conn, scanFresh,
		"SELECT id, log_source, played_at, fingerprint FROM playlog "+b.Dialect.UseIndex("playlog_uncounted")+" WHERE is_uncounted = 1 ORDER BY played_at LIMIT ?", limit)
}

// settle notes that entries are not fresh any more, and names their days.
func (tx *writing) settle(ctx context.Context, entries []freshEntry) error {
	tx.touched.Inaudible()
	ids := make([]int64, len(entries))
	for i, e := range entries {
		ids[i] = e.id
		tx.nameDay(sqldb.StartOfDay(e.playedAt))
	}
	slices.Sort(ids) // others lock them in the same order
	for part := range slices.Chunk(ids, sqldb.MaxList) {
		if _, err := tx.Exec(ctx, "UPDATE playlog SET is_uncounted = 0 WHERE "+sqldb.InNumbers("id", part)); err != nil {
			return err
		}
	}
	return nil
}

// pendingChange is a row of table heard_pending: a change of a play that was
// derived before, or of a report of health.
type pendingChange struct {
	id     int64
	source int
	at     time.Time
	play   *onair.PlayChange // nil: a report of health
}

func scanPending(row *sql.Rows) (c pendingChange, err error) {
	var id []byte
	var was sql.NullString
	if err := row.Scan(&c.id, &c.source, (*sqldb.Moment)(&c.at), &id, &was); err != nil || id == nil {
		return c, err
	}
	c.play = &onair.PlayChange{Was: new(heard.Play), Start: c.at}
	if err := (*sqldb.UID)(&c.play.ID).Scan(id); err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(was.String), c.play.Was); err != nil {
		return c, fmt.Errorf("play of pending change %d: %w", c.id, err)
	}
	return c, nil
}

// markPending notes of which changes it is to be derived again what was heard. New
// entries say so of themselves.
func (tx *writing) markPending(ctx context.Context) error {
	var rows []any
	for _, source := range tx.touched.Sources() {
		changes := tx.touched.Changes(source)
		for _, p := range changes.Plays {
			if p.Was == nil {
				continue
			}
			was, err := json.Marshal(p.Was)
			if err != nil {
				return err
			}
			rows = append(rows, source, sqldb.At(p.Start), sqldb.UID(p.ID), string(was))
		}
		for _, at := range changes.Reports {
			rows = append(rows, source, sqldb.At(at), nil, nil)
		}
	}
	const columns = 4
	return tx.InParts(ctx, len(rows)/columns, tx.Dialect.RowsPerInsert(), func(n int) string {
		return "INSERT INTO heard_pending (source, at, fingerprint, was) VALUES (?, ?, ?, ?)" + strings.Repeat(", (?, ?, ?, ?)", n-1)
	}, func(i int, to []any) []any { return append(to, rows[i*columns:(i+1)*columns]...) })
}

// takePending reads what is pending, and notes that it is not any more: at most
// that many entries and changes.
func (tx *writing) takePending(ctx context.Context, most int) (p pending, err error) {
	p.changes, err = sqldb.Select(ctx, tx.Conn, scanPending, "SELECT id, source, at, fingerprint, was FROM heard_pending ORDER BY id LIMIT ?", most)
	if err != nil {
		return p, err
	}
	if p.fresh, err = tx.fresh(ctx, most); err != nil {
		return p, err
	}
	p.moreFresh, p.moreChanges = len(p.fresh) == most, len(p.changes) == most
	if err := tx.settle(ctx, p.fresh); err != nil {
		return p, err
	}
	ids := make([]int64, len(p.changes))
	for i, c := range p.changes {
		ids[i] = c.id
	}
	for part := range slices.Chunk(ids, sqldb.MaxList) {
		if _, err := tx.Exec(ctx, "DELETE FROM heard_pending WHERE "+sqldb.InNumbers("id", part)); err != nil {
			return p, err
		}
	}
	return p, nil
}
