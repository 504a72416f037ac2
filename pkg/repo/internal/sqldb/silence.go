package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
)

// ErrSilent means that an earlier read timed out, and the database has not
// answered since. The read was not tried.
var ErrSilent = errors.New("the database does not answer")

// probePause is how long a database that did not answer is left alone.
const probePause = time.Second

// silence remembers that the database did not answer a read in time. From then
// on reads fail at once, until a probe in the background is answered. Otherwise
// each read would wait as long as the first one, and reads would pile up. Make it
// with newSilence.
type silence struct {
	probe func() error
	// stop ends the probes, and closes stopping.
	stop     context.CancelFunc
	stopping <-chan struct{}
	probing  sync.WaitGroup
	log      zerolog.Logger

	mu sync.Mutex
	// since is when the silence began; zero while there is none.
	since   time.Time
	stopped bool
}

// newSilence: probe asks the database something that it answers at once.
func newSilence(probe func(ctx context.Context) error, log zerolog.Logger) *silence {
	ctx, stop := context.WithCancel(context.Background())
	return &silence{probe: func() error { return probe(ctx) }, stop: stop, stopping: ctx.Done(), log: log}
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
	s.log.Warn().Msg("database does not answer; reads are not tried until it does")
	s.probing.Go(s.await)
}

// await ends the silence when a probe is answered.
func (s *silence) await() {
	for s.probe() != nil {
		select {
		case <-s.stopping:
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
	s.stop()
	return s.probing.Wait
}

// guardReads makes reads obey the silence.
func (db *DB) guardReads() {
	db.silence = newSilence(db.probe, db.Log)
	over := guardedPool{db.readers, db}
	db.Read.ConnPool, db.Read.Statement.ConnPool = over, over
}

// probe asks on the connections of the reads.
func (db *DB) probe(ctx context.Context) error {
	ctx, cancel := db.Deadline(ctx)
	defer cancel()
	var one int
	return db.readers.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// guardedPool refuses reads during a silence, and notes when one begins. Reads for
// visitors have connections of their own.
type guardedPool struct {
	*sql.DB
	db *DB
}

// GetDBConn implements gorm's GetDBConnector.
func (p guardedPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// of are the connections for whoever asks.
func (p guardedPool) of(ctx context.Context) *sql.DB {
	if model.IsForVisitor(ctx) {
		return p.db.ForVisitors()
	}
	return p.DB
}

// QueryRowContext implements gorm.ConnPool.
func (p guardedPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.of(ctx).QueryRowContext(ctx, query, args...)
}

// QueryContext implements gorm.ConnPool.
func (p guardedPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return guarded(ctx, p.db, func() (*sql.Rows, error) { return p.of(ctx).QueryContext(ctx, query, args...) })
}

// BeginTx implements gorm's TxBeginner, for a read of several statements.
func (p guardedPool) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	return guarded(ctx, p.db, func() (*sql.Tx, error) { return p.of(ctx).BeginTx(ctx, opts) })
}

func guarded[T any](ctx context.Context, db *DB, ask func() (*T, error)) (*T, error) {
	if err := db.silence.refuse(); err != nil {
		return nil, err
	}
	began := time.Now()
	answer, err := ask()
	// The driver's own timeout is as long, and may be faster than the context.
	tooSlow := errors.Is(context.Cause(ctx), ErrTooSlow) || ctx.Err() == nil && time.Since(began) >= db.Timeout
	if err != nil && tooSlow {
		db.silence.begin()
	}
	return answer, err
}
