package repo

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/titles"
)

// Titles returns titles that have all words and were played until now, most played
// first. Error: model.ErrUnavailable.
func (l *OnAirLog) Titles(ctx context.Context, words titles.Words, now time.Time, limit int) ([]titles.Title, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	found, err := l.find(ctx, words, now, limit)
	return found, l.db.Fail(ctx, "search titles", err)
}

// find looks at all titles that have the rarest word. If each word is common, it looks
// through all titles, those first that were played most: then it is soon at its end.
// It does so, too, while words are not noted.
func (l *OnAirLog) find(ctx context.Context, words titles.Words, now time.Time, limit int) ([]titles.Title, error) {
	rarest, isRare, err := l.rarest(ctx, words)
	if err != nil {
		return nil, err
	}
	among := l.known(ctx)
	if isRare {
		among = l.withWord(ctx, rarest)
	}
	keys, err := l.first(among, words, limit)
	if err != nil {
		return nil, err
	}
	return l.titles(ctx, keys, now)
}

// known are all titles.
func (l *OnAirLog) known(ctx context.Context) *gorm.DB {
	return l.db.Read.WithContext(ctx).Table(l.table.Titles + " title")
}

// first are the titles among some that have all words and were played most.
func (l *OnAirLog) first(among *gorm.DB, words titles.Words, limit int) (keys []int64, err error) {
	return keys, among.Where("title.plays > 0").Scopes(having(words)).Order("title.plays DESC, title.folded DESC, title.id DESC").Limit(limit).Pluck("title.id", &keys).Error
}

// withWord are the titles that have a word, all titles if it is "".
func (l *OnAirLog) withWord(ctx context.Context, word string) *gorm.DB {
	if word == "" {
		return l.known(ctx)
	}
	from, to := titles.BeginningsOf(word)
	found := l.db.Read.WithContext(ctx).Table("title_word").Distinct("title_id").Where("word >= ? AND word < ?", from, to)
	return l.db.Read.WithContext(ctx).Table("(?) found", found).Joins(l.db.Dialect.JoinNext() + l.table.Titles + " title ON title.id = found.title_id")
}

// rarest is the word that the fewest titles have, as far as that is soon known: if
// isRare is false, each word is common. It is "" while the words of some titles are
// not noted: then only a look at all titles finds them.
func (l *OnAirLog) rarest(ctx context.Context, words titles.Words) (rarest string, isRare bool, err error) {
	if listed, err := l.listed(ctx); err != nil || !listed {
		return "", false, err
	}
	fewest := l.searching.words
	if len(words) == 1 {
		fewest = l.searching.word
	}
	for _, word := range words {
		from, to := titles.BeginningsOf(word)
		var n int
		counted := l.db.Read.WithContext(ctx).Table("title_word").Select("1").Where("word >= ? AND word < ?", from, to).Limit(fewest)
		if err := l.db.Read.WithContext(ctx).Table("(?) counted", counted).Select("COUNT(*)").Scan(&n).Error; err != nil {
			return "", false, err
		}
		if n < fewest {
			rarest, fewest = word, n
		}
		if fewest == 0 {
			break
		}
	}
	if rarest == "" {
		return words[0], false, nil
	}
	return rarest, true, nil
}

// hasWord is the condition for a title that has a word.
const hasWord = "INSTR(title.folded, ?) > 0"

// having selects titles that have all words.
func having(words titles.Words) func(*gorm.DB) *gorm.DB {
	return func(g *gorm.DB) *gorm.DB {
		for _, word := range words {
			g = g.Where(hasWord, word)
		}
		return g
	}
}

// Title returns what is known of a title, without its plays after now. Errors:
// model.ErrNotFound, model.ErrUnavailable.
func (l *OnAirLog) Title(ctx context.Context, key titles.Key, now time.Time) (titles.Title, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	found, err := l.titles(ctx, []int64{int64(key)}, now)
	if err == nil && len(found) == 0 {
		err = model.ErrNotFound
	}
	if err != nil {
		return titles.Title{}, l.db.Fail(ctx, "read title", err)
	}
	return found[0], nil
}

// titleRow is a title together with its last play.
type titleRow struct {
	titles.Title
	airedRow
}

func (r *titleRow) columns() string {
	return "title.id, title.plays, title.first_at, title.last_at, " + r.airedRow.columns()
}

func (r *titleRow) targets() []any {
	return append([]any{(*titleKey)(&r.Key), &r.Plays, (*sqldb.Moment)(&r.First), (*sqldb.Moment)(&r.Last)}, r.airedRow.targets()...)
}

// titleKey reads a key, which the databases keep as a number with a sign.
type titleKey titles.Key

// Scan implements sql.Scanner.
func (k *titleKey) Scan(from any) error {
	var n sql.NullInt64
	err := n.Scan(from)
	*k = titleKey(n.Int64)
	return err
}

// titles reads titles in the order of their keys, without their plays after now.
// What was not played until then is left out.
func (l *OnAirLog) titles(ctx context.Context, keys []int64, now time.Time) ([]titles.Title, error) {
	if len(keys) == 0 {
		return []titles.Title{}, nil
	}
	found := make(map[titles.Key]titles.Title, len(keys))
	query := l.db.Read.WithContext(ctx).Table(l.table.Titles + " title").
		Joins(l.db.Dialect.JoinNext() + l.played() + " ON aired.title_id = title.id AND aired.from_at = title.last_at").
		Joins(l.db.Dialect.JoinNext() + "playlog ON playlog.id = aired.entry_id").Where(sqldb.InNumbers("title.id", keys))
	err := scanRows(query, func(r *titleRow) error {
		e, err := r.entry()
		found[r.Key] = spelled(r.Title, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	inOrder := make([]titles.Title, 0, len(keys))
	for _, k := range keys {
		t, ok := found[titles.Key(k)]
		if ok && t.Last.After(now) {
			t, ok, err = l.until(ctx, t, now)
		}
		if err != nil {
			return nil, err
		}
		if ok {
			inOrder = append(inOrder, t)
		}
	}
	return inOrder, nil
}

// played is the log with the index of the plays of titles.
func (l *OnAirLog) played() string {
	return l.table.Segments + " aired " + l.db.Dialect.UseIndex(l.table.Segments+"_titled")
}

// spelled is a title as its last play spells it.
func spelled(t titles.Title, last model.Entry) titles.Title {
	shown := last.Effective()
	t.Artist, t.Title = shown.Artist, shown.Title
	return t
}

// until is a title without its plays after now. ok is false if there are no others.
func (l *OnAirLog) until(ctx context.Context, t titles.Title, now time.Time) (_ titles.Title, ok bool, err error) {
	last, err := findEntries[airedRow](l.playsOf(ctx, t.Key, entryQuery{To: now, Limit: 1}))
	if err != nil || len(last) == 0 {
		return t, false, err
	}
	var later int64
	err = l.db.Read.WithContext(ctx).Table(l.played()).Where("aired.title_id = ? AND aired.from_at > ?", int64(t.Key), sqldb.At(now)).Count(&later).Error
	t.Plays, t.Last = t.Plays-later, last[0].Air.From
	return spelled(t, last[0]), true, err
}

// PlaysOf returns the plays of a title that q selects, newest first unless q.Oldest.
// Error: model.ErrUnavailable.
func (l *OnAirLog) PlaysOf(ctx context.Context, key titles.Key, q model.EntryQuery) ([]model.Entry, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	plays, err := findEntries[airedRow](l.playsOf(ctx, key, entryQuery(q)))
	return plays, l.db.Fail(ctx, "read plays of a title", err)
}

func (l *OnAirLog) playsOf(ctx context.Context, key titles.Key, q entryQuery) *gorm.DB {
	return l.ordered(l.db.Read.WithContext(ctx).Table(l.played()).Joins("JOIN playlog ON playlog.id = aired.entry_id").
		Where("aired.title_id = ?", int64(key)), q)
}

// MostPlayed returns the titles that were played most in a period, most played
// first; with newOnly those that were played for the first time then. Error:
// model.ErrUnavailable.
func (l *OnAirLog) MostPlayed(ctx context.Context, p titles.Period, now time.Time, newOnly bool, limit int) ([]titles.Counted, error) {
	l.follow(ctx)
	ctx, cancel := l.db.Deadline(ctx)
	defer cancel()
	counted, err := l.mostPlayed(ctx, p, now, newOnly, limit)
	return counted, l.db.Fail(ctx, "read the most played titles", err)
}

func (l *OnAirLog) mostPlayed(ctx context.Context, p titles.Period, now time.Time, newOnly bool, limit int) ([]titles.Counted, error) {
	if p.IsEver() {
		keys, err := l.first(l.known(ctx), nil, limit)
		if err != nil {
			return nil, err
		}
		found, err := l.titles(ctx, keys, now)
		return inPeriod(found, func(t titles.Title) int64 { return t.Plays }), err
	}
	list, count := topList{l, p, limit}, topList.ofPeriod
	if newOnly {
		count = topList.ofNew
	}
	counted, err := count(list, ctx)
	if err != nil {
		return nil, err
	}
	keys, plays := make([]int64, len(counted)), make(map[titles.Key]int64, len(counted))
	for i, c := range counted {
		keys[i], plays[titles.Key(c.id)] = c.id, c.plays
	}
	found, err := l.titles(ctx, keys, now)
	return inPeriod(found, func(t titles.Title) int64 { return plays[t.Key] }), err
}

// inPeriod are titles with their plays in a period.
func inPeriod(found []titles.Title, plays func(titles.Title) int64) []titles.Counted {
	counted := make([]titles.Counted, len(found))
	for i, t := range found {
		counted[i] = titles.Counted{Title: t, InPeriod: plays(t)}
	}
	return counted
}
