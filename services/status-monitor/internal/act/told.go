package act

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/model"
)

// toldName is the name of the note with what was told last.
const toldName = "told"

// Told is how far the receivers were told of the changes of the active source, so
// that a restart goes on behind that.
type Told struct {
	// Epoch is that of the last activation of which they were told, or which was
	// nothing to tell. Source was active then.
	Epoch  int64 `json:"epoch"`
	Source int   `json:"source"`
	// Own is the epoch that this monitor's last decision was expected to get. They
	// were told of all its decisions up to there when they were made.
	Own int64 `json:"own,omitempty"`
}

// told keeps a Told.
type told struct {
	outbox *delivery.Outbox
	notes  Notes
	log    zerolog.Logger

	mu     sync.Mutex
	before *Told // as it was before the restart; nil: not known
}

func (t *told) load(ctx context.Context) error {
	kept, err := t.notes.Note(ctx, toldName)
	if errors.Is(err, model.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what was told before the restart: %w", err)
	}
	var before Told
	if err := json.Unmarshal(kept.Body, &before); err != nil {
		t.log.Warn().Err(err).Msg("what was told before the restart can't be understood")
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.before = &before
	return nil
}

func (t *told) last() (_ Told, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.before == nil {
		return Told{}, false
	}
	return *t.before, true
}

func (t *told) remember(now Told) {
	body, err := json.Marshal(now)
	if err != nil {
		panic(err) // it has nothing but numbers
	}
	at := time.Now()
	t.outbox.Note(func(ctx context.Context) error {
		return t.notes.StoreNote(ctx, model.Note{Name: toldName, Body: body, WrittenAt: at})
	})
}
