// Package follow tells a process when another one has written into the database
// that they share. It promises that a write is noticed within Every plus one
// look at the database, and that the first look counts as a write.
package follow

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
)

// Every is how often the database is looked at.
const Every = 100 * time.Millisecond

// patience bounds one look.
const patience = 5 * time.Second

// Follower calls Changed when the sequence has moved.
type Follower struct {
	// Sequence returns the number of the last write of any process.
	Sequence func(ctx context.Context) (int64, error)
	// Changed must not block.
	Changed func()
	Log     zerolog.Logger
}

// Run follows until ctx ends, and returns nil.
func (f *Follower) Run(ctx context.Context) error {
	trouble := logging.NewLasting(f.Log, "looking for writes of other processes failed")
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	last := int64(-1)
	for {
		n, err := f.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		trouble.Report(err)
		// A lower number also counts, because then the database is another one,
		// such as a restored one.
		if err == nil && n != last {
			last = n
			f.Changed()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (f *Follower) look(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return f.Sequence(ctx)
}
