package monitor

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/services/status-monitor/internal/decision"
)

type metrics struct {
	switches prometheus.Counter
	latency  prometheus.Histogram
}

func newMetrics() metrics {
	return metrics{
		switches: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "aura_monitor_switches_total", Help: "Switches of the active source that this monitor decided.",
		}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "aura_monitor_decision_seconds",
			Help:    "Time from when a switch could be decided until it was handed on.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5},
		}),
	}
}

var (
	stateDesc = prometheus.NewDesc("aura_monitor_source_state", "1 for the state that a source is in.", []string{"source", "state"}, nil)
	ageDesc   = prometheus.NewDesc("aura_monitor_heartbeat_age_seconds", "Time since the last sign of life of a source, once it was heard.", []string{"source"}, nil)
	lostDesc  = prometheus.NewDesc("aura_monitor_heartbeats_lost", "Lost heartbeats among the last sixty of a source, as far as they prolong its timeout.", []string{"source"}, nil)
	checkDesc = prometheus.NewDesc("aura_monitor_check_outcome", "What the check plugin of a source found last: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.", []string{"source"}, nil)
	sickDesc  = prometheus.NewDesc("aura_monitor_source_sick", "1 while a source is sick, by its own word or by what it sends.", []string{"source"}, nil)
	alarmDesc = prometheus.NewDesc("aura_monitor_alarm", "1 while the alarm is raised.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m *Monitor) Describe(out chan<- *prometheus.Desc) {
	out <- stateDesc
	out <- ageDesc
	out <- lostDesc
	out <- checkDesc
	out <- sickDesc
	out <- alarmDesc
	m.metrics.switches.Describe(out)
	m.metrics.latency.Describe(out)
}

// Collect implements prometheus.Collector.
func (m *Monitor) Collect(out chan<- prometheus.Metric) {
	v := m.View()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for _, s := range v.Sources {
		number := strconv.Itoa(s.Number)
		for _, state := range []decision.Condition{decision.Up, decision.Suspect, decision.Down} {
			gauge(stateDesc, is(s.Condition == state), number, state.String())
		}
		if !s.Heard.IsZero() {
			gauge(ageDesc, time.Since(s.Heard).Seconds(), number)
		}
		gauge(lostDesc, float64(s.Lost), number)
		gauge(sickDesc, is(s.Sick), number)
		if s.IsChecked {
			gauge(checkDesc, float64(s.Checked), number)
		}
	}
	gauge(alarmDesc, is(v.Alarm != ""))
	m.metrics.switches.Collect(out)
	m.metrics.latency.Collect(out)
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
