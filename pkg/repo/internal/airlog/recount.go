package airlog

import (
	"context"
	"database/sql"
	"math"
	"time"

	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/titles"
)

// AllTitles are the titles of a log within a transaction, whatever changed. page is
// how many rows are read at once, at least 2.
func AllTitles(tx *sqldb.Tx, table Table, page int) *Titles {
	return newTitles(tx, rows{Conn: tx.Conn, table: table, page: page})
}

// NameSome has the plays of the log name their titles that have segments among the
// next ones from a time on. What is known of their titles is to be recounted. It
// returns where to continue, or nil after the last segment, and how many segments were
// wrong.
func (t *Titles) NameSome(ctx context.Context, from time.Time) (next *time.Time, wrong int, err error) {
	begins := func(r row) time.Time { return r.From }
	segments, rest, err := page(onair.Window{From: from}, t.rows.page, begins, func(limit int) ([]row, error) {
		return sqldb.Select(ctx, t.rows.Conn, scanSegment, "SELECT "+rowColumns+" FROM "+t.rows.table.Segments+" WHERE from_at >= ? ORDER BY from_at LIMIT ?",
			sqldb.At(from), limit)
	})
	if err != nil {
		return nil, 0, err
	}
	t.touch(plain(segments))
	wrong, err = t.settle(ctx, false)
	if !rest.To.IsZero() {
		next = &rest.To
	}
	return next, wrong, err
}

// FirstTitle is where RecountSome begins.
const FirstTitle int64 = math.MinInt64

// recounted is how many titles are counted again in one transaction.
const recounted = 500

// RecountSome counts the plays of the next titles, from one on, and corrects what is
// known of them, unless it is a dry run. It has all of them found by their words,
// because a title that an older program noted has none. It returns where to continue,
// or nil after the last title, and how many were wrong.
func (t *Titles) RecountSome(ctx context.Context, from int64, dryRun bool) (next *int64, wrong int, err error) {
	table := t.rows.table.Titles
	all, err := sqldb.Select(ctx, t.rows.Conn, scanKnown, "SELECT "+titleColumns+" FROM "+table+" WHERE id >= ? ORDER BY id LIMIT ?", from, recounted)
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	keys := make([]titles.Key, len(all))
	for i, one := range all {
		keys[i] = one.key
	}
	different, err := sqldb.Select(ctx, t.rows.Conn, scanKey, "SELECT id FROM "+table+" WHERE "+inKeys("id", keys)+
		" AND (plays <> "+t.count()+" OR plays > 0 AND (first_at <> "+t.bound("")+" OR last_at <> "+t.bound(" DESC")+"))")
	if err == nil && !dryRun {
		err = t.correct(ctx, all, different)
	}
	if last := int64(keys[len(keys)-1]); len(keys) == recounted && last < math.MaxInt64 {
		next = new(last + 1)
	}
	return next, len(different), err
}

// correct has titles found by their words, and notes again when those that are
// different were played.
func (t *Titles) correct(ctx context.Context, all []title, different []titles.Key) error {
	if err := t.addWords(ctx, all); err != nil || len(different) == 0 {
		return err
	}
	return t.update(ctx, t.count(), different)
}

// count is the expression for how often a title was played.
func (t *Titles) count() string { return "(SELECT COUNT(*) " + t.ofTitle() + ")" }

func scanKey(from *sql.Rows) (titles.Key, error) {
	n, err := scanNumber(from)
	return titles.Key(n), err
}
