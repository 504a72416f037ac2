package repo

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// reader has the reads that a node's and a station's database share.
type reader struct {
	db   *sqldb.DB
	days *dayCounts
	page int // how many plays are explained at once, at least 2
	// recent is what was read last of the purges.
	recent *recentPurges
}

// reads is for reads of many records at once on which no write depends.
func (r reader) reads() bulk { return bulk{r.db.Reads()} }

// bulk reads many records at once.
type bulk struct{ sqldb.Conn }

// oneState runs do in a transaction that only reads, and sees one state of the
// database.
func oneState(ctx context.Context, db *sqldb.DB, do func(tx *sqldb.Tx) error) error {
	return db.Read.WithContext(ctx).Transaction(func(g *gorm.DB) error { return do(sqldb.NewTx(db, g)) }, &sql.TxOptions{ReadOnly: true})
}

// locking makes a query keep others from reading its rows in this way until the
// transaction ends. SQLite needs no lock, because its transactions exclude each
// other.
func locking(query *gorm.DB) *gorm.DB {
	return query.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}

// firstRow is the first row of a query, zero if there is none.
func firstRow[R any](query *gorm.DB) (first R, _ error) {
	var rows []R
	if err := query.Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return first, err
	}
	return rows[0], nil
}
