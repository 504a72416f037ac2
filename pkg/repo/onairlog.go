package repo

import (
	"context"
	"database/sql"
	"math"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// OnAirLog reads the on-air log of a station, or what was heard at a node: the
// entries that were on air, once for each time they were on air, with Air and
// Overlay. They are selected and ordered by when they went on air. No entry in it
// is void, regardless of EntryQuery.Raw.
type OnAirLog struct {
	db    *sqldb.DB
	table airlog.Table
	// follow brings the log up to date before it is read, as far as possible.
	follow func(ctx context.Context)
	// listed reports whether the words of all titles are noted.
	listed    func(ctx context.Context) (bool, error)
	searching searching
}

// OnAir is the on-air log that the Station keeps. It is always up to date.
func (s *Station) OnAir() *OnAirLog {
	return &OnAirLog{s.db, airlog.OnAir, func(context.Context) {}, s.listed, usualSearch}
}

// Heard is what was heard of each source. Reads derive what changed. If that can't
// be stored now, or is too much for a read, they answer from what was derived
// until then.
func (n *Node) Heard() *OnAirLog {
	return &OnAirLog{n.db, airlog.Heard, n.heard.followFor, n.heard.listed, usualSearch}
}

// airedRow is a segment together with its entry.
type airedRow struct {
	played    entryRow
	from      sqldb.Time
	until     sql.Null[sqldb.Time]
	estimated bool
}

func (r *airedRow) columns() string {
	return r.played.columns() + ", aired.from_at, aired.until_at, aired.is_estimated"
}

func (r *airedRow) targets() []any {
	return append(r.played.targets(), &r.from, &r.until, &r.estimated)
}

func (r *airedRow) entry() (model.Entry, error) {
	e, err := r.played.entry()
	e.Air = &model.Airing{From: r.from.Time, Until: r.until.V.Time, Estimated: r.estimated}
	return e, err
}

// Entry returns the entry with that number as it was last on air. Error:
// model.ErrNotFound, also if the entry was never on air.
func (l *OnAirLog) Entry(ctx context.Context, id int64) (model.Entry, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	e, err := takeEntry[airedRow](l.aired(ctx).Where("aired.entry_id = ?", id).Order("aired.from_at DESC"))
	return e, l.db.Fail(ctx, "read entry on air", err)
}

// Entries returns the log's entries that q selects, newest first unless
// q.Oldest.
func (l *OnAirLog) Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	entries, err := l.entries(ctx, entryQuery(q))
	return entries, l.db.Fail(ctx, "read entries on air", err)
}

// CountEntries counts the log's entries that q selects. It ignores After,
// Offset and Limit.
func (l *OnAirLog) CountEntries(ctx context.Context, q model.EntryQuery) (int64, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	var n int64
	var err error
	if airedByDay(entryQuery(q)) {
		n, err = l.table.Index().Count(l.db.Read.WithContext(ctx), airedSpan(entryQuery(q)))
	} else {
		err = entryQuery(q).aired(l.aired(ctx)).Count(&n).Error
	}
	return n, l.db.Fail(ctx, "count entries on air", err)
}

// EachEntry calls fn with every entry that went on air in [from, to), oldest
// first, as Node.EachEntry does.
func (l *OnAirLog) EachEntry(ctx context.Context, from, to time.Time, fn func(model.Entry) error) error {
	return eachEntry(ctx, l.Entries, from, to, fn)
}

// LatestEntry returns the entry that went on air last, but not after at. It may
// be over: see its Air.Until. Error: model.ErrNotFound.
func (l *OnAirLog) LatestEntry(ctx context.Context, at time.Time) (model.Entry, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	e, err := takeEntry[airedRow](l.paged(ctx, entryQuery{To: at}))
	return e, l.db.Fail(ctx, "read latest entry on air", err)
}

// NextEntry returns the entry that went on air first after a time. Error:
// model.ErrNotFound.
func (l *OnAirLog) NextEntry(ctx context.Context, after time.Time) (model.Entry, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	e, err := takeEntry[airedRow](l.paged(ctx, entryQuery{From: justAfter(after), Oldest: true}))
	return e, l.db.Fail(ctx, "read next entry on air", err)
}

// LatestAndNext returns what LatestEntry and NextEntry do, nil if there is none.
func (l *OnAirLog) LatestAndNext(ctx context.Context, at time.Time) (latest, next *model.Entry, err error) {
	if latest, err = model.Found(l.LatestEntry(ctx, at)); err != nil {
		return nil, nil, err
	}
	next, err = model.Found(l.NextEntry(ctx, at))
	return latest, next, err
}

// aired joins the log with its entries. It does not use STRAIGHT_JOIN to say
// that the log comes first: only one of the databases knows it, and both find
// that order by themselves.
func (l *OnAirLog) aired(ctx context.Context) *gorm.DB {
	return l.db.Read.WithContext(ctx).Table(l.table.Segments + " aired").
		Joins("JOIN playlog ON playlog.id = aired.entry_id")
}

// aired is EntryQuery.selected for the on-air log.
func (q entryQuery) aired(g *gorm.DB) *gorm.DB {
	if q.Raw {
		g = g.Where("playlog.is_manual = 0")
	}
	return q.within(g, "aired.from_at")
}

// paged is EntryQuery.paged for the on-air log. In a station's log no two segments
// start at the same time. But since a position was read, one segment may have
// replaced another.
func (l *OnAirLog) paged(ctx context.Context, q entryQuery) *gorm.DB {
	return l.ordered(l.aired(ctx), q)
}

// ordered is paged for a query of the log g.
func (l *OnAirLog) ordered(g *gorm.DB, q entryQuery) *gorm.DB {
	q = q.bounded()
	g = l.selected(g, q)
	limit := q.Limit
	if limit == 0 {
		limit = math.MaxInt32 // OFFSET needs a LIMIT
	}
	for _, column := range l.table.Order {
		g = g.Order("aired." + column + q.direction())
	}
	return g.Offset(q.Offset).Limit(limit)
}

// selected are those of g that q selects, which is bounded.
func (l *OnAirLog) selected(g *gorm.DB, q entryQuery) *gorm.DB {
	g = q.aired(g)
	if q.After == nil {
		return g
	}
	beyond := "(aired.from_at < ? OR aired.entry_id < ?)"
	if q.Oldest {
		beyond = "(aired.from_at > ? OR aired.entry_id > ?)"
	}
	return g.Where(beyond, sqldb.At(q.After.PlayedAt), q.After.ID)
}

// direction is the order of the log's columns.
func (q entryQuery) direction() string {
	if q.Oldest {
		return ""
	}
	return " DESC"
}
