package airlog

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
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/titles"
)

// rows reads and writes what the derivation of the on-air log needs. It does so
// without gorm, because every record takes this path.
type rows struct {
	sqldb.Conn       // of a transaction
	table      Table // where the log is
	source     int   // whose log it is; 0: that of the whole station
	page       int   // how many rows are read at once, at least 2
}

// Page is how many rows are read at once. It is small enough to need little
// memory, and large enough for a batch.
const Page = 2000

// page reads what starts in w, oldest first. If that is more than limit, it
// reads only the beginning of w and returns that window.
func page[T any](w onair.Window, limit int, start func(T) time.Time, read func(limit int) ([]T, error)) ([]T, onair.Window, error) {
	for {
		all, err := read(limit)
		if err != nil || len(all) < limit {
			return all, w, err
		}
		if last := start(all[len(all)-1]); last.After(w.From) {
			w.To = last // of those that start at last, some may be missing here: all of them are left for the rest
			return slices.DeleteFunc(all, func(one T) bool { return !start(one).Before(last) }), w, nil
		}
		limit *= 2 // all start at the same instant
	}
}

func scanTime(row *sql.Rows) (time.Time, error) {
	var t sqldb.Time
	err := row.Scan(&t)
	return t.Time, err
}

// nextActivation is when the first activation after at happened, or zero if
// there is none.
func (r rows) nextActivation(ctx context.Context, at time.Time) (time.Time, error) {
	next, err := sqldb.Select(ctx, r.Conn, scanTime,
		"SELECT active_from FROM activation WHERE active_from > ? ORDER BY active_from LIMIT 1", sqldb.At(at))
	if err != nil || len(next) == 0 {
		return time.Time{}, err
	}
	return next[0], nil
}

// activations are those that happened in w and the last one before w, in order;
// see page.
func (r rows) activations(ctx context.Context, w onair.Window, limit int) ([]model.Activation, onair.Window, error) {
	const columns = "SELECT epoch, source, active_from FROM activation WHERE "
	before, err := sqldb.Select(ctx, r.Conn, scanActivation, columns+"active_from < ? ORDER BY active_from DESC, epoch DESC LIMIT 1", sqldb.At(w.From))
	if err != nil {
		return nil, w, err
	}
	happened := func(a model.Activation) time.Time { return a.From }
	within, w, err := page(w, limit, happened, func(limit int) ([]model.Activation, error) {
		return sqldb.Select(ctx, r.Conn, scanActivation, columns+"active_from >= ? AND active_from < ? ORDER BY active_from, epoch LIMIT ?",
			sqldb.At(w.From), sqldb.UntilTime(w.To), limit)
	})
	return append(before, within...), w, err
}

func scanActivation(row *sql.Rows) (model.Activation, error) {
	var a model.Activation
	var from sqldb.Time
	err := row.Scan(&a.Epoch, &a.Source, &from)
	a.From = from.Time
	return a, err
}

// ofSource is the beginning of a query for records of a source, with the index
// to use. Without that hint, MariaDB uses the index only to find the source. It
// then goes through all that the source ever played, instead of looking up
// source and time together.
func (r rows) ofSource(columns string) string {
	return "SELECT " + columns + " FROM playlog " + r.Dialect.UseIndex("playlog_source") + " WHERE log_source = ? AND is_void = 0 AND "
}

// startsAfter is when the next records of a source start, at most limit of
// them.
func (r rows) startsAfter(ctx context.Context, source int, at time.Time, limit int) ([]time.Time, error) {
	return sqldb.Select(ctx, r.Conn, scanTime,
		r.ofSource("played_at")+"played_at > ? ORDER BY played_at LIMIT ?", source, sqldb.At(at), limit)
}

// lastRecords are those of a source that started last before a moment: several if
// they started at the same instant, and Derive knows which one counts.
func (r rows) lastRecords(ctx context.Context, source int, at time.Time) ([]record, error) {
	return sqldb.Select(ctx, r.Conn, scanRecord, r.ofSource(recordColumns)+"played_at = ("+r.ofSource("played_at")+
		"played_at < ? ORDER BY played_at DESC LIMIT 1)", source, source, sqldb.At(at))
}

// records are those of a source that start in w, and the last one before w; see
// page.
func (r rows) records(ctx context.Context, source int, w onair.Window) ([]record, onair.Window, error) {
	before, err := r.lastRecords(ctx, source, w.From)
	if err != nil {
		return nil, w, err
	}
	start := func(r record) time.Time { return r.Start }
	within, w, err := page(w, r.page, start, func(limit int) ([]record, error) {
		return sqldb.Select(ctx, r.Conn, scanRecord, r.ofSource(recordColumns)+"played_at >= ? AND played_at < ? ORDER BY played_at LIMIT ?",
			source, sqldb.At(w.From), sqldb.UntilTime(w.To), limit)
	})
	return append(before, within...), w, err
}

// record is a record with what it is called.
type record struct {
	onair.Record
	name
}

const recordColumns = "id, fingerprint, log_source, played_at, duration_ms, track_artist, track_title, overlay"

func scanRecord(row *sql.Rows) (r record, err error) {
	var e model.Entry
	var overlay sql.NullString
	err = row.Scan(&r.Entry, (*sqldb.UID)(&r.Fingerprint), &r.Source, (*sqldb.Moment)(&r.Start), (*sqldb.Length)(&e.Duration), &e.Artist, &e.Title, &overlay)
	if err == nil {
		err = shown(&e, r.Entry, overlay)
	}
	r.Duration, r.name = e.Duration, name{e.Artist, e.Title}
	return r, err
}

func unnamed(records []record) []onair.Record {
	plain := make([]onair.Record, len(records))
	for i, r := range records {
		plain[i] = r.Record
	}
	return plain
}

// shown applies what was corrected of an entry with that number.
func shown(e *model.Entry, number int64, overlay sql.NullString) error {
	if !overlay.Valid {
		return nil
	}
	if err := json.Unmarshal([]byte(overlay.String), &e.Overlay); err != nil {
		return fmt.Errorf("overlay of entry %d: %w", number, err)
	}
	*e = e.Effective()
	return nil
}

// row is a segment as the log's table keeps it.
type row struct {
	onair.Segment
	title titles.Key // of the play that begins with the segment
}

// plain are the segments of rows.
func plain(rows []row) []onair.Segment {
	segments := make([]onair.Segment, len(rows))
	for i, r := range rows {
		segments[i] = r.Segment
	}
	return segments
}

const (
	rowColumns = "from_at, until_at, entry_id, fingerprint, source, is_estimated, title_id"
	rowValues  = "(?, ?, ?, ?, ?, ?, ?)"
)

// segments are those of the log that touch w, in the form that Splice needs. If
// there are many, the returned window is only the beginning of w.
func (r rows) segments(ctx context.Context, w onair.Window) ([]row, onair.Window, error) {
	columns := r.from("SELECT "+rowColumns, true)
	before, err := sqldb.Select(ctx, r.Conn, scanSegment, columns+"from_at < ? ORDER BY from_at DESC LIMIT 1", sqldb.At(w.From))
	if err != nil {
		return nil, w, err
	}
	within, err := sqldb.Select(ctx, r.Conn, scanSegment, columns+"from_at >= ? AND from_at <= ? ORDER BY from_at LIMIT ?",
		sqldb.At(w.From), sqldb.UntilTime(w.To), r.page)
	if len(within) == r.page { // no two start at the same time
		w.To = within[r.page-1].From
	}
	return append(before, within...), w, err
}

func scanSegment(from *sql.Rows) (row, error) { return scanRow(from) }

// scanRow reads a row, and what follows it in the query.
func scanRow(from *sql.Rows, more ...any) (row, error) {
	var r row
	var until sql.Null[sqldb.Time]
	var title sql.NullInt64
	to := []any{(*sqldb.Moment)(&r.From), &until, &r.Entry, (*sqldb.UID)(&r.Fingerprint), &r.Source, &r.Estimated, &title}
	err := from.Scan(append(to, more...)...)
	r.Until, r.title = until.V.Time, titles.Key(title.Int64)
	return r, err
}

// replace takes segments out of the log and puts others in. A segment of which
// only the end changes is updated in place.
func (r rows) replace(ctx context.Context, remove []onair.Segment, add []row) error {
	starts := make(map[time.Time]bool, len(add))
	for _, s := range add {
		starts[s.From] = true
	}
	remove = slices.DeleteFunc(slices.Clone(remove), func(s onair.Segment) bool { return starts[s.From] })
	size := r.Dialect.RowsPerStatement()
	for part := range slices.Chunk(remove, size) {
		args := make([]any, len(part))
		for i, s := range part {
			args[i] = sqldb.At(s.From)
		}
		if _, err := r.Exec(ctx, r.from("DELETE", false)+"from_at IN (?"+strings.Repeat(", ?", len(part)-1)+")", args...); err != nil {
			return err
		}
	}
	return r.store(ctx, add)
}

// store puts rows in the log, in place of those that begin when they do.
func (r rows) store(ctx context.Context, add []row) error {
	return r.InParts(ctx, len(add), r.Dialect.RowsPerStatement(), func(rows int) string {
		return "REPLACE INTO " + r.table.Segments + " (" + rowColumns + ") VALUES " + rowValues + strings.Repeat(", "+rowValues, rows-1)
	}, func(i int, to []any) []any {
		s := &add[i]
		until := sql.Null[sqldb.Time]{V: sqldb.At(s.Until), Valid: !s.Until.IsZero()}
		title := sql.NullInt64{Int64: int64(s.title), Valid: s.title != 0}
		return append(to, sqldb.At(s.From), until, s.Entry, sqldb.UID(s.Fingerprint), s.Source, s.Estimated, title)
	})
}
