package authority

import (
	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/model"
)

type metrics struct {
	source, epoch, stale prometheus.Gauge
}

func newMetrics() metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := metrics{
		source: gauge("aura_active_source", "Number of the active source, as the sync node last said. 0: not asked yet."),
		epoch:  gauge("aura_active_source_epoch", "How often a source was activated, as the sync node last said."),
		stale:  gauge("aura_active_source_stale", "1 while the sync node can't be asked which source is active."),
	}
	m.stale.Set(1)
	return m
}

func (m *metrics) set(active model.ActiveSource) {
	m.source.Set(float64(active.Source))
	m.epoch.Set(float64(active.Epoch))
	m.stale.Set(0)
	if active.Stale {
		m.stale.Set(1)
	}
}

// Describe implements prometheus.Collector.
func (f *Follower) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(f, ch) }

// Collect implements prometheus.Collector.
func (f *Follower) Collect(ch chan<- prometheus.Metric) {
	for _, g := range []prometheus.Gauge{f.metrics.source, f.metrics.epoch, f.metrics.stale} {
		g.Collect(ch)
	}
}
