package lifecycle

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

// recount is the pause before days are counted again if that failed.
const recount = time.Minute

// DayCounter is a database that counts the entries of each day; *repo.Node and
// *repo.Station are some.
type DayCounter interface {
	CountDays(ctx context.Context) error
}

// Counting is a task that counts the entries of each day once, until that
// succeeds. The service need not wait for it: until then, lists are counted one by
// one.
func (s *Service) Counting(db DayCounter) func(ctx context.Context) error {
	lasting := logging.NewLasting(s.Log("database"), "the entries of each day can't be counted")
	return func(ctx context.Context) error {
		for {
			err := db.CountDays(ctx)
			if ctx.Err() != nil {
				return nil
			}
			lasting.Report(err)
			if err == nil || !errors.Is(err, model.ErrUnavailable) {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(recount):
			}
		}
	}
}
