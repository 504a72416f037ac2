package airlog

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/titles"
)

// playedDay is the titles of the plays that began on a day, as the table keeps it:
// counted once, so that nobody has to count years of plays.
//
// It counts if as many segments begin on the day as the table of days says. So a new
// segment takes it out of use by itself, and what plays now costs nothing more. Whoever
// takes a segment away, or has it name another title, marks the day.
type playedDay struct {
	Day      string `gorm:"primaryKey"`
	Segments int64
	Titles   []byte
}

// titleSize is how many bytes of titles each play has.
const titleSize = 8

// PlayedTitles calls play with the title of each play of a day, as the table keeps
// them.
func PlayedTitles(day []byte, play func(titles.Key)) {
	for ; len(day) >= titleSize; day = day[titleSize:] {
		play(titles.Key(binary.BigEndian.Uint64(day)))
	}
}

// mark notes that something changed of a segment that was there before.
func (t *Titles) mark(from time.Time) { t.days[sqldb.Date(sqldb.StartOfDay(from))] = true }

// unmark takes the titles of the marked days out of use. The rows stay, because to
// delete them needs a privilege.
func (t *Titles) unmark(ctx context.Context) error {
	for part := range slices.Chunk(slices.Sorted(maps.Keys(t.days)), sqldb.MaxList) {
		args := make([]any, len(part))
		for i, day := range part {
			args[i] = day
		}
		_, err := t.rows.Exec(ctx, "UPDATE "+t.rows.table.Played+" SET segments = NULL WHERE day IN (?"+strings.Repeat(", ?", len(part)-1)+") AND segments IS NOT NULL", args...)
		if err != nil {
			return err
		}
	}
	clear(t.days)
	return nil
}

// playedDays is how many days are counted in one transaction, at most.
const playedDays = 20

// LacksPlayed reports whether there is a day until before another whose titles are not
// kept.
func LacksPlayed(ctx context.Context, conn sqldb.Conn, table Table, until time.Time) (bool, error) {
	lacking, err := rows{Conn: conn, table: table}.lackPlayed(ctx, time.Time{}, until, 1)
	return len(lacking) > 0, err
}

// KeepSome keeps the titles of the first days that are not kept, from one day on until
// before another. It returns where to continue, or nil after the last day.
func (t *Titles) KeepSome(ctx context.Context, from, until time.Time) (next *time.Time, err error) {
	lacking, err := t.rows.lackPlayed(ctx, from, until, playedDays)
	if err != nil {
		return nil, err
	}
	for _, day := range lacking {
		played, err := t.played(ctx, day)
		if err == nil { // not by REPLACE, which needs the privilege to delete
			err = t.tx.Gorm(ctx).Table(t.rows.table.Played).Clauses(clause.OnConflict{UpdateAll: true}).Create(&played).Error
		}
		if err != nil {
			return nil, err
		}
		t.tx.GoesOn()
		from = sqldb.NextDay(day)
	}
	if len(lacking) < playedDays {
		return nil, nil
	}
	return &from, nil
}

// lackPlayed are the first days whose titles are not kept.
func (r rows) lackPlayed(ctx context.Context, from, until time.Time, limit int) ([]time.Time, error) {
	return sqldb.Select(ctx, r.Conn, scanDay, "SELECT counted.day FROM "+r.table.Days+" counted LEFT JOIN "+r.table.Played+" played ON played.day = counted.day"+
		" WHERE counted.day >= ? AND counted.day < ? AND counted.segments > 0 AND (played.segments IS NULL OR played.segments <> counted.segments) ORDER BY counted.day LIMIT ?",
		sqldb.Date(from), sqldb.Date(until), limit)
}

func scanDay(from *sql.Rows) (day time.Time, err error) {
	var date string
	if err := from.Scan(&date); err != nil {
		return day, err
	}
	return time.Parse(time.DateOnly, date)
}

// played are the titles of the plays that begin on a day. It counts the segments, so
// that a wrong number of the table of days keeps nothing in use.
func (t *Titles) played(ctx context.Context, day time.Time) (playedDay, error) {
	all, err := sqldb.Select(ctx, t.rows.Conn, scanTitle, "SELECT title_id FROM "+t.rows.table.Segments+" WHERE from_at >= ? AND from_at < ?",
		sqldb.At(day), sqldb.At(sqldb.NextDay(day)))
	n := int64(len(all))
	all = slices.DeleteFunc(all, func(id sql.NullInt64) bool { return !id.Valid })
	slices.SortFunc(all, func(a, b sql.NullInt64) int { return cmp.Compare(a.Int64, b.Int64) })
	packed := make([]byte, 0, titleSize*len(all))
	for _, id := range all {
		packed = binary.BigEndian.AppendUint64(packed, uint64(id.Int64))
	}
	return playedDay{sqldb.Date(day), n, packed}, err
}

func scanTitle(from *sql.Rows) (id sql.NullInt64, err error) {
	err = from.Scan(&id)
	return id, err
}

// CheckSome counts the next days again whose titles are kept, from one on, and takes
// those out of use that are wrong, unless it is a dry run. It returns where to
// continue, or nil after the last day, and how many were wrong.
func (t *Titles) CheckSome(ctx context.Context, from time.Time, dryRun bool) (next *time.Time, wrong int, err error) {
	kept, err := sqldb.Select(ctx, t.rows.Conn, scanPlayed, "SELECT day, segments, titles FROM "+t.rows.table.Played+" WHERE day >= ? AND segments IS NOT NULL ORDER BY day LIMIT ?",
		sqldb.Date(from), playedDays)
	if err != nil {
		return nil, 0, err
	}
	for _, k := range kept {
		day, err := time.Parse(time.DateOnly, k.Day)
		if err != nil {
			return nil, wrong, err
		}
		right, err := t.played(ctx, day)
		if err != nil {
			return nil, wrong, err
		}
		if k.Segments == right.Segments && !bytes.Equal(k.Titles, right.Titles) {
			t.mark(day)
			wrong++
		}
		t.tx.GoesOn()
		from = sqldb.NextDay(day)
	}
	if len(kept) == playedDays {
		next = &from
	}
	if dryRun {
		clear(t.days)
	}
	return next, wrong, t.unmark(ctx)
}

func scanPlayed(from *sql.Rows) (d playedDay, err error) {
	err = from.Scan(&d.Day, &d.Segments, &d.Titles)
	return d, err
}
