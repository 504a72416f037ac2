package repo

import (
	"cmp"
	"container/heap"
	"context"
	"database/sql"
	"time"

	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/titles"
)

// topList is the list of the titles that were played most in a period.
type topList struct {
	*OnAirLog
	titles.Period
	limit int
}

func (t topList) from() time.Time { return sqldb.RoundUp(t.From) }

// ofPeriod counts all plays of the period.
func (t topList) ofPeriod(ctx context.Context) ([]titleCount, error) {
	top, err := t.ranked(ctx)
	if err != nil {
		return nil, err
	}
	return top.take(t.limit), nil
}

// ofNew counts the plays of titles that were played for the first time in the period.
// If these are few, they are found first. Otherwise they are among the titles that
// were played most.
func (t topList) ofNew(ctx context.Context) ([]titleCount, error) {
	areFew, err := t.newAreFew(ctx)
	if err != nil {
		return nil, err
	}
	if areFew {
		return t.ofFewNew(ctx)
	}
	top, err := t.ranked(ctx)
	if err != nil {
		return nil, err
	}
	var all []titleCount
	for len(top) > 0 && len(all) < t.limit {
		news, err := t.newAmong(ctx, top.take(lookedAt))
		if err != nil {
			return nil, err
		}
		all = append(all, news...)
	}
	return all[:min(t.limit, len(all))], nil
}

// lookedAt is of how many titles at once it is asked whether they are new.
const lookedAt = 100

// newTitles is the end of a query for the titles that were played for the first time in
// the period. Its arguments are the ends of the period.
func (t topList) newTitles() string {
	return "FROM " + t.table.Titles + " " + t.db.Dialect.UseIndex(t.table.Titles+"_first") + " WHERE first_at >= ? AND first_at <= ?"
}

func (t topList) newAreFew(ctx context.Context) (bool, error) {
	var n int
	err := t.db.Read.WithContext(ctx).Raw("SELECT COUNT(*) FROM (SELECT 1 "+t.newTitles()+" LIMIT ?) new", sqldb.At(t.from()), sqldb.At(t.To), t.searching.news).Scan(&n).Error
	return n < t.searching.news, err
}

// ofFewNew counts play by play.
func (t topList) ofFewNew(ctx context.Context) ([]titleCount, error) {
	from, to := sqldb.At(t.from()), sqldb.At(t.To)
	return sqldb.Select(ctx, t.db.Reads(), scanCount, "SELECT new.id, COUNT(*) FROM (SELECT id "+t.newTitles()+") new "+t.db.Dialect.JoinNext()+t.played()+
		" ON aired.title_id = new.id AND aired.from_at >= ? AND aired.from_at <= ? GROUP BY new.id ORDER BY 2 DESC, 1 LIMIT ?", from, to, from, to, t.limit)
}

// newAmong are those of some titles that were not played before the period.
func (t topList) newAmong(ctx context.Context, some []titleCount) (news []titleCount, err error) {
	keys := make([]int64, len(some))
	for i, c := range some {
		keys[i] = c.id
	}
	known, err := sqldb.Select(ctx, t.db.Reads(), scanTitle, "SELECT id, plays, first_at, last_at FROM "+t.table.Titles+" WHERE "+sqldb.InNumbers("id", keys))
	isNew := make(map[titles.Key]bool, len(known))
	for _, k := range known {
		isNew[k.Key] = !k.First.Before(t.from())
	}
	for _, c := range some {
		if isNew[titles.Key(c.id)] {
			news = append(news, c)
		}
	}
	return news, err
}

func scanTitle(from *sql.Rows) (t titles.Title, err error) {
	err = from.Scan((*titleKey)(&t.Key), &t.Plays, (*sqldb.Moment)(&t.First), (*sqldb.Moment)(&t.Last))
	return t, err
}

// ranked are all titles of the period. The titles of whole days are kept, and what is
// not kept is counted play by play.
func (t topList) ranked(ctx context.Context) (ranking, error) {
	counts := make(map[titles.Key]int64)
	play := func(key titles.Key) { counts[key]++ }
	first, last := sqldb.WholeDays(t.from(), t.To)
	lacking, err := t.playedIn(ctx, first, last, play)
	if err != nil {
		return nil, err
	}
	for _, p := range append(lacking, titles.Period{From: t.from(), To: justBefore(first)}, titles.Period{From: last, To: t.To}) {
		if p.To.Before(p.From) {
			continue
		}
		if err := t.playedOneByOne(ctx, p, play); err != nil {
			return nil, err
		}
	}
	return newRanking(counts), nil
}

func justBefore(at time.Time) time.Time { return at.Add(-time.Microsecond) }

// playedIn calls play for each play of the days from first until before last whose
// titles are kept. It returns when the others are.
func (t topList) playedIn(ctx context.Context, first, last time.Time, play func(titles.Key)) (lacking []titles.Period, err error) {
	table := t.table
	rows, err := t.db.Reads().Query(ctx, "SELECT counted.day, played.titles FROM "+table.Days+" counted LEFT JOIN "+table.Played+" played"+
		" ON played.day = counted.day AND played.segments = counted.segments WHERE counted.day >= ? AND counted.day < ? AND counted.segments > 0 ORDER BY counted.day",
		sqldb.Date(first), sqldb.Date(last))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	isKept := true
	for rows.Next() {
		var date string
		var kept sql.RawBytes
		if err := rows.Scan(&date, &kept); err != nil {
			return nil, err
		}
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return nil, err
		}
		if kept == nil && isKept {
			lacking = append(lacking, titles.Period{From: day})
		}
		if isKept = kept != nil; isKept {
			airlog.PlayedTitles(kept, play)
		} else {
			lacking[len(lacking)-1].To = justBefore(sqldb.NextDay(day))
		}
	}
	return lacking, rows.Err()
}

// playedOneByOne calls play for each play of a period. The sum with 0 keeps the
// databases from using the index of the plays of titles, which is in another order.
func (t topList) playedOneByOne(ctx context.Context, p titles.Period, play func(titles.Key)) error {
	rows, err := t.db.Reads().Query(ctx, "SELECT aired.title_id FROM "+t.table.Segments+" aired WHERE aired.from_at >= ? AND aired.from_at <= ? AND aired.title_id + 0 IS NOT NULL",
		sqldb.At(p.From), sqldb.At(p.To))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key int64
		if err := rows.Scan(&key); err != nil {
			return err
		}
		play(titles.Key(key))
	}
	return rows.Err()
}

// titleCount is how often a title was played.
type titleCount struct {
	id    int64
	plays int64
}

func scanCount(row *sql.Rows) (c titleCount, err error) {
	err = row.Scan(&c.id, &c.plays)
	return c, err
}

// ranking is a heap of titles. The one that was played most is on top.
type ranking []titleCount

func newRanking(counts map[titles.Key]int64) ranking {
	r := make(ranking, 0, len(counts))
	for key, plays := range counts {
		r = append(r, titleCount{int64(key), plays})
	}
	heap.Init(&r)
	return r
}

// Len implements heap.Interface.
func (r ranking) Len() int { return len(r) }

// Less implements heap.Interface.
func (r ranking) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(r[j].plays, r[i].plays), cmp.Compare(r[i].id, r[j].id)) < 0
}

// Swap implements heap.Interface.
func (r ranking) Swap(i, j int) { r[i], r[j] = r[j], r[i] }

// Push implements heap.Interface.
func (r *ranking) Push(x any) { *r = append(*r, x.(titleCount)) }

// Pop implements heap.Interface.
func (r *ranking) Pop() any {
	last := len(*r) - 1
	c := (*r)[last]
	*r = (*r)[:last]
	return c
}

// take takes the next titles away, at most n.
func (r *ranking) take(n int) []titleCount {
	taken := make([]titleCount, min(n, len(*r)))
	for i := range taken {
		taken[i] = heap.Pop(r).(titleCount)
	}
	return taken
}
