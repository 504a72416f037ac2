package journal

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/model"
)

// countTimeout bounds how long a scrape waits for the journal's file.
const countTimeout = 2 * time.Second

// metrics tells what is kept.
type metrics struct {
	journal *Journal
	taken   *prometheus.CounterVec
	drained prometheus.Counter

	items, bytes, oldest, usable *prometheus.Desc
}

func newMetrics(j *Journal) *metrics {
	m := &metrics{
		journal: j,
		taken: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aura_journal_taken_total", Help: "What the journal took because the database could not store it, by kind: play, health or clock.",
		}, []string{"kind"}),
		drained: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "aura_journal_drained_total", Help: "Items of the journal that the database has stored since.",
		}),
		items: prometheus.NewDesc("aura_journal_items",
			"Items in the journal, by state: waiting (for the database), aside (the database refused them), foreign (taken for another database).", []string{"state"}, nil),
		bytes:  prometheus.NewDesc("aura_journal_bytes", "Room that the items of the journal take. AURA_JOURNAL_MAX bounds it.", nil, nil),
		oldest: prometheus.NewDesc("aura_journal_oldest_age_seconds", "How long the oldest item of the journal waits. 0: none waits.", nil, nil),
		usable: prometheus.NewDesc("aura_journal_usable", "1 if the journal can be read; 0: what the database can't store is refused.", nil, nil),
	}
	for _, kind := range []model.KeptKind{model.KeptPlay, model.KeptHealth, model.KeptClock} {
		m.taken.WithLabelValues(string(kind))
	}
	return m
}

// Describe implements prometheus.Collector.
func (j *Journal) Describe(ch chan<- *prometheus.Desc) {
	m := j.metrics
	m.taken.Describe(ch)
	m.drained.Describe(ch)
	for _, d := range []*prometheus.Desc{m.items, m.bytes, m.oldest, m.usable} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (j *Journal) Collect(ch chan<- prometheus.Metric) {
	m := j.metrics
	m.taken.Collect(ch)
	m.drained.Collect(ch)
	value := func(desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	s, err := j.State(ctx)
	if err != nil {
		value(m.usable, 0)
		return
	}
	value(m.usable, 1)
	value(m.items, float64(s.Waiting), "waiting")
	value(m.items, float64(s.Aside), "aside")
	value(m.items, float64(s.Foreign), "foreign")
	value(m.bytes, float64(s.Bytes))
	var age time.Duration
	if !s.Oldest.IsZero() {
		age = max(j.now().Sub(s.Oldest), 0)
	}
	value(m.oldest, age.Seconds())
}

// State counts what is kept. Error: model.ErrUnavailable.
func (j *Journal) State(ctx context.Context) (model.Journal, error) {
	return j.file.State(ctx, j.database())
}

// database is the one that is served; nil while that is not known.
func (j *Journal) database() *model.Fingerprint {
	identity := j.identity()
	if identity == nil {
		return nil
	}
	return &identity.Database
}
