package reconcile

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// RecallRules asks the nodes by which rules it is derived what was heard, after the
// station's own record was lost. If they differ, the longest list counts, because
// a node that was lost itself knows only the last rule. It is nil if no node told
// any in time. No node delays this for longer than about two seconds.
func (r *Reconciler) RecallRules(ctx context.Context) (longest []model.HeardRule) {
	found := make([][]model.HeardRule, len(r.nodes))
	var g errgroup.Group
	for i, n := range r.nodes {
		g.Go(func() error {
			rules, err := n.newRun(n.newTally()).recallRules(ctx)
			if err != nil {
				n.log.Warn().Err(err).Msg("reading the rules from the node failed")
			}
			found[i] = rules
			return nil
		})
	}
	_ = g.Wait() // they return none
	for i, rules := range found {
		if len(rules) > len(longest) {
			longest = rules
			r.nodes[i].log.Warn().Int("rules", len(rules)).Msg("the station's record had no rules; the node has some")
		}
	}
	return longest
}

func (r *run) recallRules(ctx context.Context) ([]model.HeardRule, error) {
	ctx, cancel := context.WithTimeout(ctx, recallPatience)
	defer cancel()
	if _, err := r.state(ctx); errors.Is(err, peer.ErrUnsupported) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	rules, err := r.node.Rules(ctx)
	if errors.Is(err, peer.ErrUnsupported) || err == nil && len(rules) == 0 {
		return nil, nil
	}
	if err == nil {
		err = model.ValidateRules(rules)
	}
	if err != nil {
		return nil, err
	}
	return rules, nil
}
