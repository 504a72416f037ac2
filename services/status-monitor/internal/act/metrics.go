package act

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics tells how far the deliveries are behind the decisions.
type metrics struct {
	done, failures, givenUp *prometheus.CounterVec
	waiting, oldest         *prometheus.Desc
}

func newMetrics() *metrics {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"channel"})
	}
	return &metrics{
		done:     counter("aura_act_done_total", "Deliveries that succeeded, by channel: activation, command, webhook-N."),
		failures: counter("aura_act_failures_total", "Attempts to deliver that failed, by channel."),
		givenUp:  counter("aura_act_given_up_total", "Deliveries that were given up or refused, by channel."),
		waiting:  prometheus.NewDesc("aura_act_waiting", "Deliveries that are not done yet, by channel.", []string{"channel"}, nil),
		oldest:   prometheus.NewDesc("aura_act_oldest_age_seconds", "How long the oldest delivery of a channel has waited. 0: none waits.", []string{"channel"}, nil),
	}
}

// channel lets the counters of a channel begin at 0.
func (m *metrics) channel(name string) {
	for _, c := range m.counters() {
		c.WithLabelValues(name)
	}
}

// Done, Failed and GivenUp implement delivery.Observer.
func (m *metrics) Done(channel string)    { m.done.WithLabelValues(channel).Inc() }
func (m *metrics) Failed(channel string)  { m.failures.WithLabelValues(channel).Inc() }
func (m *metrics) GivenUp(channel string) { m.givenUp.WithLabelValues(channel).Inc() }

func (m *metrics) counters() []*prometheus.CounterVec {
	return []*prometheus.CounterVec{m.done, m.failures, m.givenUp}
}

// Describe implements prometheus.Collector.
func (a *Actor) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range a.metrics.counters() {
		c.Describe(ch)
	}
	ch <- a.metrics.waiting
	ch <- a.metrics.oldest
}

// Collect implements prometheus.Collector.
func (a *Actor) Collect(ch chan<- prometheus.Metric) {
	for _, c := range a.metrics.counters() {
		c.Collect(ch)
	}
	for _, w := range a.Waiting() {
		var age time.Duration
		if w.Count > 0 {
			age = max(time.Since(w.Oldest), 0)
		}
		ch <- prometheus.MustNewConstMetric(a.metrics.waiting, prometheus.GaugeValue, float64(w.Count), w.Channel)
		ch <- prometheus.MustNewConstMetric(a.metrics.oldest, prometheus.GaugeValue, age.Seconds(), w.Channel)
	}
}
