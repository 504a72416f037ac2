package app

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/services/status-monitor/internal/heartbeat"
)

// heartbeats counts what arrived.
type heartbeats struct{ *heartbeat.Listener }

var (
	heartbeatsDesc = prometheus.NewDesc("aura_monitor_heartbeats_total", "Heartbeats that arrived from a source.", []string{"source"}, nil)
	refusedDesc    = prometheus.NewDesc("aura_monitor_heartbeats_refused_total", "Datagrams that did not count, by reason: forged (another key or version), replayed (an old number), challenged (a relay that is new, and was asked to prove itself), plain (not signed, although its source is relayed), unwatched (of a source that is not watched).", []string{"reason"}, nil)
	strangersDesc  = prometheus.NewDesc("aura_monitor_strangers_total", "Datagrams from addresses that belong to no source.", nil, nil)
)

// Describe implements prometheus.Collector.
func (heartbeats) Describe(out chan<- *prometheus.Desc) {
	out <- heartbeatsDesc
	out <- refusedDesc
	out <- strangersDesc
}

// Collect implements prometheus.Collector.
func (h heartbeats) Collect(out chan<- prometheus.Metric) {
	for source, n := range h.Received() {
		out <- prometheus.MustNewConstMetric(heartbeatsDesc, prometheus.CounterValue, float64(n), strconv.Itoa(source))
	}
	for reason, n := range h.Refused() {
		out <- prometheus.MustNewConstMetric(refusedDesc, prometheus.CounterValue, float64(n), reason)
	}
	_, total := h.Strangers()
	out <- prometheus.MustNewConstMetric(strangersDesc, prometheus.CounterValue, float64(total))
}
