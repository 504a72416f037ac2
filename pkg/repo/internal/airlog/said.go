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
	"aura.radio/engine/pkg/onair/heard"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// said is what was said of a source around a window, as far as it was read for a
// period.
type said struct {
	source  int
	period  time.Time                   // its begin
	plays   []heard.Play                // by their starts, stragglers included
	entries map[model.Fingerprint]int64 // their numbers
	names   map[int64]name              // of their entries
	// since and until bound what was read: every play that starts since then,
	// and before until. Zero is open.
	since, until time.Time
	reports      []heard.Report
	// cuts are the moments at which the history may be cut, as far as what was read
	// tells.
	cuts []time.Time
}

func newSaid(source int, p onair.Period) *said {
	return &said{source: source, period: p.From, entries: make(map[model.Fingerprint]int64), names: make(map[int64]name)}
}

// aPlay is a play with the number of its entry.
type aPlay struct {
	heard.Play
	entry int64
}

const playColumns = "id, fingerprint, played_at, duration_ms, received_at, told, track_type, track_artist, track_title, track_album, " +
	"show_name, show_id, timeslot_id, media_id, is_manual, is_void, overlay"

func scanPlay(row *sql.Rows) (p aPlay, err error) {
	var e model.Entry
	var id sqldb.UID
	var overlay sql.NullString
	var isVoid bool
	err = row.Scan(&p.entry, &id, (*sqldb.Moment)(&e.TrackStart), (*sqldb.Length)(&e.Duration), (*sqldb.Moment)(&e.ReceivedAt), (*string)(&e.Told),
		&e.TrackType, &e.Artist, &e.Title, &e.Album, &e.ShowName, &e.ShowID, &e.TimeslotID, &e.MediaID, &e.Manual, &isVoid, &overlay)
	if err != nil {
		return p, err
	}
	if overlay.Valid {
		if err := json.Unmarshal([]byte(overlay.String), &e.Overlay); err != nil {
			return p, fmt.Errorf("overlay of entry %d: %w", p.entry, err)
		}
	}
	p.Play = heard.NewPlay(model.Fingerprint(id), e)
	return p, nil
}

// playsOf is the beginning of a query for plays of a source, void ones included.
func (r rows) playsOf(columns string) string {
	return "SELECT " + columns + " FROM playlog " + r.Dialect.UseIndex("playlog_source") + " WHERE log_source = ? AND "
}

// playsFrom are the first plays that start in [from, to), at most limit, and
// where they end: zero if there are no more.
func (r rows) playsFrom(ctx context.Context, source int, from, to time.Time, limit int) (plays []aPlay, until time.Time, err error) {
	w := onair.Window{From: from, To: to}
	plays, w, err = page(w, limit, func(p aPlay) time.Time { return p.Start }, func(limit int) ([]aPlay, error) {
		return sqldb.Select(ctx, r.Conn, scanPlay, r.playsOf(playColumns)+"played_at >= ? AND played_at < ? ORDER BY played_at LIMIT ?",
			source, sqldb.At(from), sqldb.UntilTime(to), limit)
	})
	return plays, w.To, err
}

// playsBefore are the last plays that start in [bound, to), about n, and since
// when they are all: bound if there are no more.
func (r rows) playsBefore(ctx context.Context, source int, bound, to time.Time, n int) (plays []aPlay, since time.Time, err error) {
	for ; ; n *= 2 {
		plays, err = sqldb.Select(ctx, r.Conn, scanPlay, r.playsOf(playColumns)+"played_at >= ? AND played_at < ? ORDER BY played_at DESC LIMIT ?",
			source, sqldb.At(bound), sqldb.At(to), n)
		if err != nil || len(plays) < n {
			return plays, bound, err
		}
		// Of those that start first some may be missing.
		first := plays[n-1].Start
		plays = slices.DeleteFunc(plays, func(p aPlay) bool { return p.Start.Equal(first) })
		if len(plays) > 0 {
			return plays, first.Add(time.Microsecond), nil
		}
	}
}

// stragglers are the plays that start in [bound, since), and of which something
// arrived when later plays had begun. What arrived long after them proves nothing.
func (r rows) stragglers(ctx context.Context, source int, bound, since time.Time) ([]aPlay, error) {
	from := since.Add(-heard.Reach)
	if from.Before(bound) {
		from = bound
	}
	return sqldb.Select(ctx, r.Conn, scanPlay, r.playsOf(playColumns)+"played_at >= ? AND played_at < ? AND (received_at >= ? AND received_at <= ? OR told <> '')",
		source, sqldb.At(from), sqldb.At(since), sqldb.At(since.Add(-time.Second)), sqldb.At(since.Add(heard.Reach)))
}

// fallbacks are the plays that start in [from, to) and may be of a fallback show.
func (r rows) fallbacks(ctx context.Context, source int, shows []string, from, to time.Time) ([]aPlay, error) {
	args := []any{source, sqldb.At(from), sqldb.At(to)}
	for _, show := range shows {
		args = append(args, show)
	}
	return sqldb.Select(ctx, r.Conn, scanPlay, r.playsOf(playColumns)+"played_at >= ? AND played_at < ? AND (show_name IN (''"+
		strings.Repeat(", ?", len(shows))+") AND show_name <> '' OR overlay IS NOT NULL)", args...)
}

// maxStates is how many states of health that began earlier are looked at for
// one that lasts.
const maxStates = 32

// reports are what the health of a source said from a moment to another.
func (r rows) reports(ctx context.Context, source int, from, to time.Time) (all []heard.Report, err error) {
	const columns = "SELECT received_at, last_received_at, signs FROM health WHERE source = ? AND "
	states, err := sqldb.Select(ctx, r.Conn, scanState, columns+"received_at >= ? AND received_at <= ?", source, sqldb.At(from), sqldb.UntilTime(to))
	if err != nil {
		return nil, err
	}
	before, err := sqldb.Select(ctx, r.Conn, scanState, columns+"received_at < ? ORDER BY received_at DESC LIMIT ?", source, sqldb.At(from), maxStates)
	if err != nil {
		return nil, err
	}
	for _, h := range slices.Concat(before, states) {
		for _, said := range heard.NewReports(h) {
			if !said.At.Before(from) && (to.IsZero() || !said.At.After(to)) {
				all = append(all, said)
			}
		}
	}
	return all, nil
}

func scanState(row *sql.Rows) (h model.Health, err error) {
	err = row.Scan((*sqldb.Moment)(&h.ReceivedAt), (*sqldb.Moment)(&h.Last.ReceivedAt), (*string)(&h.Signs))
	return h, err
}
