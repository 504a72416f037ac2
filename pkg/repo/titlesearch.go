package repo

import (
	"context"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/titles"
)

// mostWalked is how many segments are looked at for plays with common words before
// all plays of the titles with these words are.
const mostWalked = 10_000

// Search returns the plays that q selects of titles that have all words, in the order
// of q. It does not count them. Error: model.ErrUnavailable.
func (l *OnAirLog) Search(ctx context.Context, words titles.Words, q model.EntryQuery) ([]model.Entry, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	found, err := l.search(ctx, words, entryQuery(q).bounded())
	return found, l.db.Fail(ctx, "search plays", err)
}

// search finds when the plays were, and then reads these. If many plays have the
// words, those on the page are among the next segments. Otherwise the plays of all
// titles with the words are few enough to be put in order.
func (l *OnAirLog) search(ctx context.Context, words titles.Words, q entryQuery) ([]model.Entry, error) {
	most := q.Offset + q.Limit
	at, err := l.times(l.walked(ctx, q), words, q, most)
	if err == nil && len(at) < most {
		at, err = l.times(l.gathered(ctx, q), words, q, most)
	}
	if err != nil || len(at) == 0 {
		return []model.Entry{}, err
	}
	return findEntries[airedRow](l.paged(ctx, q).Joins("JOIN "+l.table.Titles+" title ON title.id = aired.title_id").Scopes(having(words)).Where("aired.from_at IN ?", at))
}

// walked are the next segments in the order of q, with their titles.
func (l *OnAirLog) walked(ctx context.Context, q entryQuery) *gorm.DB {
	next := l.selected(l.db.Read.WithContext(ctx).Table(l.table.Segments+" aired"), q).Select("aired.from_at, aired.title_id").
		Order("aired.from_at" + q.direction()).Limit(l.walks)
	return l.db.Read.WithContext(ctx).Table("(?) aired", next).Joins(l.db.Dialect.JoinNext() + l.table.Titles + " title ON title.id = aired.title_id")
}

// gathered are the titles with all their plays that q selects.
func (l *OnAirLog) gathered(ctx context.Context, q entryQuery) *gorm.DB {
	return l.selected(l.db.Read.WithContext(ctx).Table(l.table.Titles+" title").Where("title.plays > 0").
		Joins(l.db.Dialect.JoinNext()+l.played()+" ON aired.title_id = title.id"), q)
}

// times are when the first plays with the words were.
func (l *OnAirLog) times(plays *gorm.DB, words titles.Words, q entryQuery, most int) (at []sqldb.Time, err error) {
	err = plays.Scopes(having(words)).Order("aired.from_at"+q.direction()).Limit(most).Pluck("aired.from_at", &at).Error
	return at, err
}
