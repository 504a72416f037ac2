package repo

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// HeardEntry returns the entry with that number, raw, with its overlay, and what
// was heard of it. That is derived for the call, from all that is stored. Error:
// model.ErrNotFound.
func (r reader) HeardEntry(ctx context.Context, id int64) (e model.HeardEntry, _ error) {
	return e, r.inOneState(ctx, "explain what was heard of an entry", func(ctx context.Context, tx *sqldb.Tx) (err error) {
		e.Entry, err = takeEntry[entryRow](tx.Gorm(ctx).Model(&entryRow{}).Where("id = ?", id))
		if err != nil {
			return err
		}
		at := e.PlayedAt()
		explained, _, err := airlog.NewHeard(tx, e.LogSource, r.page).Explain(ctx, onair.Window{From: at, To: justAfter(at)})
		if err != nil {
			return err
		}
		for _, x := range explained {
			if x.Entry == id {
				e.Hearing = x.Hearing
			}
		}
		e.OnAir, err = airlog.OnAirOf(ctx, tx.Conn, id)
		return err
	})
}

// oneDay is how much of a list is explained at once.
const oneDay = 24 * time.Hour

// Unheard returns the entries that started in [q.From, q.To] and of which nothing
// was heard at their sources: newest first, void ones included. It also returns how
// many there are. Of q only these bounds, After, Offset and Limit count. The list is
// derived for the call, day by day, so the period should be short.
func (r reader) Unheard(ctx context.Context, q model.EntryQuery) (entries []model.HeardEntry, total int, _ error) {
	return entries, total, r.inOneState(ctx, "list what was not heard", func(ctx context.Context, tx *sqldb.Tx) error {
		sources, err := sourcesOf(ctx, tx.Conn)
		if err != nil {
			return err
		}
		page := unheardPage{q: q}
		for rest := (onair.Window{From: sqldb.RoundUp(q.From), To: justAfter(q.To)}); rest.From.Before(rest.To); {
			day := onair.Window{From: rest.To.Add(-oneDay), To: rest.To}
			day, _ = day.Intersect(rest)
			unheard, err := r.unheardOf(ctx, tx, sources, day)
			if err != nil {
				return err
			}
			page.add(unheard)
			rest.To = day.From
		}
		total = page.total
		entries, err = page.entries(ctx, tx)
		return err
	})
}

// inOneState runs one read operation of which all reads see one state.
func (r reader) inOneState(ctx context.Context, doing string, do func(ctx context.Context, tx *sqldb.Tx) error) error {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	return r.db.Fail(ctx, doing, oneState(ctx, r.db, func(tx *sqldb.Tx) error { return do(ctx, tx) }))
}

// unheardOf are the plays of sources that start in w and were not heard, newest
// first.
func (r reader) unheardOf(ctx context.Context, tx *sqldb.Tx, sources []int, w onair.Window) (unheard []airlog.Explained, _ error) {
	for _, source := range sources {
		log := airlog.NewHeard(tx, source, r.page)
		for rest, ok := w, true; ok; rest, ok = w.Intersect(rest) {
			explained, done, err := log.Explain(ctx, rest)
			if err != nil {
				return nil, err
			}
			for _, x := range explained {
				if len(x.Heard) == 0 {
					unheard = append(unheard, x)
				}
			}
			rest = onair.Window{From: done.To}
		}
	}
	slices.SortFunc(unheard, func(a, b airlog.Explained) int { return positionOf(b).Compare(positionOf(a)) })
	return unheard, nil
}

func positionOf(x airlog.Explained) model.Position {
	return model.Position{PlayedAt: x.Start, ID: x.Entry}
}

// unheardPage is a page of the list, while the list passes by.
type unheardPage struct {
	q     model.EntryQuery
	total int
	left  int // how many were left out before the page
	found []airlog.Explained
}

func (p *unheardPage) add(unheard []airlog.Explained) {
	p.total += len(unheard)
	for _, x := range unheard {
		switch {
		case p.q.After != nil && positionOf(x).Compare(*p.q.After) >= 0:
		case p.q.After == nil && p.left < p.q.Offset:
			p.left++
		case p.q.Limit == 0 || len(p.found) < p.q.Limit:
			p.found = append(p.found, x)
		}
	}
}

// entries reads the entries of the page.
func (p *unheardPage) entries(ctx context.Context, tx *sqldb.Tx) ([]model.HeardEntry, error) {
	entries := make([]model.HeardEntry, len(p.found))
	at := make(map[int64]int, len(p.found))
	ids := make([]int64, len(p.found))
	for i, x := range p.found {
		entries[i].Hearing, at[x.Entry], ids[i] = x.Hearing, i, x.Entry
	}
	for part := range slices.Chunk(ids, sqldb.MaxList) {
		read, err := findEntries[entryRow](tx.Gorm(ctx).Model(&entryRow{}).Where(sqldb.InNumbers("id", part)))
		if err != nil {
			return nil, err
		}
		for _, e := range read {
			entries[at[e.ID]].Entry = e
		}
	}
	return entries, nil
}

// sourcesOf are the sources of which something is stored.
func sourcesOf(ctx context.Context, c sqldb.Conn) (sources []int, err error) {
	for last := 0; ; {
		next, err := sourceAfter(ctx, c, last)
		if err != nil || next == 0 {
			return sources, err
		}
		sources, last = append(sources, next), next
	}
}

// sourceAfter is the next source of which something is stored, 0 if there is none.
func sourceAfter(ctx context.Context, c sqldb.Conn, source int) (next int, err error) {
	return nextSource(ctx, c, "playlog "+c.Dialect.UseIndex("playlog_source"), "log_source", source)
}

// nextSource is the next one in a column of a table, 0 if there is none. It is one
// look into an index.
func nextSource(ctx context.Context, c sqldb.Conn, table, column string, source int) (next int, err error) {
	found, err := sqldb.Select(ctx, c, func(row *sql.Rows) (n int, err error) {
		err = row.Scan(&n)
		return n, err
	}, "SELECT "+column+" FROM "+table+" WHERE "+column+" > ? ORDER BY "+column+" LIMIT 1", source)
	for _, next = range found {
	}
	return next, err
}
