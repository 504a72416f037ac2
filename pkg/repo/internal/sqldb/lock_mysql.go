package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

const (
	// lockIdle is how long the server keeps the lock of a host that has gone without
	// a word, in seconds, and lockWait how long the next process waits for that.
	lockIdle = "10"
	lockWait = 12
	// lockInterval is how often a process shows that it is there.
	lockInterval = 3 * time.Second
)

// serverLock is a named lock of the server. It belongs to a connection that is
// used for nothing else. In a Galera cluster the lock holds for one node only.
type serverLock struct {
	pool *sql.DB
	conn *sql.Conn // nil if the connection was lost
	// stop ends the goroutine; ended says that it has ended.
	stop        context.CancelFunc
	ended, lost chan struct{}
}

const serverLockName = "CONCAT('aura-service:', MD5(DATABASE()))"

func (d mysqlDialect) LockService(ctx context.Context) (ServiceLock, error) {
	config := d.config.Clone()
	config.ReadTimeout = 0 // the context bounds the wait
	config.Params["wait_timeout"] = lockIdle
	pool := d.openWith(config, 1)
	pool.SetConnMaxLifetime(0) // the lock ends with the connection
	l := &serverLock{pool: pool, ended: make(chan struct{}), lost: make(chan struct{})}
	if err := l.take(ctx, lockWait); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	holding, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go l.hold(holding)
	return l, nil
}

// take waits for the lock for so many seconds.
func (l *serverLock) take(ctx context.Context, seconds int) error {
	conn, err := l.pool.Conn(ctx)
	if err != nil {
		return err
	}
	var got sql.NullInt64
	err = conn.QueryRowContext(ctx, "SELECT GET_LOCK("+serverLockName+", ?)", seconds).Scan(&got)
	switch {
	case err == nil && got.Int64 == 1:
		l.conn = conn
		return nil
	case err == nil && got.Valid:
		err = ErrLocked
	case err == nil:
		err = errors.New("the server refused the lock")
	}
	return errors.Join(err, conn.Close())
}

// hold keeps the lock until ctx ends, or until another process has it.
func (l *serverLock) hold(ctx context.Context) {
	defer close(l.ended)
	again := time.NewTicker(lockInterval)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		if errors.Is(l.check(ctx), ErrLocked) {
			close(l.lost)
			return
		}
		// As long as the database is away, nobody else can take the lock either.
	}
}

// check takes the lock again if it was lost.
func (l *serverLock) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lockInterval)
	defer cancel()
	if l.conn != nil {
		var held sql.NullBool
		err := l.conn.QueryRowContext(ctx, "SELECT IS_USED_LOCK("+serverLockName+") = CONNECTION_ID()").Scan(&held)
		if err == nil && held.Bool {
			return nil
		}
		_ = l.conn.Close() // it is of no use any more
		l.conn = nil
	}
	return l.take(ctx, 0)
}

func (l *serverLock) Lost() <-chan struct{} { return l.lost }

// Release ends the connection, and so the lock. An error means that the
// connection has ended already.
func (l *serverLock) Release() error {
	l.stop()
	<-l.ended
	if l.conn != nil {
		_ = l.conn.Close()
	}
	_ = l.pool.Close()
	return nil
}
