package repo

import (
	"context"
	"database/sql"
	"slices"
	"strings"

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
	rarest, isRare, err := l.rarest(ctx, words)
	if err != nil {
		return nil, err
	}
	var keys []int64
	areFew := false
	if isRare || rarest == "" { // titles with a common word are not few
		if keys, areFew, err = l.few(ctx, words, rarest); err != nil || areFew && len(keys) == 0 {
			return nil, err
		}
	}
	most := q.Offset + q.Limit
	if areFew {
		return l.times(l.playsOfAll(ctx, keys, q), q, most)
	}
	at, isOver, err := l.walk(ctx, words, q, most)
	if err != nil || isOver {
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

// walkParts is into how many parts the segments are divided that are looked at, because
// the page is often full after the first ones.
const walkParts = 8

// walk looks at the next segments in the order of q. It returns when those with the
// words begin, at most that many. isOver is false if there are more to be looked at.
func (l *OnAirLog) walk(ctx context.Context, words titles.Words, q entryQuery, most int) (at []sqldb.Time, isOver bool, err error) {
	size := max(1, l.searching.walks/walkParts)
	for passed := 0; passed < l.searching.walks; passed += size {
		segments, err := l.next(ctx, words, q, passed, size)
		if err != nil {
			return nil, false, err
		}
		for _, s := range segments {
			if s.hasWords && (len(at) == 0 || q.isBeyond(s.from, at[len(at)-1])) {
				at = append(at, s.from)
			}
			if len(at) == most {
				return at, true, nil
			}
		}
		if len(segments) < size {
			return at, true, nil
		}
	}
	return at, false, nil
}

// isBeyond reports whether a time follows another in the order of q. A segment comes
// twice if a new play moves the others.
func (q entryQuery) isBeyond(at, last sqldb.Time) bool {
	if q.Oldest {
		return at.After(last.Time)
	}
	return at.Before(last.Time)
}

// walked is a segment that is looked at.
type walked struct {
	from     sqldb.Time
	hasWords bool
}

func scanWalked(row *sql.Rows) (w walked, err error) {
	err = row.Scan(&w.from, &w.hasWords)
	return w, err
}

// next are segments in the order of q after those that were passed.
func (l *OnAirLog) next(ctx context.Context, words titles.Words, q entryQuery, passed, limit int) (segments []walked, err error) {
	read := l.db.Read.WithContext(ctx)
	next := l.selected(read.Table(l.table.Segments+" aired"), q).Select("aired.from_at, aired.title_id").
		Order("aired.from_at" + q.direction()).Offset(passed).Limit(limit)
	args := make([]any, len(words))
	for i, word := range words {
		args[i] = word
	}
	rows, err := read.Table("(?) aired", next).Select("aired.from_at, title.id IS NOT NULL").
		Joins("LEFT JOIN "+l.table.Titles+" title ON title.id = aired.title_id"+strings.Repeat(" AND "+hasWord, len(words)), args...).
		Order("aired.from_at" + q.direction()).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		w, err := scanWalked(rows)
		if err != nil {
			return nil, err
		}
		segments = append(segments, w)
	}
	return segments, rows.Err()
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
