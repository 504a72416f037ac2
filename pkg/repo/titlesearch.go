package repo

import (
	"context"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/titles"
)

// searching bounds the ways in which plays are searched.
type searching struct {
	// titles and plays are how many are few: then the plays of all titles with the
	// words are put in order.
	titles int
	plays  int64
	// walks is how many segments are looked at for plays with common words.
	walks int
}

var usualSearch = searching{titles: 500, plays: 20_000, walks: 10_000}

// Search returns the plays that q selects of titles that have all words, in the order
// of q. It does not count them. Error: model.ErrUnavailable.
func (l *OnAirLog) Search(ctx context.Context, words titles.Words, q model.EntryQuery) ([]model.Entry, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	found, err := l.search(ctx, words, entryQuery(q).bounded())
	return found, l.db.Fail(ctx, "search plays", err)
}

// search finds when the plays were, and then reads these.
func (l *OnAirLog) search(ctx context.Context, words titles.Words, q entryQuery) ([]model.Entry, error) {
	at, err := l.timesOf(ctx, words, q)
	if err != nil || len(at) == 0 {
		return []model.Entry{}, err
	}
	return findEntries[airedRow](l.paged(ctx, q).Joins("JOIN "+l.table.Titles+" title ON title.id = aired.title_id").Scopes(having(words)).Where("aired.from_at IN ?", at))
}

// timesOf are when the plays until the end of the page were. The plays of few titles
// are put in order. If there are many, those on the page are likely among the next
// segments. Otherwise the plays of all titles are put in order nevertheless: then
// these are not so many.
func (l *OnAirLog) timesOf(ctx context.Context, words titles.Words, q entryQuery) ([]sqldb.Time, error) {
	keys, areFew, err := l.few(ctx, words)
	if err != nil || areFew && len(keys) == 0 {
		return nil, err
	}
	most := q.Offset + q.Limit
	if areFew {
		return l.times(l.playsOfAll(ctx, keys, q), q, most)
	}
	at, err := l.times(l.walked(ctx, words, q), q, most)
	if err == nil && len(at) < most {
		at, err = l.times(l.gathered(ctx, words, q), q, most)
	}
	return at, err
}

// few are the titles that have all words, if these and their plays are few.
func (l *OnAirLog) few(ctx context.Context, words titles.Words) (keys []int64, areFew bool, err error) {
	rows, err := l.db.Read.WithContext(ctx).Table(l.table.Titles + " title").Where("plays > 0").Scopes(having(words)).
		Select("id, plays").Limit(l.searching.titles + 1).Rows()
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	var all int64
	for rows.Next() {
		counted, err := scanCounted(rows)
		if err != nil {
			return nil, false, err
		}
		keys, all = append(keys, counted[0]), all+counted[1]
	}
	return keys, len(keys) <= l.searching.titles && all <= l.searching.plays, rows.Err()
}

// playsOfAll are the plays of titles that q selects.
func (l *OnAirLog) playsOfAll(ctx context.Context, keys []int64, q entryQuery) *gorm.DB {
	return l.selected(l.db.Read.WithContext(ctx).Table(l.played()).Where(sqldb.InNumbers("aired.title_id", keys)), q)
}

// walked are the next segments in the order of q that have the words.
func (l *OnAirLog) walked(ctx context.Context, words titles.Words, q entryQuery) *gorm.DB {
	next := l.selected(l.db.Read.WithContext(ctx).Table(l.table.Segments+" aired"), q).Select("aired.from_at, aired.title_id").
		Order("aired.from_at" + q.direction()).Limit(l.searching.walks)
	return l.db.Read.WithContext(ctx).Table("(?) aired", next).
		Joins(l.db.Dialect.JoinNext() + l.table.Titles + " title ON title.id = aired.title_id").Scopes(having(words))
}

// gathered are all plays that q selects of titles that have the words.
func (l *OnAirLog) gathered(ctx context.Context, words titles.Words, q entryQuery) *gorm.DB {
	return l.selected(l.db.Read.WithContext(ctx).Table(l.table.Titles+" title").Where("title.plays > 0").Scopes(having(words)).
		Joins(l.db.Dialect.JoinNext()+l.played()+" ON aired.title_id = title.id"), q)
}

// times are when the first plays were.
func (l *OnAirLog) times(plays *gorm.DB, q entryQuery, most int) (at []sqldb.Time, err error) {
	err = plays.Order("aired.from_at"+q.direction()).Limit(most).Pluck("aired.from_at", &at).Error
	return at, err
}
