package repo

import (
	"context"
	"database/sql"

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
	return t.of(ctx, "SELECT id FROM "+t.table.Titles+" "+t.db.Dialect.UseIndex(t.table.Titles+"_first")+" WHERE first_at >= ? AND first_at <= ?", t.from(), t.to())
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
