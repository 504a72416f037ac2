package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/services/sync-node/internal/config"
)

// newKnowledge is which sources exist. Activations don't count, because each
// source that plays nothing itself can be named.
func newKnowledge(cfg config.Config, records source.Records) *source.Knowledge {
	named := slices.AppendSeq([]int{cfg.DefaultSource}, maps.Keys(cfg.MainHosts))
	return source.NewKnowledge(records, slices.AppendSeq(named, maps.Keys(cfg.SourceNames))...)
}

// watchEvery is how often the active source is looked at.
const watchEvery = 5 * time.Second

// watch tells, by the log and a metric, while a source is active that nothing
// knows.
func (a *App) watch(ctx context.Context) error {
	trouble := logging.NewLasting(a.base.Log("source"), "the active source is not known")
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		// While the database is away, nothing is known, also not that it is well.
		if active, err := a.active.Active(ctx, time.Now()); err == nil {
			a.unknown.Set(0)
			if active.Unknown {
				a.unknown.Set(1)
				err = fmt.Errorf("no setting, name or record knows source %d, so nothing is on air until it plays; "+
					"name it in AURA_SOURCE_NAMES, or activate another one", active.Source)
			}
			trouble.Report(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func newUnknown() prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "aura_active_source_unknown", Help: "1 while a source is active that no setting, name or record knows.",
	})
}
