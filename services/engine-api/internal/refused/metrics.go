package refused

import "github.com/prometheus/client_golang/prometheus"

// metrics count what is kept, and what is not.
type metrics struct {
	kept               *prometheus.CounterVec
	dropped, forgotten prometheus.Counter
}

func newMetrics() metrics {
	m := metrics{
		kept: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aura_refused_kept_total", Help: "Bodies that engines sent and nobody understood, and that were kept, by kind: playlog, health or clock.",
		}, []string{"kind"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "aura_refused_dropped_total", Help: "Bodies that nobody understood and that could not be kept: too many came, or the disk failed.",
		}),
		forgotten: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "aura_refused_forgotten_total", Help: "Kept bodies that were deleted because they were too old, or because room was needed.",
		}),
	}
	for _, kind := range []string{playKind, "health", "clock"} {
		m.kept.WithLabelValues(kind)
	}
	return m
}

// Describe implements prometheus.Collector.
func (k *Keeper) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range k.metrics.all() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (k *Keeper) Collect(ch chan<- prometheus.Metric) {
	for _, c := range k.metrics.all() {
		c.Collect(ch)
	}
}

func (m metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.kept, m.dropped, m.forgotten}
}
