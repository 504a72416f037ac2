package outbox

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

func TestPusher_Metrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := newStore(record(1), record(2), record(3)), newNode()
		n.refuses = func(r model.Record) string {
			if r.Entry.Title == "Title 2" {
				return "not this one"
			}
			return ""
		}
		n.knows = func(r model.Record) model.Record {
			if r.Entry.Title == "Title 3" {
				r.Entry.Label = "Known"
			}
			return r
		}
		p, _ := run(t, s, n)
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(p)
		compare := func(want string, names ...string) {
			t.Helper()
			if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
				t.Error(err)
			}
		}
		compare(`
# HELP aura_outbox_connected 1 if the last attempt to send succeeded.
# TYPE aura_outbox_connected gauge
aura_outbox_connected 1
# HELP aura_outbox_merged_total Entries that were completed here, because the sync node knew more.
# TYPE aura_outbox_merged_total counter
aura_outbox_merged_total 1
# HELP aura_outbox_parked Records that the sync node refused and that nobody retried.
# TYPE aura_outbox_parked gauge
aura_outbox_parked 1
# HELP aura_outbox_pushed_total Records that the sync node took, by kind.
# TYPE aura_outbox_pushed_total counter
aura_outbox_pushed_total{kind="clocks"} 0
aura_outbox_pushed_total{kind="entries"} 2
aura_outbox_pushed_total{kind="healths"} 0
# HELP aura_outbox_refused_total Records that the sync node refused, by kind.
# TYPE aura_outbox_refused_total counter
aura_outbox_refused_total{kind="clocks"} 0
aura_outbox_refused_total{kind="entries"} 1
aura_outbox_refused_total{kind="healths"} 0
`, "aura_outbox_connected", "aura_outbox_merged_total", "aura_outbox_parked", "aura_outbox_pushed_total", "aura_outbox_refused_total")

		n.set(func() {
			n.before = func(context.Context, peer.Batch) error { return refusedAs(http.StatusServiceUnavailable) }
		})
		s.put(record(4))
		p.Wake()
		synctest.Wait()
		if got := testutil.ToFloat64(p.metrics.connected); got != 0 {
			t.Errorf("connected is %v while the sync node fails", got)
		}
		if got := testutil.ToFloat64(p.metrics.failures.WithLabelValues("overloaded")); got != 1 {
			t.Errorf("%v failures", got)
		}
		compare(`
# HELP aura_outbox_waiting Records that the sync node does not have yet, without the parked ones, by kind.
# TYPE aura_outbox_waiting gauge
aura_outbox_waiting{kind="entries"} 1
aura_outbox_waiting{kind="healths"} 0
`, "aura_outbox_waiting")
		if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
			t.Errorf("%v %v", problems, err)
		}

		s.mu.Lock()
		s.broken = func(string) error { return model.ErrUnavailable }
		s.mu.Unlock()
		if _, err := registry.Gather(); err != nil {
			t.Errorf("without a database: %v", err)
		}
	})
}
