package repo

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// CommitGroup commits the entries as one group and returns the result of each.
func (n *Node) CommitGroup(entries ...model.Entry) []error {
	group := make([]*waitingEntry, len(entries))
	for i, e := range entries {
		group[i] = &waitingEntry{row: newEntryRow(e), result: make(chan error, 1)}
	}
	n.group.commit(group)
	results := make([]error, len(group))
	for i, w := range group {
		results[i] = <-w.result
	}
	return results
}

// CommitNext returns when the group committer is committing the entry. The
// committer cannot complete that while another transaction holds the database.
func (n *Node) CommitNext(t testing.TB, e model.Entry) {
	t.Helper()
	n.group.queue <- &waitingEntry{row: newEntryRow(e), result: make(chan error, 1)}
	patience.Await(t, func() error {
		pool, err := n.db.Write.DB()
		if err == nil && pool.Stats().InUse == 0 {
			err = errors.New("nothing is committed")
		}
		return err
	})
}

// AwaitQueued returns when an entry waits for its turn to be committed.
func (n *Node) AwaitQueued(t testing.TB) {
	t.Helper()
	patience.Await(t, func() error {
		if len(n.group.queue) == 0 {
			return errors.New("no entry waits")
		}
		return nil
	})
}

// DigestsByPage is Digests, but reads that many records at once.
func (r reader) DigestsByPage(ctx context.Context, q model.DigestQuery, perPage int) ([]model.Digest, error) {
	return r.digests(ctx, q, perPage)
}

// DeepEntries is Entries that finds every place by its day.
func (r reader) DeepEntries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error) {
	return r.deepEntries(ctx, entryQuery(q))
}

// DeepEntries is Entries that finds every place by its day.
func (l *OnAirLog) DeepEntries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error) {
	return l.deepEntries(ctx, entryQuery(q))
}

// RenewLeaseLate renews an epoch as if the statement had read the server's
// clock so many seconds ago. n must not be used afterwards.
func (n *Node) RenewLeaseLate(ctx context.Context, name, holder string, epoch int64, seconds int) (renewed bool, err error) {
	err = writeAside(ctx, n.db, func(ctx context.Context, tx *writing) error {
		if _, err := tx.Exec(ctx, "SET timestamp = UNIX_TIMESTAMP() - ?", seconds); err != nil {
			return err
		}
		renewed, err = tx.renewLease(ctx, name, leaseRow{Epoch: epoch, Holder: holder}, time.Hour)
		return err
	})
	return renewed, err
}

// TakeLeaseAfter takes a lease as a caller that saw that epoch expire.
func (n *Node) TakeLeaseAfter(ctx context.Context, name, holder string, epoch int64) (taken bool, err error) {
	err = writeAside(ctx, n.db, func(ctx context.Context, tx *writing) error {
		taken, err = tx.takeLease(ctx, name, holder, leaseRow{Epoch: epoch}, time.Hour)
		return err
	})
	return taken, err
}

// AwaitRefusal returns a function that returns when the database has refused a
// write since now.
func (d *DB) AwaitRefusal(t testing.TB) func() {
	t.Helper()
	if err := d.db.Wrote(t.Context(), nil); err != nil {
		t.Error(err)
	}
	return func() {
		t.Helper()
		patience.Await(t, func() error {
			if known, err := d.db.LastWrite(); known && err == nil {
				return errors.New("no write was refused")
			}
			return nil
		})
	}
}

// IsSilent reports whether a read was not tried, because the database did not
// answer an earlier one.
func IsSilent(err error) bool { return errors.Is(err, sqldb.ErrSilent) }

// HoldWriter takes a connection for writes, until release.
func (d *DB) HoldWriter(ctx context.Context) (release func(), err error) {
	pool, err := d.db.Write.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxIdleConns(-1) // what is released is closed
	held, err := pool.Conn(ctx)
	return func() { _ = held.Close() }, err
}

// HoldReaders takes all connections for reads, until release.
func (d *DB) HoldReaders(ctx context.Context) (release func(), err error) {
	pool, err := d.db.Read.DB()
	if err != nil {
		return nil, err
	}
	return hold(ctx, pool.Stats().MaxOpenConnections, pool.Conn)
}

// HoldVisitors takes all connections for reads of visitors, until release.
func (d *DB) HoldVisitors(ctx context.Context) (release func(), err error) {
	pool := d.db.ForVisitors()
	return hold(ctx, pool.Stats().MaxOpenConnections, pool.Conn)
}

func hold(ctx context.Context, n int, conn func(context.Context) (*sql.Conn, error)) (release func(), err error) {
	var held []*sql.Conn
	release = func() {
		for _, c := range held {
			_ = c.Close() // returns the connection to the pool
		}
	}
	for range n {
		c, err := conn(ctx)
		if err != nil {
			release()
			return nil, err
		}
		held = append(held, c)
	}
	return release, nil
}

// ExecRaw executes a statement on the connection for writes.
func (d *DB) ExecRaw(ctx context.Context, query string) error {
	return d.db.Write.WithContext(ctx).Exec(query).Error
}

// Record calls seen with every statement until stop is called.
func (d *DB) Record(seen func(query string, args []any)) (stop func()) {
	write, read := d.db.Write, d.db.Read
	d.db.Write, d.db.Read = recorded(write, seen), recorded(read, seen)
	return func() { d.db.Write, d.db.Read = write, read }
}

func recorded(g *gorm.DB, seen func(string, []any)) *gorm.DB {
	pool, err := g.DB()
	if err != nil {
		panic(err)
	}
	through := g.ConnPool
	g = g.Session(&gorm.Session{})
	g.Statement.ConnPool = &recorder{statements: statements{through, seen}, pool: pool}
	return g
}

// statements passes statements on to a pool or a transaction.
type statements struct {
	gorm.ConnPool
	seen func(string, []any)
}

func (s statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s.seen(query, args)
	return s.ConnPool.ExecContext(ctx, query, args...)
}

func (s statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s.seen(query, args)
	return s.ConnPool.QueryContext(ctx, query, args...)
}

func (s statements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s.seen(query, args)
	return s.ConnPool.QueryRowContext(ctx, query, args...)
}

type recorder struct {
	statements
	pool *sql.DB
}

// GetDBConn implements gorm's GetDBConnector.
func (r *recorder) GetDBConn() (*sql.DB, error) { return r.pool, nil }

// BeginTx implements gorm's ConnPoolBeginner.
func (r *recorder) BeginTx(ctx context.Context, opts *sql.TxOptions) (gorm.ConnPool, error) {
	tx, err := r.pool.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &recordedTx{statements: statements{tx, r.seen}, tx: tx}, nil
}

type recordedTx struct {
	statements
	tx *sql.Tx
}

func (t *recordedTx) Commit() error   { return t.tx.Commit() }
func (t *recordedTx) Rollback() error { return t.tx.Rollback() }

// SetSearch makes a search take that many titles for few, and look at that many
// segments.
func (l *OnAirLog) SetSearch(titles, walks int) {
	l.searching.titles, l.searching.walks = titles, walks
}

// SetCommon makes a word common that so many titles have.
func (l *OnAirLog) SetCommon(words int) { l.searching.word, l.searching.words = words, words }

// KeepPlayedAt is what KeepPlayed does at a time.
func (s *Station) KeepPlayedAt(ctx context.Context, now time.Time) error {
	return s.played().keep(ctx, now)
}

// KeepPlayedAt is what KeepPlayed does at a time.
func (n *Node) KeepPlayedAt(ctx context.Context, now time.Time) error {
	return n.heard.played().keep(ctx, now)
}

// SetNews makes so many new titles of a period many.
func (l *OnAirLog) SetNews(titles int) { l.searching.news = titles }
