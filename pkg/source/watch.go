package source

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
)

// watchEvery is how often the active source is looked at.
const watchEvery = 5 * time.Second

// Watch tells, by the log and a metric, while a source is active that nothing
// knows.
type Watch struct {
	prometheus.Collector // the metric

	unknown prometheus.Gauge
	sources *Service
	advice  string
	trouble *logging.Lasting
}

// NewWatch makes a Watch. advice is what a person can do about it.
func NewWatch(sources *Service, advice string, log zerolog.Logger) *Watch {
	unknown := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "aura_active_source_unknown", Help: "1 while a source is active that no setting, name or record knows.",
	})
	return &Watch{
		Collector: unknown, unknown: unknown,
		sources: sources, advice: advice, trouble: logging.NewLasting(log, "the active source is not known"),
	}
}

// Run watches until ctx ends, and then returns nil. Call it once, when the
// database is ready.
func (w *Watch) Run(ctx context.Context) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (w *Watch) look(ctx context.Context) {
	active, err := w.sources.Active(ctx, time.Now())
	if err != nil {
		return // while the database is away, nothing is known, also not that it is well
	}
	if !active.Unknown {
		w.unknown.Set(0)
		w.trouble.Report(nil)
		return
	}
	w.unknown.Set(1)
	w.trouble.Report(fmt.Errorf("no setting, name or record knows source %d, so nothing is on air until it plays; %s", active.Source, w.advice))
}
