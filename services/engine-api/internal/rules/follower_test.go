package rules

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// syncNode is a sync node in memory, and record a node's record.
type syncNode struct {
	mu      sync.Mutex
	rules   []model.HeardRule
	another error // why it is not a sync node
	err     error
	asked   int
	purges  model.Purges
}

func (n *syncNode) Purges(context.Context) (model.Purges, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.purges, n.err
}

func (n *syncNode) CheckSyncNode(context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.another
}

func (n *syncNode) Rules(context.Context) ([]model.HeardRule, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	return n.rules, n.err
}

func (n *syncNode) timesAsked() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

func (n *syncNode) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
}

type record struct {
	mu     sync.Mutex
	rules  []model.HeardRule
	purges model.Purges
}

func (r *record) LearnPurges(_ context.Context, theirs []model.Purge) (news model.Purges, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range theirs {
		if !slices.ContainsFunc(r.purges, func(known model.Purge) bool { return known.UID() == p.UID() }) {
			news, r.purges = append(news, p), append(r.purges, p)
		}
	}
	return news, nil
}

func (r *record) knows(t *testing.T, what string, want int) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.purges) != want {
		t.Errorf("%s: knows %v, want %d", what, r.purges, want)
	}
}

func (r *record) FollowRules(_ context.Context, rules []model.HeardRule) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, changed := model.RulesDiffer(r.rules, rules)
	r.rules = rules
	return changed, nil
}

func (r *record) is(t *testing.T, what string, want []model.HeardRule) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !reflect.DeepEqual(r.rules, want) {
		t.Errorf("%s: follows %v, want %v", what, r.rules, want)
	}
}

// TestFollower: a change counts within a minute and a bit; whatever the sync node
// can't say leaves the rules as they are.
func TestFollower(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := []model.HeardRule{model.DefaultHeardRule()}
		second := append(first, model.HeardRule{From: time.Date(2020, 6, 27, 17, 0, 0, 0, time.UTC), Version: model.RuleAsSaid})
		node, own := &syncNode{rules: first}, &record{}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- New(node, own, func() {}, zerolog.Nop()).Run(ctx) }()
		own.is(t, "start", first)

		later := append(second, model.HeardRule{From: time.Date(2021, 6, 27, 17, 0, 0, 0, time.UTC), Version: 99})
		for what, trouble := range map[string]func(){
			"another node":  func() { node.another = peer.ErrNotSyncNode },
			"away":          func() { node.err = errors.New("no route") },
			"older":         func() { node.err = peer.ErrUnsupported },
			"starts":        func() { node.rules = nil },
			"later version": func() { node.rules = later },
			"unordered":     func() { node.rules = []model.HeardRule{second[1], second[0]} },
		} {
			node.set(func() { node.rules = second; trouble() })
			time.Sleep(askEvery + jitter)
			own.is(t, what, first)
			node.set(func() { node.rules, node.err, node.another = first, nil, nil })
			time.Sleep(askEvery + jitter)
		}
		node.set(func() { node.rules = second })
		time.Sleep(askEvery + jitter)
		own.is(t, "changed", second)
		asked := node.timesAsked()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := node.timesAsked() - asked; n < 50 || n > 75 {
			t.Errorf("asked %d times in an hour", n)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestFollower_purges: a purge is learned within a minute and a bit, and told once. One
// that can't be right does not hold up others, and rules that are not understood do not
// either.
func TestFollower_purges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node, own := &syncNode{rules: []model.HeardRule{{From: time.Now(), Version: 99}}}, &record{}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		var told atomic.Int64
		go func() { ended <- New(node, own, func() { told.Add(1) }, zerolog.Nop()).Run(ctx) }()
		own.knows(t, "start", 0)
		purge := model.Purge{Before: time.Now().AddDate(-1, 0, 0), At: time.Now(), By: "alice", Reason: "old"}
		early := purge
		early.Before = time.Now()
		node.set(func() { node.purges = model.Purges{early, purge} })
		time.Sleep(askEvery + jitter)
		own.knows(t, "purged", 1)
		time.Sleep(10 * askEvery)
		own.knows(t, "later", 1)
		if n := told.Load(); n != 1 {
			t.Errorf("told %d times", n)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
