package repo

import (
	"context"
	"database/sql"
	"strconv"

	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/titles"
)

// topList is the list of the titles that were played most in a period.
type topList struct {
	*OnAirLog
	titles.Period
	limit int
}

// of counts the plays in the period of some titles, which a query selects.
func (t topList) of(ctx context.Context, some string, args ...any) ([]titleCount, error) {
	query := "SELECT some.id, COUNT(*) FROM (" + some + ") some " + t.db.Dialect.JoinNext() + t.played() +
		" ON aired.title_id = some.id AND aired.from_at >= ? AND aired.from_at <= ? GROUP BY some.id ORDER BY 2 DESC, 1 LIMIT ?"
	return sqldb.Select(ctx, t.db.Reads(), scanCount, query, append(args, t.from(), t.to(), t.limit)...)
}

func (t topList) from() sqldb.Time { return sqldb.At(sqldb.RoundUp(t.From)) }
func (t topList) to() sqldb.Time   { return sqldb.At(t.To) }

// ofNew counts the plays of titles that were played for the first time in the period.
func (t topList) ofNew(ctx context.Context) ([]titleCount, error) {
	return t.of(ctx, "SELECT title_id AS id FROM title_first "+t.db.Dialect.UseIndex("title_first_at")+
		" WHERE log = "+strconv.Itoa(t.table.Number)+" AND first_at >= ? AND first_at <= ?", t.from(), t.to())
}

// ofAny counts the plays of those titles that can be on the list, because they were
// played at least as often ever as the last title on it was in the period. If these
// are too many, it looks at the whole period.
func (t topList) ofAny(ctx context.Context) ([]titleCount, error) {
	likely, err := t.of(ctx, "SELECT id FROM "+t.table.Titles+" ORDER BY plays DESC LIMIT "+strconv.Itoa(t.limit))
	if err != nil {
		return nil, err
	}
	least := int64(1)
	if len(likely) == t.limit {
		least = likely[t.limit-1].plays
	}
	isWorth, err := t.isWorth(ctx, least)
	if err != nil {
		return nil, err
	}
	if isWorth {
		return t.of(ctx, "SELECT id FROM "+t.table.Titles+" WHERE plays >= ?", least)
	}
	return t.ofPeriod(ctx)
}

// isWorth reports whether it costs less to look up the titles that were played so
// often ever than to look at all plays of the period.
func (t topList) isWorth(ctx context.Context, least int64) (bool, error) {
	read := t.db.Read.WithContext(ctx)
	all, err := t.table.Index().Count(read, airedSpan(entryQuery{From: t.From, To: t.To}))
	if err != nil {
		return false, err
	}
	most := int(all) / t.searching.lookup
	var n int
	often := t.db.Read.WithContext(ctx).Table(t.table.Titles).Select("1").Where("plays >= ?", least).Limit(most + 1)
	err = read.Table("(?) often", often).Select("COUNT(*)").Scan(&n).Error
	return n <= most, err
}

// ofPeriod counts all plays of the period. The sums with 0 keep the databases from
// using the index of the plays of titles, which is in another order.
func (t topList) ofPeriod(ctx context.Context) ([]titleCount, error) {
	return sqldb.Select(ctx, t.db.Reads(), scanCount, "SELECT aired.title_id + 0 AS title, COUNT(*) AS plays FROM "+t.table.Segments+" aired"+
		" WHERE aired.from_at >= ? AND aired.from_at <= ? AND aired.title_id + 0 IS NOT NULL GROUP BY title ORDER BY 2 DESC, 1 LIMIT ?", t.from(), t.to(), t.limit)
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
