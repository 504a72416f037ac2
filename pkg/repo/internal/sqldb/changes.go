package sqldb

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// Changes are the tables in which the statements of a transaction changed rows.
// A statement that leaves every row as it was changes no table.
type Changes struct{ tables []string }

// note looks at the result of a statement.
func (c *Changes) note(statement string, result sql.Result) error {
	if c == nil {
		return nil
	}
	table := changedTable(statement)
	if table == "" {
		return nil
	}
	rows, err := result.RowsAffected()
	if err == nil && rows > 0 {
		c.add(table)
	}
	return err
}

func (c *Changes) add(table string) {
	if !slices.Contains(c.tables, table) {
		c.tables = append(c.tables, table)
	}
}

// Any reports whether any rows changed.
func (c *Changes) Any() bool { return len(c.tables) > 0 }

// In reports whether rows of any of these tables changed.
func (c *Changes) In(tables ...string) bool {
	return slices.ContainsFunc(tables, func(table string) bool { return slices.Contains(c.tables, table) })
}

// changedTable is the table whose rows a statement changes, or "" if it changes
// none.
func changedTable(statement string) string {
	verb, rest, _ := strings.Cut(strings.TrimSpace(statement), " ")
	switch verb {
	case "INSERT", "REPLACE":
		_, rest, _ = strings.Cut(rest, "INTO ")
	case "DELETE":
		_, rest, _ = strings.Cut(rest, "FROM ")
	case "UPDATE":
	default:
		return ""
	}
	table, _, _ := strings.Cut(strings.TrimLeft(rest, "` "), " ")
	return strings.Trim(table, "`")
}

// watchedPool notes what the statements of a transaction change, no matter
// which code executes them.
type watchedPool struct {
	gorm.ConnPool
	changed *Changes
}

// ExecContext implements gorm.ConnPool.
func (p watchedPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := p.ConnPool.ExecContext(ctx, query, args...)
	if err == nil {
		err = p.changed.note(query, result)
	}
	return result, err
}

// QueryContext implements gorm.ConnPool. It also executes statements that change rows and return them.
func (p watchedPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if table := changedTable(query); table != "" {
		p.changed.add(table)
	}
	return p.ConnPool.QueryContext(ctx, query, args...)
}
