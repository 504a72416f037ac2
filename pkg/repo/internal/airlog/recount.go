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
// next ones from a time on. Their titles are known then, and what is known of them is
// to be recounted. It returns where to continue, or nil after the last segment, and
// how many segments were wrong.
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
	if wrong, err = t.nameAll(ctx, false); err == nil {
		_, _, err = t.add(ctx)
	}
	clear(t.plays)
	if !rest.To.IsZero() {
		next = &rest.To
	}
	return next, wrong, err
}

// FirstTitle is where RecountSome begins.
const FirstTitle = math.MinInt64

// recounted is how many titles are counted again in one transaction.
const recounted = 500

// RecountSome counts the plays of the next titles, from one on, and corrects what is
// known of them, unless it is a dry run. A title that is not listed has no words yet.
// It returns where to continue, or nil after the last title, and how many were wrong.
func (t *Titles) RecountSome(ctx context.Context, from int64, dryRun bool) (next *int64, wrong int, err error) {
	table := t.rows.table.Titles
	keys, err := sqldb.Select(ctx, t.rows.Conn, scanNumber, "SELECT id FROM "+table+" WHERE id >= ? ORDER BY id LIMIT ?", from, recounted)
	if err != nil || len(keys) == 0 {
		return nil, 0, err
	}
	different, err := sqldb.Select(ctx, t.rows.Conn, scanKey, "SELECT id FROM "+table+" WHERE "+sqldb.InNumbers("id", keys)+
		" AND (plays <> "+t.count()+" OR plays > 0 AND (first_at <> "+t.bound("")+" OR last_at <> "+t.bound(" DESC")+")"+
		" OR (plays > 0) <> EXISTS (SELECT 1 FROM title_first WHERE "+t.inLog()+" AND title_id = "+table+".id AND (title_first.first_at = "+table+".first_at OR plays = 0)))")
	if err == nil && len(different) > 0 && !dryRun {
		err = t.correct(ctx, different)
	}
	if last := keys[len(keys)-1]; len(keys) == recounted && last < math.MaxInt64 {
		next = new(last + 1)
	}
	return next, len(different), err
}

// correct notes again all that is known of titles.
func (t *Titles) correct(ctx context.Context, keys []titles.Key) error {
	texts, err := sqldb.Select(ctx, t.rows.Conn, scanText, "SELECT id, folded FROM "+t.rows.table.Titles+" WHERE "+inKeys("id", keys))
	if err == nil {
		err = t.addWords(ctx, texts)
	}
	if err == nil {
		err = t.update(ctx, t.count(), keys)
	}
	if err == nil {
		err = t.unlist(ctx, keys)
	}
	if err == nil {
		err = t.list(ctx, keys)
	}
	return err
}

// count is the expression for how often a title was played.
func (t *Titles) count() string { return "(SELECT COUNT(*) " + t.ofTitle() + ")" }

func scanKey(from *sql.Rows) (titles.Key, error) {
	n, err := scanNumber(from)
	return titles.Key(n), err
}
