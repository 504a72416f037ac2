package reconcile

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// pages fetches page after page, and uses each while the next one is on its
// way. The cursor of the first page is the zero value. next is the cursor of
// the following page, and the zero value at the end.
func pages[T any, C comparable](ctx context.Context, pause time.Duration,
	fetch func(ctx context.Context, cursor C) (_ []T, next C, _ error), use func(ctx context.Context, page []T) error,
) error {
	g, ctx := errgroup.WithContext(ctx)
	fetched := make(chan []T)
	g.Go(func() error {
		defer close(fetched)
		var start, cursor C
		for {
			page, next, err := fetch(ctx, cursor)
			if err != nil {
				return err
			}
			select {
			case fetched <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
			switch next {
			case start:
				return nil
			case cursor:
				return errors.New("the next page of the list is the same page again")
			}
			cursor = next
			if err := sleep(ctx, pause); err != nil {
				return err
			}
		}
	})
	g.Go(func() error {
		for page := range fetched {
			if len(page) == 0 {
				continue
			}
			if err := use(ctx, page); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// sleep waits, and returns the context's error if the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
