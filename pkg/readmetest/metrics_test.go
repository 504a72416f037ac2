package readmetest

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// TestDescribe: also what has no value yet is described, and nothing that is not
// ours.
func TestDescribe(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aura_b_total", Help: `One "of" a|b.`}, []string{"node", "what"}),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "aura_a", Help: "The first.", ConstLabels: prometheus.Labels{"version": "1", "service": "x"}}),
	)
	got, err := describe(r)
	want := "| metric | labels | meaning |\n|---|---|---|\n" +
		"| `aura_a` | `service`, `version` | The first. |\n" +
		"| `aura_b_total` | `node`, `what` | One \"of\" a\\|b. |\n"
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}
