package status

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/model"
)

// doubted counts what was not understood of one kind of statements.
type doubted struct {
	*prometheus.CounterVec
	fields []string
}

// newDoubted makes the counter of a kind, whose statements have these fields.
func newDoubted(kind string, fields ...string) doubted {
	return doubted{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name:        "aura_status_doubts_total",
		Help:        "Parts of health and clocks that were not understood, by kind and field.",
		ConstLabels: prometheus.Labels{"kind": kind},
	}, []string{"field"}), fields}
}

// count counts doubts. Fields with other names are counted together, so that
// senders can't make up labels.
func (d doubted) count(doubts model.Doubts) {
	for _, doubt := range doubts.List() {
		field := "body"
		if slices.Contains(d.fields, doubt.Field) {
			field = doubt.Field
		}
		d.WithLabelValues(field).Inc()
	}
}
