package outbox

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// TestPusher_Twin: log, state and metric tell of another database while the sync
// node does, be it in its answer or by a refusal.
func TestPusher_Twin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		s, n := newStore(), newNode()
		p := New(s, s, n, n, func() *model.Identity { return nil }, zerolog.New(&log))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		sent := 0
		told := func(want, metric string) {
			t.Helper()
			sent++
			s.put(record(sent))
			p.Wake()
			synctest.Wait()
			if got := p.Twin(); got != want {
				t.Errorf("it tells %q, want %q", got, want)
			}
			text := `
# HELP aura_outbox_twin 1 if another database says that it is this host's, as the sync node last told: this host was copied, or another one has its number.
# TYPE aura_outbox_twin gauge
aura_outbox_twin ` + metric + "\n"
			if err := testutil.CollectAndCompare(p, strings.NewReader(text), "aura_outbox_twin"); err != nil {
				t.Error(err)
			}
		}
		logged := func(lines int) {
			t.Helper()
			if got := strings.Count(log.String(), "another database says that it is this host's"); got != lines {
				t.Errorf("%d lines, want %d: %s", got, lines, log.String())
			}
		}
		told("", "0")
		logged(0)
		n.set(func() { n.twin = "another one" })
		told("another one", "1")
		told("another one", "1")
		logged(1)
		n.set(func() { n.twin = "" })
		told("", "0")
		logged(2) // also that it is over
		n.set(func() {
			n.before = func(context.Context, peer.Batch) error {
				return &peer.StatusError{Status: http.StatusConflict, Detail: "Refused"}
			}
		})
		told("Refused", "1")
		n.set(func() {
			n.before = func(context.Context, peer.Batch) error { return errNetwork }
		})
		after(maxBackoff)
		told("Refused", "1") // an outage says nothing about it
		n.set(func() { n.before = nil })
		after(maxBackoff)
		told("", "0")
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
