package authority

import "github.com/prometheus/client_golang/prometheus"

var (
	actingDesc    = prometheus.NewDesc("aura_monitor_acting", "1 while this monitor acts. Of several monitors, one acts.", nil, nil)
	reachableDesc = prometheus.NewDesc("aura_monitor_sync_node_reachable", "1 while the sync node answers this monitor.", nil, nil)
	activeDesc    = prometheus.NewDesc("aura_monitor_active_source", "Number of the active source, as the sync node last said; at first the default source.", nil, nil)
	unknownDesc   = prometheus.NewDesc("aura_monitor_active_source_unknown", "1 while a source is active that no setting, name or record of the sync node knows.", nil, nil)
	epochDesc     = prometheus.NewDesc("aura_monitor_epoch", "How often a source was activated, as the sync node last said.", nil, nil)
)

// Describe implements prometheus.Collector.
func (f *Follower) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{actingDesc, reachableDesc, activeDesc, unknownDesc, epochDesc} {
		out <- desc
	}
}

// Collect implements prometheus.Collector.
func (f *Follower) Collect(out chan<- prometheus.Metric) {
	v := f.View()
	gauge := func(desc *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
	gauge(actingDesc, is(v.Acting))
	gauge(reachableDesc, is(v.Reachable))
	gauge(activeDesc, float64(v.Active.Source))
	gauge(unknownDesc, is(v.Active.Unknown))
	gauge(epochDesc, float64(v.Active.Epoch))
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
