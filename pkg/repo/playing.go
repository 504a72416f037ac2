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
	return &Playing{n.db, n.heard, &OnAirLog{n.db, airlog.Heard, func(context.Context) {}, usualSearch}}
}

// LatestEntry is OnAirLog.LatestEntry.
func (p *Playing) LatestEntry(ctx context.Context, at time.Time) (model.Entry, error) {
	return p.entry(ctx, at, sought{(*OnAirLog).LatestEntry, (*airlog.Log).Latest, 1})
}

// NextEntry is OnAirLog.NextEntry.
func (p *Playing) NextEntry(ctx context.Context, after time.Time) (model.Entry, error) {
	return p.entry(ctx, after, sought{(*OnAirLog).NextEntry, (*airlog.Log).Next, -1})
}

// sought is how an entry is found.
type sought struct {
	// read finds it in the tables.
	read func(log *OnAirLog, ctx context.Context, at time.Time) (model.Entry, error)
	// derive finds its segment among what was heard of one source, nil if there is
	// none.
	derive func(log *airlog.Log, ctx context.Context, at time.Time) (*onair.Segment, error)
	// newest is 1 if the newest segment of all sources is sought, -1 for the
	// oldest.
	newest int
}

func (p *Playing) entry(ctx context.Context, at time.Time, what sought) (model.Entry, error) {
	lacks, err := p.heard.lacks(ctx)
	if err != nil || !lacks {
		return what.read(p.stored, ctx, at) // a database that is away is the read's own error
	}
	wake(p.heard.pending)
	return p.derive(ctx, at, what)
}

// derive finds an entry among what was heard of all sources.
func (p *Playing) derive(ctx context.Context, at time.Time, what sought) (e model.Entry, err error) {
	ctx, cancel := p.db.Deadline(ctx)
	defer cancel()
	err = oneState(ctx, p.db, func(tx *sqldb.Tx) error {
		sources, err := sourcesOf(ctx, tx.Conn)
		if err != nil {
			return err
		}
		var found *onair.Segment
		for _, source := range sources {
			s, err := what.derive(airlog.NewHeard(tx, source, p.heard.page), ctx, at)
			if err != nil {
				return err
			}
			if s != nil && (found == nil || place(s).Compare(place(found)) == what.newest) {
				found = s
			}
		}
		if found == nil {
			return gorm.ErrRecordNotFound
		}
		e, err = takeEntry[entryRow](tx.Gorm(ctx).Model(&entryRow{}).Where("id = ?", found.Entry))
		e.Air = &model.Airing{From: found.From, Until: found.Until, Estimated: found.Estimated}
		return err
	})
	return e, p.db.Fail(ctx, "derive what plays", err)
}

func place(s *onair.Segment) model.Position { return model.Position{PlayedAt: s.From, ID: s.Entry} }
