package outbox

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/model"
)

// countTimeout bounds how long a scrape waits for the counts of what waits.
const countTimeout = 2 * time.Second

// kindClock is the third kind that is sent. Nodes do not compare clocks by
// digests.
const kindClock model.Kind = "clocks"

// metrics tells how far the sync node is behind, and why.
type metrics struct {
	store Store
	// counting ensures that only one scrape at a time pays for the counts.
	counting sync.Mutex

	pushedTotal, refusedTotal *prometheus.CounterVec
	mergedTotal               prometheus.Counter
	failures                  *prometheus.CounterVec
	lastSuccess, connected    prometheus.Gauge

	waiting, parked, oldest, twin *prometheus.Desc
}

func newMetrics(store Store) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		store:        store,
		pushedTotal:  counter("aura_outbox_pushed_total", "Records that the sync node took, by kind.", "kind"),
		refusedTotal: counter("aura_outbox_refused_total", "Records that the sync node refused, by kind.", "kind"),
		mergedTotal: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "aura_outbox_merged_total", Help: "Entries that were completed here, because the sync node knew more.",
		}),
		failures: counter("aura_outbox_failures_total",
			"Failures to send, by kind: database (this node's own), address (another node answers, not a sync node), network, timeout, access (the token is refused), twin (another database is known as this host's), overloaded (429, 503), refused (any other 4xx), status (any other 5xx), answer (not as the API describes it), unsupported (not even single entries).", "kind"),
		lastSuccess: gauge("aura_outbox_last_success_timestamp_seconds", "When the sync node last took something. 0: not since the start."),
		connected:   gauge("aura_outbox_connected", "1 if the last attempt to send succeeded."),
		waiting:     prometheus.NewDesc("aura_outbox_waiting", "Records that the sync node does not have yet, without the parked ones, by kind.", []string{"kind"}, nil),
		parked:      prometheus.NewDesc("aura_outbox_parked", "Records that the sync node refused and that nobody retried.", nil, nil),
		oldest:      prometheus.NewDesc("aura_outbox_oldest_age_seconds", "How long ago the oldest waiting entry was played. 0: none waits.", nil, nil),
		twin:        prometheus.NewDesc("aura_outbox_twin", "1 if another database says that it is this host's, as the sync node last told: this host was copied, or another one has its number.", nil, nil),
	}
	for _, kind := range []model.Kind{model.KindEntry, model.KindHealth, kindClock} {
		m.pushedTotal.WithLabelValues(string(kind))
		m.refusedTotal.WithLabelValues(string(kind))
	}
	for _, kind := range failureKinds {
		m.failures.WithLabelValues(kind)
	}
	return m
}

func (m *metrics) pushed(kind model.Kind, n int) {
	m.pushedTotal.WithLabelValues(string(kind)).Add(float64(n))
}

func (m *metrics) refused(kind model.Kind) { m.refusedTotal.WithLabelValues(string(kind)).Inc() }

func (m *metrics) merged() { m.mergedTotal.Inc() }

func (m *metrics) succeeded() {
	m.connected.Set(1)
	m.lastSuccess.SetToCurrentTime()
}

func (m *metrics) failed(err error) {
	kind := kindOf(err)
	m.failures.WithLabelValues(kind).Inc()
	if kind != "database" {
		m.connected.Set(0)
	}
}

// own are the metrics that are kept here. The others are read from the
// database.
func (m *metrics) own() []prometheus.Collector {
	return []prometheus.Collector{m.pushedTotal, m.refusedTotal, m.mergedTotal, m.failures, m.lastSuccess, m.connected}
}

// Describe implements prometheus.Collector.
func (p *Pusher) Describe(ch chan<- *prometheus.Desc) {
	m := p.metrics
	for _, c := range m.own() {
		c.Describe(ch)
	}
	for _, d := range []*prometheus.Desc{m.waiting, m.parked, m.oldest, m.twin} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. If the database is away, the metrics
// read from it are left out.
func (p *Pusher) Collect(ch chan<- prometheus.Metric) {
	m := p.metrics
	for _, c := range m.own() {
		c.Collect(ch)
	}
	value := func(desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	isTwin := 0.0
	if p.Twin() != "" {
		isTwin = 1
	}
	value(m.twin, isTwin)
	m.counting.Lock()
	defer m.counting.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	waiting, err := m.store.Outbox(ctx)
	if err != nil {
		return
	}
	var age time.Duration
	if !waiting.Oldest.IsZero() {
		age = max(time.Since(waiting.Oldest), 0)
	}
	value(m.waiting, float64(waiting.Entries), string(model.KindEntry))
	value(m.waiting, float64(waiting.Healths), string(model.KindHealth))
	value(m.parked, float64(waiting.Parked))
	value(m.oldest, age.Seconds())
}
