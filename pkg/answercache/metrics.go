package answercache

import "github.com/prometheus/client_golang/prometheus"

// metrics counts requests by how they were answered, and the held answers.
type metrics struct {
	answers                               *prometheus.CounterVec
	hits, shared, rendered, stale, passed prometheus.Counter
	entries, size                         prometheus.GaugeFunc
}

func newMetrics(c *Cache) metrics {
	answers := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aura_answers_total",
		Help: "Reads by how they were answered: hit (from memory), shared (rendered for another request), rendered, stale (an older answer, because rendering failed), passed (not kept).",
	}, []string{"result"})
	return metrics{
		answers:  answers,
		hits:     answers.WithLabelValues("hit"),
		shared:   answers.WithLabelValues("shared"),
		rendered: answers.WithLabelValues("rendered"),
		stale:    answers.WithLabelValues("stale"),
		passed:   answers.WithLabelValues("passed"),
		entries: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "aura_answers_held",
			Help: "Answers held in memory.",
		}, func() float64 { return float64(len(*c.held.Load())) }),
		size: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "aura_answers_held_bytes",
			Help: "Memory that the held answers take.",
		}, func() float64 {
			c.mu.Lock()
			defer c.mu.Unlock()
			return float64(c.bytes)
		}),
	}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, ch) }

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	m.answers.Collect(ch)
	m.entries.Collect(ch)
	m.size.Collect(ch)
}
