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
	// Purges returns which plays are gone. Error: peer.ErrUnsupported if the sync node
	// is of an older version.
	Purges(ctx context.Context) (model.Purges, error)
}

// Record is what this node derives by; *repo.Node implements it.
type Record interface {
	// FollowRules replaces the rules, and reports whether they were others.
	FollowRules(ctx context.Context, rules []model.HeardRule) (changed bool, err error)
	// LearnPurges stores purges, and returns those that were not known.
	LearnPurges(ctx context.Context, theirs []model.Purge) (news model.Purges, _ error)
}

// Follower follows the sync node's rules and purges.
type Follower struct {
	peer   Peer
	record Record
	purge  func()
	log    zerolog.Logger
	away   *logging.Lasting
}

// New makes a Follower. purge is called when there is a new purge, and must not block.
func New(from Peer, record Record, purge func(), log zerolog.Logger) *Follower {
	return &Follower{peer: from, record: record, purge: purge, log: log, away: logging.NewLasting(log, "following the rules of the sync node failed")}
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

// follow asks once.
func (f *Follower) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := f.peer.CheckSyncNode(ctx); err != nil {
		return err
	}
	return errors.Join(f.rules(ctx), f.purges(ctx))
}

// rules follows the rules. A sync node of an older version has none, and then those
// that this node has go on counting.
func (f *Follower) rules(ctx context.Context) error {
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

// purges learns the purges. One that can't be right does not hold up the others.
func (f *Follower) purges(ctx context.Context) error {
	theirs, err := f.peer.Purges(ctx)
	if errors.Is(err, peer.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask for the purges: %w", err)
	}
	good, wrong := theirs.Valid(time.Now())
	news, err := f.record.LearnPurges(ctx, good)
	for _, p := range news {
		f.log.Warn().Stringer("purge", &p).Msg("the sync node says that plays are gone; they are deleted here, too")
	}
	if len(news) > 0 {
		f.purge()
	}
	return errors.Join(wrong, err)
}
