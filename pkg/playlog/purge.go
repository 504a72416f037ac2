package playlog

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

const (
	// lookEvery is how often it is looked for plays to be purged without a wake-up: a
	// command or another process may have decided it.
	lookEvery = time.Minute
	// purgeBatch is how many plays are deleted in one transaction, and purgePause the
	// time between two that others have.
	purgeBatch = 200
	purgePause = 50 * time.Millisecond
)

// Purged is where plays are deleted; *repo.Node and *repo.Station are some.
type Purged interface {
	Purges(ctx context.Context) (model.Purges, error)
	// Purgeable adds up what a purge would delete now.
	Purgeable(ctx context.Context, p model.Purge, month func(time.Time) string, progress func(done int64)) ([]model.Gone, error)
	// PurgePlays deletes some of what a purge is about, and says whether there may be
	// more.
	PurgePlays(ctx context.Context, uid model.Fingerprint, month func(time.Time) string, limit int) (gone []model.Gone, more bool, _ error)
}

// Purge deletes plays that are gone by a person's decision: those that are there when
// the database learns of it, and those that were on their way. It promises that it
// deletes nothing else, that others can write between two batches, and that it goes on
// after an interruption.
type Purge struct {
	store   Purged
	month   func(time.Time) string
	changed func()
	log     zerolog.Logger
	lasting *logging.Lasting
	wake    chan struct{}
	deleted prometheus.Counter
}

// NewPurge deletes nothing yet. changed is called after each batch and must not block.
func NewPurge(store Purged, zone *stationtime.Zone, changed func(), log zerolog.Logger) *Purge {
	return &Purge{
		store: store, month: Month(zone), changed: changed, log: log, wake: make(chan struct{}, 1),
		lasting: logging.NewLasting(log, "plays can't be purged"),
		deleted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "aura_playlog_purged_total", Help: "Plays that were deleted, because a person purged the time in which they were played.",
		}),
	}
}

// Describe implements prometheus.Collector.
func (p *Purge) Describe(ch chan<- *prometheus.Desc) { p.deleted.Describe(ch) }

// Collect implements prometheus.Collector.
func (p *Purge) Collect(ch chan<- prometheus.Metric) { p.deleted.Collect(ch) }

// Wake says that there may be something to delete. It does not block.
func (p *Purge) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run deletes now, when it is woken and every minute, until ctx ends. It returns nil.
func (p *Purge) Run(ctx context.Context) error {
	for {
		err := p.Once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		p.lasting.Report(err)
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
		case <-time.After(lookEvery):
		}
	}
}

// Once deletes all that is gone by any purge.
func (p *Purge) Once(ctx context.Context) error {
	all, err := p.store.Purges(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if err := p.one(ctx, &all[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Purge) one(ctx context.Context, purge *model.Purge) error {
	there, err := p.store.Purgeable(ctx, *purge, p.month, nil)
	if err != nil {
		return err
	}
	left := model.Total(there).Entries
	if left > 0 {
		p.log.Warn().Int64("entries", left).Time("before", purge.Before).Int("of_source", purge.Source).Str("by", purge.By).
			Time("decided", purge.At).Str("reason", purge.Reason).Msg("plays are deleted, because a person purged them")
	}
	if left == 0 && purge.Done {
		return nil
	}
	var gone int64
	err = DeletePurged(ctx, p.store, purge.UID(), p.month, func(n int64) {
		gone += n
		p.deleted.Add(float64(n))
		p.changed()
	})
	if gone > 0 && err == nil {
		p.log.Info().Int64("entries", gone).Time("before", purge.Before).Msg("purged plays are deleted")
	}
	return err
}

// DeletePurged deletes all that is gone by a purge, in batches between which others can
// write. It tells deleted of each batch how many plays that were.
func DeletePurged(ctx context.Context, store Purged, uid model.Fingerprint, month func(time.Time) string, deleted func(n int64)) error {
	for {
		gone, more, err := store.PurgePlays(ctx, uid, month, purgeBatch)
		if err != nil {
			return err
		}
		if n := model.Total(gone).Entries; n > 0 {
			deleted(n)
		}
		if !more {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(purgePause):
		}
	}
}

// Month names the months of a station's time.
func Month(zone *stationtime.Zone) func(time.Time) string {
	return func(at time.Time) string { return zone.In(at).Format("2006-01") }
}
