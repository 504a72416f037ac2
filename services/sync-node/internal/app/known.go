package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/sync-node/internal/config"
)

// records is where sources leave traces.
type records interface {
	Records(ctx context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error)
	HealthRecords(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error)
}

// knowledge is which sources exist. Activations don't count: a mistyped number
// would make itself known.
type knowledge struct {
	records records

	mu    sync.Mutex
	known map[int]bool // by settings and names, and by records that were found
}

func newKnowledge(cfg config.Config, records records) *knowledge {
	k := &knowledge{records: records, known: map[int]bool{cfg.DefaultSource: true}}
	for number := range cfg.MainHosts {
		k.known[number] = true
	}
	for number := range cfg.SourceNames {
		k.known[number] = true
	}
	return k
}

// Knows is source.Knows.
func (k *knowledge) Knows(ctx context.Context, source int) (bool, error) {
	k.mu.Lock()
	known := k.known[source]
	k.mu.Unlock()
	if known {
		return true, nil
	}
	q := model.RecordQuery{Source: source, Limit: 1}
	entries, _, err := k.records.Records(ctx, q)
	if err != nil {
		return false, err
	}
	healths, _, err := k.records.HealthRecords(ctx, q)
	if err != nil || len(entries)+len(healths) == 0 {
		return false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[source] = true
	return true, nil
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
