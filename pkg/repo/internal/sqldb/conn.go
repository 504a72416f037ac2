package sqldb

import (
	"context"
	"database/sql"
	"encoding/hex"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

// Conn executes statements without gorm, because gorm's reflection costs more
// than the work of the databases. It works on a pool or within a transaction.
type Conn struct {
	Dialect Dialect
	pool    gorm.ConnPool
	changed *Changes // nil if nothing is written
}

// Reads is a Conn for reads on which no write depends.
func (db *DB) Reads() Conn { return Conn{pool: db.Read.Statement.ConnPool, Dialect: db.Dialect} }

// Query executes a statement that returns rows.
func (c Conn) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.pool.QueryContext(c.Dialect.StatementContext(ctx), query, args...)
}

// Select calls scan for each row of a query and returns the results.
func Select[T any](ctx context.Context, c Conn, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := c.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// FewRows is a number of keys so small that looking them up costs no more than
// checking whether their table has any rows at all.
const FewRows = 20

// HasRows reports whether a table that is usually empty has any rows. Looking
// up hundreds of keys in vain would cost as much as storing some of their rows.
func (c Conn) HasRows(ctx context.Context, table string) (some bool, err error) {
	rows, err := c.Query(ctx, "SELECT 1 FROM "+table+" LIMIT 1")
	if err != nil {
		return false, err
	}
	defer rows.Close()
	some = rows.Next()
	return some, rows.Err()
}

// Exec executes a statement and returns how many rows it changed.
func (c Conn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := c.pool.ExecContext(c.Dialect.StatementContext(ctx), query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// ForUpdate ends a query whose rows nobody else may change until the
// transaction ends. The query also sees what was committed after the
// transaction began, or it conflicts with it.
const ForUpdate = " FOR UPDATE"

// InParts executes a statement about n rows, with at most size rows at once.
// values appends the values of one row. If the rows need more than one part,
// call it within a transaction.
func (c Conn) InParts(ctx context.Context, n, size int, statement func(rows int) string, values func(row int, to []any) []any) error {
	var whole *sql.Stmt // for parts of full size, if there are several
	ctx = c.Dialect.StatementContext(ctx)
	if c.Dialect.Prepares() && n >= 2*size {
		var err error
		if whole, err = c.pool.PrepareContext(ctx, statement(size)); err != nil {
			return err
		}
		defer whole.Close()
	}
	var args []any
	for row := 0; row < n; {
		part := min(size, n-row)
		args = args[:0]
		for range part {
			args = values(row, args)
			row++
		}
		if whole == nil || part < size {
			if _, err := c.pool.ExecContext(ctx, statement(part), args...); err != nil {
				return err
			}
			continue
		}
		result, err := whole.ExecContext(ctx, args...)
		if err == nil {
			err = c.changed.note(statement(size), result) // it bypasses watchedPool
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// MaxList is the maximum length of the list in an IN.
const MaxList = 500

// In is a condition on a column of fingerprints. They are written as literals,
// because the SQLite driver takes long to bind many values.
func In(column string, ids []model.Fingerprint) string {
	var b strings.Builder
	b.Grow(len(column) + 8 + 36*len(ids))
	b.WriteString(column)
	b.WriteString(" IN (")
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("X'")
		b.WriteString(hex.EncodeToString(id[:]))
		b.WriteByte('\'')
	}
	b.WriteByte(')')
	return b.String()
}

// InNumbers is In for numbers.
func InNumbers(column string, numbers []int64) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.FormatInt(n, 10)
	}
	return column + " IN (" + strings.Join(texts, ",") + ")"
}
