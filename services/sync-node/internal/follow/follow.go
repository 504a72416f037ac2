// Package follow tells a process that another one wrote into the database they
// share. It promises that a write is noticed within Every and one look at the
// database, and that the first look counts as a write.
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
	// Sequence is the number of the last write, of whichever process.
	Sequence func(ctx context.Context) (int64, error)
	// Changed must not block.
	Changed func()
	Log     zerolog.Logger
}

// Run follows until ctx ends, and returns nil.
func (f *Follower) Run(ctx context.Context) error {
	trouble := logging.NewLasting(f.Log, "looking for other processes' writes failed")
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	last := int64(-1)
	for {
		n, err := f.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		trouble.Report(err)
		// Also where it fell behind: then the database is another one, such as
		// one that was restored.
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
