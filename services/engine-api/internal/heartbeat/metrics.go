package heartbeat

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	taken, challenged, strange prometheus.Counter
	failures                   *prometheus.CounterVec
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	return &metrics{
		taken:      counter("aura_heartbeats_total", "Heartbeats of the engine that were taken to be relayed."),
		challenged: counter("aura_heartbeats_challenged_total", "Challenges of monitors. Each start of this service or of a monitor causes one."),
		strange:    counter("aura_heartbeats_strange_total", "Datagrams that claimed to be a monitor's, and are of another key, version or start."),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aura_heartbeats_failures_total", Help: "Heartbeats that could not be sent, by the number of the monitor.",
		}, []string{"monitor"}),
	}
}

// line counts a monitor from now on.
func (m *metrics) line(monitor int) { m.failures.WithLabelValues(strconv.Itoa(monitor)) }

func (m *metrics) failure(monitor int) { m.failures.WithLabelValues(strconv.Itoa(monitor)).Inc() }

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.taken, m.challenged, m.strange, m.failures}
}

// Describe implements prometheus.Collector.
func (r *Relay) Describe(out chan<- *prometheus.Desc) {
	for _, c := range r.metrics.all() {
		c.Describe(out)
	}
}

// Collect implements prometheus.Collector.
func (r *Relay) Collect(out chan<- prometheus.Metric) {
	for _, c := range r.metrics.all() {
		c.Collect(out)
	}
}
