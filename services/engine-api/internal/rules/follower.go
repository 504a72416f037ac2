package rules

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

const (
	// askEvery is how often the sync node is asked, plus or minus jitter, so that
	// nodes don't ask in step.
	askEvery = time.Minute
	jitter   = askEvery / 5
	// retryAfter is the pause after a question that failed.
	retryAfter = 10 * time.Second
	// patience bounds one question.
	patience = 5 * time.Second
)

// Peer is the sync node; *peer.Client implements it.
type Peer interface {
	// CheckSyncNode returns nil if the peer is a sync node, otherwise the reason
	// why not.
	CheckSyncNode(ctx context.Context) error
	// Rules returns the station's rules. Error: peer.ErrUnsupported if the sync node
	// is of an older version.
	Rules(ctx context.Context) ([]model.HeardRule, error)
}

// Record is what this node derives by; *repo.Node implements it.
type Record interface {
	// FollowRules replaces the rules, and reports whether they were others.
	FollowRules(ctx context.Context, rules []model.HeardRule) (changed bool, err error)
}

// Follower follows the sync node's rules.
type Follower struct {
	peer   Peer
	record Record
	log    zerolog.Logger
	away   *logging.Lasting
}

// New makes a Follower.
func New(from Peer, record Record, log zerolog.Logger) *Follower {
	return &Follower{peer: from, record: record, log: log, away: logging.NewLasting(log, "following the rules of the sync node failed")}
}

// Run follows until ctx ends, and then returns nil. Call it once, when the database
// is ready.
func (f *Follower) Run(ctx context.Context) error {
	for {
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		f.away.Report(err)
		pause := askEvery - jitter + rand.N(2*jitter)
		if err != nil {
			pause = retryAfter
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// follow asks once. A sync node of an older version has no rules, and then those
// that this node has go on counting.
func (f *Follower) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := f.peer.CheckSyncNode(ctx); err != nil {
		return err
	}
	rules, err := f.peer.Rules(ctx)
	if errors.Is(err, peer.ErrUnsupported) || err == nil && len(rules) == 0 { // it starts
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask for the rules: %w", err)
	}
	if err := model.ValidateRules(rules); err != nil {
		return fmt.Errorf("the sync node's rules: %w", err)
	}
	changed, err := f.record.FollowRules(ctx, rules)
	if err == nil && changed {
		f.log.Info().Stringer("counts", rules[len(rules)-1]).Int("rules", len(rules)).Msg("the sync node's rules of what was heard are others; they count now")
	}
	return err
}
