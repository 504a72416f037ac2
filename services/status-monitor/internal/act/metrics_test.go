package act

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestActor_Metrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h := &store{}, &hook{}
		m := telling(t, s, h)
		m.activate(t, 2, 0)
		m.activate(t, 3, 7) // overtaken
		synctest.Wait()
		h.set(func(event) (int, string) { return http.StatusServiceUnavailable, "120" })
		m.notify(t, 1)
		synctest.Wait()
		failures := testutil.ToFloat64(m.metrics.failures.WithLabelValues("webhook-1"))
		if failures != 1 {
			t.Errorf("%v failures", failures)
		}
		h.set(nil)
		after(90 * time.Second)
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(m)
		if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP aura_act_done_total Deliveries that succeeded, by channel: activation, command, webhook-N.
# TYPE aura_act_done_total counter
aura_act_done_total{channel="activation"} 1
aura_act_done_total{channel="command"} 0
aura_act_done_total{channel="webhook-1"} 0
# HELP aura_act_failures_total Attempts to deliver that failed, by channel.
# TYPE aura_act_failures_total counter
aura_act_failures_total{channel="activation"} 0
aura_act_failures_total{channel="command"} 0
aura_act_failures_total{channel="webhook-1"} 1
# HELP aura_act_given_up_total Deliveries that were given up or refused, by channel.
# TYPE aura_act_given_up_total counter
aura_act_given_up_total{channel="activation"} 1
aura_act_given_up_total{channel="command"} 0
aura_act_given_up_total{channel="webhook-1"} 0
# HELP aura_act_oldest_age_seconds How long the oldest delivery of a channel has waited. 0: none waits.
# TYPE aura_act_oldest_age_seconds gauge
aura_act_oldest_age_seconds{channel="activation"} 0
aura_act_oldest_age_seconds{channel="command"} 0
aura_act_oldest_age_seconds{channel="webhook-1"} 90
# HELP aura_act_waiting Deliveries that are not done yet, by channel.
# TYPE aura_act_waiting gauge
aura_act_waiting{channel="activation"} 0
aura_act_waiting{channel="command"} 0
aura_act_waiting{channel="webhook-1"} 1
`)); err != nil {
			t.Error(err)
		}
		if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
			t.Errorf("%v %v", problems, err)
		}
	})
}
