package reconcile

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics tell what the runs did, and what is known of the nodes.
type metrics struct {
	r       *Reconciler
	runs    *prometheus.CounterVec
	records *prometheus.CounterVec
	seconds *prometheus.GaugeVec
	differ  *prometheus.GaugeVec
	mended  prometheus.Counter
}

var (
	reachable  = nodeMetric("aura_sync_node_reachable", "1 if the node answered when it was last asked.")
	offset     = nodeMetric("aura_sync_node_clock_offset_seconds", "How far the node's clock is ahead of the sync node's.")
	waiting    = nodeMetric("aura_sync_node_waiting_entries", "Entries in the node's outbox when it was last asked.")
	zoneDiffer = nodeMetric("aura_sync_node_zone_differs", "1 if the node's time zone differs from the sync node's.")
	twins      = nodeMetric("aura_sync_node_twin", "1 if another database says that it is the node's.")
	reconciled = nodeMetric("aura_sync_node_reconciled_timestamp_seconds", "When all records were last compared with the node, as Unix time. 0: never.")
)

func nodeMetric(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{"node"}, nil)
}

func newMetrics(r *Reconciler) metrics {
	m := metrics{
		r: r,
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aura_sync_runs_total", Help: "Comparisons with a node, by how they ended: ok or failed.",
		}, []string{"node", "result"}),
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aura_sync_records_total", Help: "Records that comparisons fetched, sent or acknowledged, or that either side refused.",
		}, []string{"node", "what"}),
		seconds: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "aura_sync_run_seconds", Help: "How long the last comparison with the node took.",
		}, []string{"node"}),
		differ: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "aura_sync_differing_buckets", Help: "Spans of time that differed in the last comparison with the node.",
		}, []string{"node"}),
		mended: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "aura_sync_onair_mended_total", Help: "Segments of the on-air log that did not agree with the stored records and were derived again.",
		}),
	}
	for _, n := range r.nodes { // with a value of 0, so that the first failure shows as a change
		for _, result := range []string{"ok", "failed"} {
			m.runs.WithLabelValues(strconv.Itoa(n.Number), result)
		}
	}
	return m
}

// ran counts a run.
func (m *metrics) ran(number int, t *tally, took time.Duration, err error) {
	node, result := strconv.Itoa(number), "ok"
	if err != nil {
		result = "failed"
	}
	m.runs.WithLabelValues(node, result).Inc()
	m.records.WithLabelValues(node, "fetched").Add(float64(t.fetched.Load()))
	m.records.WithLabelValues(node, "sent").Add(float64(t.sent.Load()))
	m.records.WithLabelValues(node, "acknowledged").Add(float64(t.acknowledged.Load()))
	m.records.WithLabelValues(node, "refused").Add(float64(t.refused.Load()))
	m.seconds.WithLabelValues(node).Set(took.Seconds())
	m.differ.WithLabelValues(node).Set(float64(t.differing.Load()))
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{reachable, offset, waiting, zoneDiffer, twins, reconciled} {
		ch <- desc
	}
	for _, c := range m.collectors() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	for _, s := range m.r.Status() {
		gauge := func(desc *prometheus.Desc, value float64) {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, strconv.Itoa(s.Number))
		}
		answers, last, otherZone, hasTwin := 0.0, 0.0, 0.0, 0.0
		if s.Twin != "" {
			hasTwin = 1
		}
		if s.Zone != "" {
			otherZone = 1
		}
		if s.Reachable {
			answers = 1
		}
		if !s.Reconciled.IsZero() {
			last = float64(s.Reconciled.UnixMilli()) / 1000
		}
		gauge(reachable, answers)
		gauge(offset, s.Offset.Seconds())
		gauge(waiting, float64(s.Said.Outbox.Entries))
		gauge(zoneDiffer, otherZone)
		gauge(twins, hasTwin)
		gauge(reconciled, last)
	}
	for _, c := range m.collectors() {
		c.Collect(ch)
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.runs, m.records, m.seconds, m.differ, m.mended}
}
