package repo

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Fault is called before and after each statement and commit of a migration.
// Its error replaces the result. So the sender of a statement cannot tell
// whether the connection was lost before or after the statement took effect.
type Fault func(statement string, done bool) error

// FaultMigrations makes d's migrations fail as fault says.
func (d *DB) FaultMigrations(fault Fault) { d.db.Dialect = faultyDialect{d.db.Dialect, fault} }

type faultyDialect struct {
	sqldb.Dialect
	fault Fault
}

func (d faultyDialect) OpenForMigrations() (*sql.DB, error) {
	pool, err := d.Dialect.OpenForMigrations()
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(faultyConnector{pool, d.fault}), nil
}

// faultyConnector passes on the connections of a pool.
type faultyConnector struct {
	pool  *sql.DB
	fault Fault
}

func (c faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	lent, err := c.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	conn := &faultyConn{lent: lent, fault: c.fault}
	return conn, lent.Raw(func(own any) error {
		conn.conn = own.(rawConn)
		return nil
	})
}

func (c faultyConnector) Driver() driver.Driver { return c.pool.Driver() }

// Close implements io.Closer: the pool over faultyConnector closes the other
// pool.
func (c faultyConnector) Close() error { return c.pool.Close() }

// rawConn is what the connections of both databases implement.
type rawConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type faultyConn struct {
	conn  rawConn
	lent  *sql.Conn
	fault Fault
}

func (c *faultyConn) around(statement string, do func() error) error {
	if err := c.fault(statement, false); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return c.fault(statement, true)
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	err = c.around(query, func() error {
		result, err = c.conn.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.conn.QueryContext(ctx, query, args)
}

func (c *faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.conn.BeginTx(ctx, opts)
	return faultyTx{tx, c}, err
}

func (c *faultyConn) Prepare(query string) (driver.Stmt, error) { return c.conn.Prepare(query) }
func (c *faultyConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}
func (c *faultyConn) Close() error { return c.lent.Close() }

type faultyTx struct {
	tx   driver.Tx
	conn *faultyConn
}

// Commit fails before it takes effect: it rolls back, as the server does when
// it loses a client.
func (t faultyTx) Commit() error {
	err := t.conn.fault("COMMIT", false)
	if err != nil {
		_ = t.tx.Rollback()
		return err
	}
	if err := t.tx.Commit(); err != nil {
		return err
	}
	return t.conn.fault("COMMIT", true)
}

func (t faultyTx) Rollback() error { return t.tx.Rollback() }
