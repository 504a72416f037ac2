package reconcile

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/stationtime"
)

// kindPurges is compared as a whole.
const kindPurges = "purges"

// purges learns which plays of the node's source are gone, if only the node knows it. A
// node can't make the sync node delete anything: it is believed what the sync node's own
// database decided, which was then restored from a backup of before; and otherwise what
// costs nothing, because none of these plays are here. The other direction needs nothing:
// the node itself asks.
func (r *run) purges(ctx context.Context) error {
	known, theirs, err := r.bothPurges(ctx)
	if err != nil {
		return err
	}
	var believed []model.Purge
	for _, p := range theirs {
		if own, isAbout := p.Of(r.source); isAbout && own.Before.After(known.Bound(r.source)) {
			p, isBelieved, err := r.believe(ctx, p, own)
			switch {
			case err != nil:
				return err
			case isBelieved:
				believed = append(believed, p)
			default:
				r.log.Warn().Stringer("purge", &p).Msg("the node says that plays are gone, which the sync node did not decide; they are kept here until a person purges them here")
			}
		}
	}
	news, err := r.store.LearnPurges(ctx, believed)
	for _, p := range news {
		r.log.Warn().Stringer("purge", &p).Msg("the node says that plays are gone; they are deleted here, too")
	}
	if len(news) > 0 && r.cfg.Purge != nil {
		r.cfg.Purge()
	}
	if err != nil {
		return own("store purges", err)
	}
	return nil
}

// believe returns the purge as the sync node takes it over. limited is the same for the
// node's source alone.
func (r *run) believe(ctx context.Context, p, limited model.Purge) (_ model.Purge, isBelieved bool, _ error) {
	decidedHere, err := r.store.DecidedHere(ctx, p)
	if err != nil {
		return p, false, own("look who decided a purge", err)
	}
	if decidedHere {
		return p, true, nil
	}
	there, _, err := r.store.Records(ctx, model.RecordQuery{Source: r.source, To: p.Before, Limit: 1})
	if err != nil {
		return p, false, own("look for purged plays", err)
	}
	return limited, len(there) == 0, nil
}

// bothPurges returns both sides' purges, and notes what is therefore not compared. The
// node's are nil if it is of an older version.
func (r *run) bothPurges(ctx context.Context) (known, theirs model.Purges, _ error) {
	known, err := r.store.Purges(ctx)
	if err != nil {
		return nil, nil, own("read purges", err)
	}
	theirs, err = r.node.Purges(ctx)
	if errors.Is(err, peer.ErrUnsupported) {
		theirs, err = nil, nil
		r.knowsNoPurges = true
	}
	theirs, wrong := theirs.Valid(time.Now())
	if wrong != nil {
		r.log.Warn().Err(wrong).Msg("a purge of the node can't be right")
	}
	r.playsFrom = later(known.Bound(r.source), theirs.Bound(r.source))
	return known, theirs, err
}

// auditPurges compares which plays of the node's source both sides know to be gone.
func (a *audit) auditPurges(known, theirs model.Purges) KindAudit {
	result := KindAudit{Kind: kindPurges}
	differs := func(p model.Purge, here, there int64) {
		result.Differing = append(result.Differing, BucketAudit{From: stationtime.UTC(p.Before), Here: here, There: there})
	}
	here, there := known.Bound(a.source), theirs.Bound(a.source)
	for _, p := range known {
		switch _, isAbout := p.Of(a.source); {
		case !isAbout:
		case p.Before.After(there):
			differs(p, 1, 0)
		default:
			result.Equal++
		}
	}
	for _, p := range theirs {
		if _, isAbout := p.Of(a.source); isAbout && p.Before.After(here) {
			differs(p, 0, 1)
		}
	}
	return result
}
