package status

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
)

const (
	// purgeEvery is how often old health is deleted, purgeBatch how much of it in one
	// transaction, and purgePause the time between two batches that others have.
	purgeEvery = time.Hour
	purgeBatch = 500
	purgePause = 100 * time.Millisecond
)

// Purged deletes old health; *repo.Node and *repo.Station do.
type Purged interface {
	PurgeHealths(ctx context.Context, before time.Time, limit int) (n int, err error)
}

// Purge deletes health that is older than the configuration says. It promises that
// what was heard, and the newest state of each source, do not change by that.
type Purge struct {
	store   Purged
	cfg     Config
	now     func() time.Time
	log     zerolog.Logger
	lasting *logging.Lasting
	deleted prometheus.Counter
}

// NewPurge deletes nothing yet.
func NewPurge(store Purged, cfg Config, now func() time.Time, log zerolog.Logger) *Purge {
	return &Purge{
		store: store, cfg: cfg, now: now, log: log,
		lasting: logging.NewLasting(log, "old health can't be deleted"),
		deleted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "aura_health_purged_total", Help: "States of health that were deleted, because they are older than AURA_PURGE_HEALTH_AFTER.",
		}),
	}
}

// Describe implements prometheus.Collector.
func (p *Purge) Describe(ch chan<- *prometheus.Desc) { p.deleted.Describe(ch) }

// Collect implements prometheus.Collector.
func (p *Purge) Collect(ch chan<- prometheus.Metric) { p.deleted.Collect(ch) }

// Run deletes now and every hour, until ctx ends. It returns nil.
func (p *Purge) Run(ctx context.Context) error {
	for {
		pause := purgeEvery
		if from := p.cfg.HealthFrom(p.now()); !from.IsZero() {
			n, err := p.store.PurgeHealths(ctx, from, purgeBatch)
			if ctx.Err() != nil {
				return nil
			}
			p.lasting.Report(err)
			p.deleted.Add(float64(n))
			if n > 0 {
				p.log.Info().Int("states", n).Time("before", from).Msg("old health was deleted")
			}
			if n == purgeBatch {
				pause = purgePause
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}
