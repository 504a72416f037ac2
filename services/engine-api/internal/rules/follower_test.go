package rules

import (
	"context"
	"errors"
	"reflect"
	"sync"
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
	mu    sync.Mutex
	rules []model.HeardRule
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
		go func() { ended <- New(node, own, zerolog.Nop()).Run(ctx) }()
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
