package repo

import (
	"context"
	"slices"

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
	// word is how many titles a common word has that is searched alone, and words is
	// the same for one of several, which fewer titles have together.
	word, words int
	// news is how many new titles of a period are many: then they are found among those
	// that were played most in it.
	news int
}

var usualSearch = searching{titles: 500, plays: 20_000, walks: 10_000, word: 1000, words: 5000, news: 5000}

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
	rarest, _, err := l.rarest(ctx, words)
	if err != nil {
		return nil, err
	}
	keys, areFew, err := l.few(ctx, words, rarest)
	if err != nil || areFew && len(keys) == 0 {
		return nil, err
	}
	most := q.Offset + q.Limit
	if areFew {
		return l.times(l.playsOfAll(ctx, keys, q), q, most)
	}
	at, err := l.times(l.walked(ctx, words, q), q, most)
	if err != nil || len(at) == most {
		return at, err
	}
	if isAll, err := l.walksAll(ctx, q); err != nil || isAll {
		return at, err
	}
	return l.times(l.gathered(ctx, words, rarest, q), q, most)
}

// few are the titles that have all words, if these and their plays are few. A title
// may be read several times: with each of its words that begin as the rarest one.
func (l *OnAirLog) few(ctx context.Context, words titles.Words, rarest string) (keys []int64, areFew bool, err error) {
	among := l.known(ctx)
	if rarest != "" {
		from, to := titles.BeginningsOf(rarest)
		among = l.db.Read.WithContext(ctx).Table("title_word found").Where("found.word >= ? AND found.word < ?", from, to).
			Joins(l.db.Dialect.JoinNext() + l.table.Titles + " title ON title.id = found.title_id")
	}
	rows, err := among.Where("title.plays > 0").Scopes(having(words)).Select("title.id, title.plays").Limit(2*l.searching.titles + 1).Rows()
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	read, all := 0, int64(0)
	for ; rows.Next(); read++ {
		c, err := scanCount(rows)
		if err != nil {
			return nil, false, err
		}
		if !slices.Contains(keys, c.id) {
			keys, all = append(keys, c.id), all+c.plays
		}
	}
	return keys, read <= 2*l.searching.titles && len(keys) <= l.searching.titles && all <= l.searching.plays, rows.Err()
}

// playsOfAll are the plays of titles that q selects.
func (l *OnAirLog) playsOfAll(ctx context.Context, keys []int64, q entryQuery) *gorm.DB {
	return l.selected(l.db.Read.WithContext(ctx).Table(l.played()).Where(sqldb.InNumbers("aired.title_id", keys)), q)
}

// walked are the next segments in the order of q that have the words.
func (l *OnAirLog) walked(ctx context.Context, words titles.Words, q entryQuery) *gorm.DB {
	return l.db.Read.WithContext(ctx).Table("(?) aired", l.next(ctx, q)).
		Joins(l.db.Dialect.JoinNext() + l.table.Titles + " title ON title.id = aired.title_id").Scopes(having(words))
}

// next are the next segments in the order of q, as many as are looked at.
func (l *OnAirLog) next(ctx context.Context, q entryQuery) *gorm.DB {
	return l.selected(l.db.Read.WithContext(ctx).Table(l.table.Segments+" aired"), q).Select("aired.from_at, aired.title_id").
		Order("aired.from_at" + q.direction()).Limit(l.searching.walks)
}

// walksAll reports whether the next segments are all that q selects.
func (l *OnAirLog) walksAll(ctx context.Context, q entryQuery) (bool, error) {
	var n int
	err := l.db.Read.WithContext(ctx).Table("(?) aired", l.next(ctx, q)).Select("COUNT(*)").Scan(&n).Error
	return n < l.searching.walks, err
}

// gathered are all plays that q selects of titles that have the words.
func (l *OnAirLog) gathered(ctx context.Context, words titles.Words, rarest string, q entryQuery) *gorm.DB {
	return l.selected(l.withWord(ctx, rarest).Where("title.plays > 0").Scopes(having(words)).
		Joins(l.db.Dialect.JoinNext()+l.played()+" ON aired.title_id = title.id"), q)
}

// times are when the first plays were.
func (l *OnAirLog) times(plays *gorm.DB, q entryQuery, most int) (at []sqldb.Time, err error) {
	err = plays.Order("aired.from_at"+q.direction()).Limit(most).Pluck("aired.from_at", &at).Error
	return at, err
}
