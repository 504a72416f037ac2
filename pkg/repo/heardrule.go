package repo

import (
	"context"
	"errors"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// FollowRules makes the rules of the sync node the node's record, and reports
// whether they were others. KeepHeard then derives again from the first difference
// on, after an interruption too. Call it after PrepareHeard. Error:
// model.ErrUnavailable.
func (n *Node) FollowRules(ctx context.Context, rules []model.HeardRule) (changed bool, err error) {
	known, err := n.Rules(ctx)
	if err != nil {
		return false, err
	}
	note, err := n.heard.note(ctx)
	if err != nil {
		return false, n.db.Fail(ctx, "follow rules", err)
	}
	if _, changed = model.RulesDiffer(known, rules); !changed && note.Follows {
		return false, nil
	}
	err = n.heard.change(ctx, func([]model.HeardRule) []model.HeardRule { return rules }, func(note *heardNote) { note.Follows = true })
	if err == nil {
		n.heard.goOn()
	}
	return changed, n.db.Fail(ctx, "follow rules", err)
}

// StationRules returns the rules of the station's record as far as the node knows
// them, none if its own are only those that it started with. A sync node that lost
// its database asks for them. Error: model.ErrUnavailable.
func (n *Node) StationRules(ctx context.Context) ([]model.HeardRule, error) {
	rules, err := n.Rules(ctx)
	if err != nil || len(rules) > 1 {
		return rules, err
	}
	note, err := n.heard.note(ctx)
	if err != nil || !note.Follows {
		return nil, n.db.Fail(ctx, "read rules", err)
	}
	return rules, nil
}

// Prepared reports whether it is derived what was heard, except for what is
// pending. Error: model.ErrUnavailable.
func (n *Node) Prepared(ctx context.Context) (bool, error) {
	note, err := n.heard.note(ctx)
	if err != nil {
		return false, n.db.Fail(ctx, "look whether it is derived what was heard", err)
	}
	if note.Stage == heardWhole {
		n.heard.prepared.Store(true)
	}
	return note.Stage == heardWhole, nil
}

// SetRule lets a rule count from its time on, whatever counted since then, and
// derives what was heard again from there. If it is interrupted, the next start of
// the service finishes it. It returns how many segments changed. For progress see
// Station.Rebuild. Error: model.ErrUnavailable.
func (n *Node) SetRule(ctx context.Context, r model.HeardRule, progress func(done, total int64)) (differing int, err error) {
	err = n.heard.change(ctx, func(rules []model.HeardRule) []model.HeardRule { return onair.Counting(rules, r) }, func(*heardNote) {})
	if err == nil {
		differing, err = n.heard.deriveAll(ctx, n.passing(ctx, onair.Window{From: r.From}, progress), context.Context.Err)
	}
	return differing, n.db.Fail(ctx, "set rule", err)
}

// TryRule tells what SetRule would change, source by source in the order of time,
// and changes nothing. For progress see Station.Rebuild. Error:
// model.ErrUnavailable.
func (n *Node) TryRule(ctx context.Context, r model.HeardRule, found func(onair.Difference), progress func(done, total int64)) error {
	n.heard.followFor(ctx)
	rules, err := n.Rules(ctx)
	if err != nil {
		return err
	}
	rules = onair.Counting(rules, r)
	passed := n.passing(ctx, onair.Window{From: r.From}, progress)
	err = n.heard.eachSource(ctx, func(source int) error {
		for rest := (&onair.Window{From: r.From}); rest != nil; {
			part := *rest
			if rest, err = n.heard.try(ctx, source, part, rules, found); err != nil {
				return err
			}
			if err := passed(ctx, source, part, rest); err != nil {
				return err
			}
		}
		return nil
	})
	return n.db.Fail(ctx, "try rule", err)
}

// change replaces the rules, and notes from when on it is to be derived again what
// was heard.
func (h *heardLog) change(ctx context.Context, rulesAfter func(before []model.HeardRule) []model.HeardRule, also func(*heardNote)) error {
	for {
		err := h.inTurn(ctx, func() error {
			return h.commit(ctx, func(ctx context.Context, tx *writing, note *heardNote) error {
				before, err := airlog.Rules(ctx, tx.Conn)
				if err != nil {
					return err
				}
				also(note)
				after := rulesAfter(before)
				from, differ := model.RulesDiffer(before, after)
				if !differ {
					return nil
				}
				note.leave(from)
				return tx.storeRules(ctx, after)
			})
		})
		if !errors.Is(err, errTooMuch) { // otherwise a part was taken
			return err
		}
	}
}

// try compares the beginning of w with what other rules say. It returns the rest.
func (h *heardLog) try(ctx context.Context, source int, w onair.Window, rules []model.HeardRule, found func(onair.Difference)) (rest *onair.Window, err error) {
	ctx, cancel := h.db.Deadline(ctx)
	defer cancel()
	err = oneState(ctx, h.db, func(tx *sqldb.Tx) error {
		log := airlog.NewHeard(tx, source, h.page)
		log.DryRun, log.Rules, log.Compare = true, rules, found
		rest, err = log.MendSome(ctx, w)
		return err
	})
	return rest, h.db.Classify(ctx, err)
}

// passedPart is told of each part of a source's time that was derived, and what
// remains of it.
type passedPart func(ctx context.Context, source int, part onair.Window, rest *onair.Window) error

func passNothing(context.Context, int, onair.Window, *onair.Window) error { return nil }

// passing tells progress how many entries were passed.
func (r reader) passing(ctx context.Context, w onair.Window, progress func(done, total int64)) passedPart {
	if progress == nil {
		return passNothing
	}
	var done int64
	total, _ := r.countPlayed(ctx, w, anySource) // 0 if they can't be counted in time
	return func(ctx context.Context, source int, part onair.Window, rest *onair.Window) error {
		if rest != nil {
			part.To = rest.From
		}
		n, err := r.countPlayed(ctx, part, source)
		if err != nil {
			return err
		}
		if done += n; total > 0 {
			total = max(done, total) // more may have been stored meanwhile
		}
		progress(done, total)
		return nil
	}
}

const anySource = 0

// countPlayed counts the entries of a source that were played within w.
func (r reader) countPlayed(ctx context.Context, w onair.Window, source int) (n int64, err error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	q := r.db.Read.WithContext(ctx).Model(&entryRow{}).Where("played_at >= ? AND played_at < ?", sqldb.At(w.From), sqldb.UntilTime(w.To))
	if source != anySource {
		q = q.Where("log_source = ?", source)
	}
	err = q.Count(&n).Error
	return n, r.db.Fail(ctx, "count entries", err)
}
