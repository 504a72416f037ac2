package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

// ErrSilent means that an earlier read timed out, and the database has not
// answered since. The read was not tried.
var ErrSilent = errors.New("the database does not answer")

// probePause is how long a database that did not answer is left alone.
const probePause = time.Second

// silence remembers that the database did not answer a read in time. From then
// on reads fail at once, until a probe in the background is answered. Otherwise
// each read would wait as long as the first one, and reads would pile up.
type silence struct {
	// probe asks the database something that it answers at once.
	probe func(ctx context.Context) error
	log   zerolog.Logger

	mu sync.Mutex
	// since is when the silence began; zero while there is none.
	since time.Time
	// stop ends the probes; stopped says that there will be none any more.
	stop    context.CancelFunc
	stopped bool
	probing sync.WaitGroup
}

// refuse returns an error during a silence.
func (s *silence) refuse() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		return nil
	}
	return fmt.Errorf("%w: %w since %s", model.ErrUnavailable, ErrSilent, s.since.UTC().Format(time.TimeOnly))
}

// begin starts a silence, unless there is one.
func (s *silence) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || !s.since.IsZero() {
		return
	}
	s.since = time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.log.Warn().Msg("database does not answer; reads are not tried until it does")
	s.probing.Go(func() {
		defer cancel()
		s.await(ctx)
	})
}

// await ends the silence when a probe is answered.
func (s *silence) await(ctx context.Context) {
	for s.probe(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(probePause):
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.Info().Dur("silent", time.Since(s.since)).Msg("database answers again")
	s.since = time.Time{}
}

// end stops the probes. wait returns when the last one has ended.
func (s *silence) end() (wait func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.stop != nil {
		s.stop()
	}
	return s.probing.Wait
}

// guardReads makes reads obey the silence. The probes use the connections of the
// reads.
func (db *DB) guardReads() {
	pool := db.Read.ConnPool.(*sql.DB)
	db.readers = pool
	db.silence.probe = func(ctx context.Context) error {
		ctx, cancel := db.Deadline(ctx)
		defer cancel()
		rows, err := pool.QueryContext(ctx, "SELECT 1")
		if err == nil {
			err = errors.Join(rows.Err(), rows.Close())
		}
		return err
	}
	over := guardedPool{pool, db}
	db.Read.ConnPool, db.Read.Statement.ConnPool = over, over
}

// guardedPool refuses reads during a silence, and notes when one begins.
type guardedPool struct {
	gorm.ConnPool
	db *DB
}

func (p guardedPool) pool() *sql.DB { return p.ConnPool.(*sql.DB) }

// GetDBConn implements gorm's GetDBConnector.
func (p guardedPool) GetDBConn() (*sql.DB, error) { return p.pool(), nil }

// QueryContext implements gorm.ConnPool.
func (p guardedPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return guarded(ctx, p.db, func() (*sql.Rows, error) { return p.pool().QueryContext(ctx, query, args...) })
}

// BeginTx implements gorm's TxBeginner, for a read of several statements.
func (p guardedPool) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	return guarded(ctx, p.db, func() (*sql.Tx, error) { return p.pool().BeginTx(ctx, opts) })
}

func guarded[T any](ctx context.Context, db *DB, ask func() (*T, error)) (*T, error) {
	if err := db.silence.refuse(); err != nil {
		return nil, err
	}
	began := time.Now()
	answer, err := ask()
	// The driver's own timeout is as long, and may be faster than the context.
	if err != nil && (errors.Is(context.Cause(ctx), ErrTooSlow) || time.Since(began) >= db.Timeout) {
		db.silence.begin()
	}
	return answer, err
}
