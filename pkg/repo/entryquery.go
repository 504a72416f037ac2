package repo

import (
	"context"
	"math"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// entryQuery is a query in SQL.
type entryQuery model.EntryQuery

// Entries returns the entries that q selects, newest first unless q.Oldest.
func (r reader) Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	entries, err := r.entries(ctx, entryQuery(q))
	return entries, r.db.Fail(ctx, "read entries", err)
}

// CountEntries counts the entries that q selects. It ignores After, Offset and
// Limit.
func (r reader) CountEntries(ctx context.Context, q model.EntryQuery) (int64, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	n, err := r.countEntries(ctx, entryQuery(q))
	return n, r.db.Fail(ctx, "count entries", err)
}

func (r reader) countEntries(ctx context.Context, q entryQuery) (n int64, err error) {
	if span, known := r.days.span(ctx, q); known {
		return q.byDay().Count(r.db.Read.WithContext(ctx), span)
	}
	err = q.selected(r.db.Read.WithContext(ctx)).Count(&n).Error
	return n, err
}

// eachPage is how many entries EachEntry reads at once.
const eachPage = 1000

// EachEntry calls fn with every entry that was played in [from, to), oldest
// first, without the voided ones. It stops at the first error of fn and returns
// it. It reads page by page: memory stays small, and however slow fn is, no
// connection and no transaction waits for it. An entry that is stored or moved
// meanwhile may or may not be included.
func (r reader) EachEntry(ctx context.Context, from, to time.Time, fn func(model.Entry) error) error {
	return eachEntry(ctx, r.Entries, from, to, fn)
}

func eachEntry(ctx context.Context, read func(context.Context, model.EntryQuery) ([]model.Entry, error), from, to time.Time, fn func(model.Entry) error) error {
	q := model.EntryQuery{From: from, To: to.Add(-time.Microsecond), Oldest: true, Limit: eachPage}
	for {
		entries, err := read(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := fn(e); err != nil {
				return err
			}
		}
		if len(entries) < eachPage {
			return nil
		}
		last := model.PositionOf(entries[len(entries)-1])
		q.After = &last
	}
}

// LatestEntry returns the entry that was played last, but not after at. Of
// several at the same instant it returns the one stored last. Error:
// model.ErrNotFound.
func (r reader) LatestEntry(ctx context.Context, at time.Time) (model.Entry, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	e, err := takeEntry[entryRow](entryQuery{To: at, Limit: 1}.paged(r.db.Read.WithContext(ctx)))
	return e, r.db.Fail(ctx, "read latest entry", err)
}

// LastPlay returns the entry of a source that was played last, with its overlay.
// Error: model.ErrNotFound.
func (r reader) LastPlay(ctx context.Context, source int) (model.Entry, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	e, err := takeEntry[entryRow](r.db.Read.WithContext(ctx).Model(&entryRow{}).Where("log_source = ?", source).Order("played_at DESC, id DESC"))
	return e, r.db.Fail(ctx, "read the last play", err)
}

// NextEntry returns the entry that was played first after a time. Error:
// model.ErrNotFound.
func (r reader) NextEntry(ctx context.Context, after time.Time) (model.Entry, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	e, err := takeEntry[entryRow](entryQuery{From: justAfter(after), Oldest: true, Limit: 1}.paged(r.db.Read.WithContext(ctx)))
	return e, r.db.Fail(ctx, "read next entry", err)
}

// entryOf is a type of row that holds an entry.
type entryOf[R any] interface {
	*R
	// columns are what a query selects for the row, and targets where the
	// values go.
	columns() string
	targets() []any
	entry() (model.Entry, error)
}

// findEntries reads all entries that the query returns.
func findEntries[R any, P entryOf[R]](query *gorm.DB) ([]model.Entry, error) {
	entries := []model.Entry{}
	err := scanRows(query, func(row P) error {
		e, err := row.entry()
		entries = append(entries, e)
		return err
	})
	return entries, err
}

// takeEntry reads the first entry that the query returns.
func takeEntry[R any, P entryOf[R]](query *gorm.DB) (model.Entry, error) {
	row, err := takeRow[R, P](query)
	if err != nil {
		return model.Entry{}, err
	}
	return P(&row).entry()
}

// takeRow reads the first row of the query. Error: gorm.ErrRecordNotFound.
func takeRow[R any, P entryOf[R]](query *gorm.DB) (first R, _ error) {
	found := false
	err := scanRows(query.Limit(1), func(row P) error {
		first, found = *row, true
		return nil
	})
	if err == nil && !found {
		err = gorm.ErrRecordNotFound
	}
	return first, err
}

// scanRows calls fn with each row of the query; the row is valid until fn
// returns. It does not use gorm, which does not know the columns and is slower.
func scanRows[R any, P entryOf[R]](query *gorm.DB, fn func(P) error) error {
	row := P(new(R))
	rows, err := query.Select(row.columns()).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for to := row.targets(); rows.Next(); {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// selected is the query without order and paging. The flags are literals in the
// SQL: SQLite uses a partial index only if the condition's values are in the
// statement.
func (q entryQuery) selected(g *gorm.DB) *gorm.DB {
	return q.within(g.Model(&entryRow{}).Where(q.kind()), "playlog.played_at")
}

// kind selects the entries that engines sent, or those that are not void.
func (q entryQuery) kind() string {
	if q.Raw {
		return "is_manual = 0"
	}
	return "is_void = 0"
}

// within are the conditions that also apply to the on-air log. column is the
// time by which entries are ordered.
func (q entryQuery) within(g *gorm.DB, column string) *gorm.DB {
	if q.UnsyncedOnly {
		g = g.Where("playlog.is_synced = 0")
	}
	if q.Named {
		g = g.Where(q.effective("track_artist") + " OR " + q.effective("track_title"))
	}
	if !q.From.IsZero() {
		g = g.Where(column+" >= ?", sqldb.At(sqldb.RoundUp(q.From)))
	}
	if !q.To.IsZero() {
		g = g.Where(column+" <= ?", sqldb.At(q.To))
	}
	return g
}

// effective says that a text is not blank, with corrections applied unless q.Raw.
// An amendment to an empty text is "" in quotes to MariaDB, and without quotes to
// SQLite. Only texts that earlier versions stored can consist of blanks.
func (q entryQuery) effective(column string) string {
	text := "playlog." + column
	if !q.Raw {
		text = "COALESCE(JSON_EXTRACT(playlog.overlay, '$.changes." + column + "'), " + text + ")"
	}
	return "REPLACE(" + text + `, ' ', '') NOT IN ('', '""')`
}

// bounded uses the position of After as a bound of the range. Neither database
// would derive that bound from the comparison of the pair.
func (q entryQuery) bounded() entryQuery {
	if q.After == nil {
		return q
	}
	q.Offset = 0
	if q.Oldest && q.From.Before(q.After.PlayedAt) {
		q.From = q.After.PlayedAt
	}
	if !q.Oldest && (q.To.IsZero() || q.To.After(q.After.PlayedAt)) {
		q.To = q.After.PlayedAt
	}
	return q
}

func (q entryQuery) paged(g *gorm.DB) *gorm.DB {
	q = q.bounded()
	g = q.selected(g)
	order, beyond := "played_at DESC, id DESC", "(played_at < ? OR id < ?)"
	if q.Oldest {
		order, beyond = "played_at, id", "(played_at > ? OR id > ?)"
	}
	if q.After != nil {
		g = g.Where(beyond, sqldb.At(q.After.PlayedAt), q.After.ID)
	}
	limit := q.Limit
	if limit == 0 {
		limit = math.MaxInt32 // OFFSET needs a LIMIT
	}
	return g.Order(order).Offset(q.Offset).Limit(limit)
}

// justAfter is the first whole microsecond that is after t.
func justAfter(t time.Time) time.Time { return t.Truncate(time.Microsecond).Add(time.Microsecond) }
