package repo

import (
	"context"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Playing tells what plays at a node, of what was heard of its sources. While the
// tables of what was heard lack something, it derives the answer from what was said
// around that moment. So the answer is always up to date, nothing is written for
// it, and it costs the same however much is being stored. KeepHeard learns that
// something is to be derived.
type Playing struct {
	db    *sqldb.DB
	heard *heardLog
	// stored asks the tables as they are.
	stored *OnAirLog
}

// Playing is what plays, for the track service.
func (n *Node) Playing() *Playing {
	return &Playing{n.db, n.heard, &OnAirLog{n.db, airlog.Heard, func(context.Context) {}, n.heard.listed, usualSearch}}
}

// LatestEntry is OnAirLog.LatestEntry.
func (p *Playing) LatestEntry(ctx context.Context, at time.Time) (e model.Entry, err error) {
	if !p.lacks(ctx) {
		return p.stored.LatestEntry(ctx, at)
	}
	err = p.derive(ctx, func(ctx context.Context, d *derivation) error {
		latest, err := d.latest(ctx, at)
		if err == nil && latest == nil {
			return gorm.ErrRecordNotFound
		}
		if err == nil {
			e = *latest
		}
		return err
	})
	return e, err
}

// LatestAndNext is OnAirLog.LatestAndNext. What it derives is of one state of the
// database.
func (p *Playing) LatestAndNext(ctx context.Context, at time.Time) (latest, next *model.Entry, err error) {
	if !p.lacks(ctx) {
		return p.stored.LatestAndNext(ctx, at)
	}
	err = p.derive(ctx, func(ctx context.Context, d *derivation) (err error) {
		if latest, err = d.latest(ctx, at); err != nil {
			return err
		}
		next, err = d.next(ctx, at)
		return err
	})
	return latest, next, err
}

// lacks reports whether the tables lack anything, and has it derived in the
// background. A database that is away is the read's own error.
func (p *Playing) lacks(ctx context.Context) bool {
	lacks, err := p.heard.lacks(ctx)
	if err != nil || !lacks {
		return false
	}
	wake(p.heard.pending)
	return true
}

// derivation derives what was heard of all sources, in one state of the database.
type derivation struct {
	tx   *sqldb.Tx
	logs []*airlog.Log // of each source
}

func (p *Playing) derive(ctx context.Context, do func(ctx context.Context, d *derivation) error) error {
	ctx, cancel := p.db.Deadline(ctx)
	defer cancel()
	return p.db.Fail(ctx, "derive what plays", oneState(ctx, p.db, func(tx *sqldb.Tx) error {
		sources, err := sourcesOf(ctx, tx.Conn)
		if err != nil {
			return err
		}
		d := &derivation{tx: tx}
		for _, source := range sources {
			d.logs = append(d.logs, airlog.NewHeard(tx, source, p.heard.page))
		}
		return do(ctx, d)
	}))
}

func (d *derivation) latest(ctx context.Context, at time.Time) (*model.Entry, error) {
	return d.find(ctx, 1, func(log *airlog.Log) (*onair.Segment, error) { return log.Latest(ctx, at) })
}

func (d *derivation) next(ctx context.Context, after time.Time) (*model.Entry, error) {
	return d.find(ctx, -1, func(log *airlog.Log) (*onair.Segment, error) { return log.Next(ctx, after) })
}

// find is the entry of the newest of all sources' segments, or for -1 of the oldest;
// nil if there is none.
func (d *derivation) find(ctx context.Context, newest int, of func(log *airlog.Log) (*onair.Segment, error)) (*model.Entry, error) {
	var found *onair.Segment
	for _, log := range d.logs {
		s, err := of(log)
		if err != nil {
			return nil, err
		}
		if s != nil && (found == nil || place(s).Compare(place(found)) == newest) {
			found = s
		}
	}
	if found == nil {
		return nil, nil
	}
	e, err := takeEntry[entryRow](d.tx.Gorm(ctx).Model(&entryRow{}).Where("id = ?", found.Entry))
	e.Air = &model.Airing{From: found.From, Until: found.Until, Estimated: found.Estimated}
	return &e, err
}

func place(s *onair.Segment) model.Position { return model.Position{PlayedAt: s.From, ID: s.Entry} }
