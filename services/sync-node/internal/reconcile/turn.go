package reconcile

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"aura.radio/engine/pkg/model"
)

// Leases grants rights that one holder at a time can have.
type Leases interface {
	// AcquireLease grants or renews the lease if the answer names the holder that
	// asked.
	AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (model.Lease, error)
	ReleaseLease(ctx context.Context, name, holder string) error
}

const (
	// leaseName is the right to reconcile.
	leaseName = "reconcile"
	// leaseTTL is how long the lease lasts without being renewed. Another process
	// waits that long after this one died.
	leaseTTL = 30 * time.Second
	// renewEvery leaves room for two failed renewals.
	renewEvery = leaseTTL / 3
	// leasePatience bounds one question to the database.
	leasePatience = 5 * time.Second
)

var (
	// errNotOurTurn: another process reconciles now.
	errNotOurTurn = errors.New("another process reconciles now")
	// errLeaseLost ends a run whose process could not renew the lease, or whose
	// lease another process took.
	errLeaseLost = errors.New("the right to reconcile was lost")
)

// turn is this process's part in the lease. The runs with several nodes share
// it, and the last run to end gives it back.
type turn struct {
	leases Leases
	holder string

	mu   sync.Mutex // held while the database is asked, so that the questions follow one another
	runs int        // how many runs need the lease now
}

// take returns a context that ends with errLeaseLost as its cause when the
// lease is lost. Call done at the end of the run. Error: errNotOurTurn.
func (t *turn) take(ctx context.Context) (_ context.Context, done func(), _ error) {
	asked := time.Now()
	if err := t.join(ctx); err != nil {
		return nil, nil, err
	}
	ctx, lose := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { t.renew(ctx, asked.Add(leaseTTL), lose) })
	return ctx, func() {
		lose(nil)
		renewing.Wait()
		t.leave(context.WithoutCancel(ctx))
	}, nil
}

func (t *turn) join(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.acquire(ctx); err != nil {
		return err
	}
	t.runs++
	return nil
}

func (t *turn) leave(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.runs--; t.runs > 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, leasePatience)
	defer cancel()
	_ = t.leases.ReleaseLease(ctx, leaseName, t.holder) // the lease ends by itself
}

func (t *turn) acquire(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, leasePatience)
	defer cancel()
	lease, err := t.leases.AcquireLease(ctx, leaseName, t.holder, leaseTTL)
	switch {
	case err != nil:
		return own("ask for the right to reconcile", err)
	case lease.Holder != t.holder:
		return errNotOurTurn
	}
	return nil
}

// renew keeps the lease until ctx ends, or calls lose.
func (t *turn) renew(ctx context.Context, expires time.Time, lose context.CancelCauseFunc) {
	ticker := time.NewTicker(renewEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asked := time.Now()
		t.mu.Lock()
		err := t.acquire(ctx)
		t.mu.Unlock()
		switch {
		case err == nil:
			expires = asked.Add(leaseTTL)
		case errors.Is(err, errNotOurTurn), !time.Now().Add(renewEvery).Before(expires):
			// Another process has the lease, or no time is left for another attempt.
			// err is formatted with %v, because a run that lost its turn must not
			// look like a run that had to wait for its turn.
			lose(fmt.Errorf("%w: %v", errLeaseLost, err)) //nolint:errorlint // see above
			return
		}
	}
}
