package repo

import (
	"context"
	"database/sql"
	"slices"
	"sync/atomic"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Node is the database of one node: what its engine played, its health and its
// clock, and an outbox of what the sync node does not have yet.
type Node struct {
	*DB
	*writer
	heard *heardLog
}

// OpenNode is Open for a node.
func OpenNode(cfg Config, log zerolog.Logger) (*Node, error) { return nodeOver(Open(cfg, log)) }

// OpenExistingNode is OpenExisting for a node.
func OpenExistingNode(cfg Config, log zerolog.Logger) (*Node, error) {
	return nodeOver(OpenExisting(cfg, log))
}

func nodeOver(db *DB, err error) (*Node, error) {
	if err != nil {
		return nil, err
	}
	heard := newHeardLog(db.db)
	n := &Node{DB: db, writer: newWriter(db.db, &nodeCommitter{db: db.db, said: &heard.said}), heard: heard}
	n.days.name = n.heard.followFor
	return n, nil
}

// IsEmpty reports whether no entry and no health was ever stored. Error:
// model.ErrUnavailable.
func (n *Node) IsEmpty(ctx context.Context) (bool, error) {
	ctx, cancel := n.db.Deadline(ctx)
	defer cancel()
	for _, table := range []string{"playlog", "health"} {
		if some, err := n.reads().HasRows(ctx, table); err != nil || some {
			return false, n.db.Fail(ctx, "look whether the database is empty", err)
		}
	}
	return true, nil
}

// Close stores what StoreEntry already accepted, then closes the connections.
// No other call may be made afterwards.
func (n *Node) Close() error {
	n.db.Hurry()
	n.group.close()
	n.heard.close()
	return n.DB.Close()
}

// nodeCommitter commits the writes of a node. Several writes run at once, each
// in a transaction that is repeated while it loses conflicts with others.
type nodeCommitter struct {
	db *sqldb.DB
	// said counts the writes after which it is to be derived what was heard.
	said *atomic.Int64
	// single is the prepared insertNew; nil before its first use.
	single *sql.Stmt
}

func (c *nodeCommitter) commit(ctx context.Context, do func(ctx context.Context, tx *writing) error) error {
	ctx, cancel := c.db.Deadline(ctx)
	defer cancel()
	return c.db.Classify(ctx, c.db.Transaction(ctx, func(unit *sqldb.Tx) error {
		tx := newWriting(unit)
		if err := do(ctx, tx); err != nil {
			return err
		}
		if tx.touched.Any() {
			c.said.Add(1)
		}
		return tx.complete(ctx)
	}))
}

// await does not wait: a node stores entries concurrently with other writes.
func (c *nodeCommitter) await() (release func()) { return func() {} }

// storeGroup sets its own deadline, because callers come and go. Nearly always
// all entries of a group are new, and a plain INSERT is the fastest. If one is
// there already, the whole group is merged with what is stored.
func (c *nodeCommitter) storeGroup(group []*waitingEntry) error {
	ctx, cancel := c.db.Deadline(context.Background())
	defer cancel()
	c.said.Add(1)
	return c.db.Outlast(ctx, func() error {
		err := c.insert(ctx, group)
		if err == nil || c.db.IsUnavailable(err) {
			return c.db.Classify(ctx, c.db.Wrote(ctx, err))
		}
		records, err := recordsOf(group)
		if err != nil {
			return err
		}
		return c.commit(ctx, func(ctx context.Context, tx *writing) error { return tx.tell(ctx, records) })
	})
}

// insert stores the group in one transaction, if all its entries are new. It
// uses one statement if the database handles that many rows well, otherwise
// several.
func (c *nodeCommitter) insert(ctx context.Context, group []*waitingEntry) error {
	rows := c.db.Dialect.RowsPerStatement()
	switch {
	case len(group) == 1:
		return c.insertSingle(ctx, &group[0].row)
	case len(group) <= rows:
		return c.db.Autocommit(ctx, func(write *gorm.DB) error { return c.insertMany(write, group) })
	}
	return c.db.Transaction(ctx, func(tx *sqldb.Tx) error {
		for part := range slices.Chunk(group, rows) {
			if err := c.insertMany(tx.Gorm(ctx), part); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *nodeCommitter) insertMany(g *gorm.DB, group []*waitingEntry) error {
	values := make([]any, 0, len(group)*len(storedColumns))
	for _, w := range group {
		values = w.row.stored(values)
	}
	return g.Exec(insertNewRows(len(group)), values...).Error
}

// insertSingle stores an entry that comes alone, as most do. A short
// statement that is prepared once and does not use gorm reduces the time until
// the entry is durable by a third.
func (c *nodeCommitter) insertSingle(ctx context.Context, row *entryRow) error {
	if c.single == nil {
		pool, err := c.db.Write.DB()
		if err != nil {
			return err
		}
		if c.single, err = pool.PrepareContext(ctx, insertNew); err != nil {
			c.single = nil
			return err
		}
	}
	values := row.stored(make([]any, 0, len(storedColumns)))
	return c.db.Retry(ctx, func() error {
		_, err := c.single.ExecContext(c.db.Dialect.StatementContext(ctx), values...)
		return err
	})
}

func (c *nodeCommitter) close() {
	if c.single != nil {
		_ = c.single.Close() // an error does not matter: the pool is closed next
	}
}
