package authority_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/authority"
)

// one is a monitor that acts, with a node of its own.
func one(t *testing.T) (*syncNode, *monitor) {
	node := &syncNode{}
	m := newMonitor("a", node)
	m.start()
	m.expect(t, "acts false, active 1 epoch 0, acts true")
	return node, m
}

func TestFollower_ActiveSource(t *testing.T) {
	t.Parallel()
	rules(t, "Author", func(t *testing.T) {
		node, m := one(t)
		for _, c := range []struct{ by, want string }{
			{"status-monitor a", "active 2 epoch 1"},
			{"status-monitor b (token-b)", "active 2 epoch 2"},
			{"Mo", "active 2 epoch 3 manual"},
			{"pinner", "active 2 epoch 4 pinned manual"},
			{"status-monitors", "active 2 epoch 5 manual"},
		} {
			node.activate(2, c.by, 0)
			m.Refresh()
			m.expect(t, c.want)
			if v := m.View(); v.LastBy != c.by || v.LastReason != "a test" || v.Active.Since == nil || v.Active.Stale || !v.Seen.Equal(time.Now()) {
				t.Errorf("%+v", v)
			}
		}
		stop(m)
	})

	rules(t, "DeliveredLate", func(t *testing.T) { // the latest epoch is not the newest record
		node, m := one(t)
		node.activate(2, "Mo", 0)
		node.activate(3, "status-monitor a", time.Hour)
		m.Refresh()
		m.expect(t, "active 2 epoch 2")
		if v := m.View(); v.LastBy != "status-monitor a" {
			t.Errorf("%+v", v)
		}
		stop(m)
	})

	rules(t, "ToldEveryTime", func(t *testing.T) {
		_, m := one(t)
		before := m.times()
		pass(time.Minute)
		if told := m.times() - before; told < 30 {
			t.Errorf("told %d times", told)
		}
		if n := m.link.called("Activations"); n > 0 {
			t.Errorf("asked for the history %d times", n)
		}
		stop(m)
	})

	// The newest activations come with each change, and with the first answer after
	// a start: also what was over before this monitor looked.
	rules(t, "History", func(t *testing.T) {
		node, m := one(t)
		epochs := func(want ...int64) {
			t.Helper()
			synctest.Wait()
			var got []int64
			for _, a := range m.View().History {
				got = append(got, a.Epoch)
			}
			if !slices.Equal(got, want) {
				t.Errorf("the history has %v, want %v", got, want)
			}
		}
		epochs()
		node.activate(2, "Mo", time.Second)
		node.activate(1, "Mo", 0)
		m.Refresh()
		epochs(2, 1)
		m.kill()
		m.start()
		epochs()
		m.link.set(nil)
		pass(round)
		epochs(2, 1)
		asked := m.link.called("Activations")
		pass(time.Minute)
		if n := m.link.called("Activations"); n != asked {
			t.Errorf("asked for the history %d times more", n-asked)
		}
		stop(m)
	})

	rules(t, "HistoryAway", func(t *testing.T) { // who did it is told later
		node, m := one(t)
		m.link.set(func(_ context.Context, call string) error {
			if call == "Activations" {
				return errAway
			}
			return nil
		})
		node.activate(2, "status-monitor b", 0)
		m.Refresh()
		m.expect(t, "active 2 epoch 1 manual")
		m.link.set(nil)
		pass(round)
		m.expect(t, "active 2 epoch 1")
		pass(time.Minute)
		if n := m.link.called("Activations"); n > 3 {
			t.Errorf("asked for the history %d times", n)
		}
		stop(m)
	})

	rules(t, "Restart", func(t *testing.T) {
		node, m := one(t)
		node.activate(2, "pinner", 0)
		node.work(model.Maintenance{Source: 1, On: true})
		pass(round)
		m.expect(t, "active 2 epoch 1 pinned manual, maintenance 1 true")
		m.kill()
		m.start()
		m.expect(t, "acts false, active 2 epoch 1 pinned manual, maintenance 1 true, acts true")
		if v := m.View(); v.LastBy != "pinner" || v.Active.Source != 2 || !v.Active.Stale || !v.Seen.IsZero() {
			t.Errorf("%+v", v)
		}
		node.work()
		m.link.set(nil)
		pass(round)
		m.expect(t, "maintenance 1 false")
		stop(m)
	})

	rules(t, "Stale", func(t *testing.T) {
		m := newMonitor("a", &syncNode{})
		m.start()
		m.stop()
		m.heard()
		m.Follower = authority.New(m.cfg, engineAPI{m.link}, m.memory, "a", 1, m.learn, nothing)
		ctx, cancel := context.WithCancel(t.Context())
		m.cancel, m.done = cancel, make(chan struct{})
		go func() { defer close(m.done); _ = m.Run(ctx) }()
		m.expect(t, "acts false, acts false, as the sync node does not say which source is active")
		if v := m.View(); v.Reachable || !strings.Contains(v.Detail, "AURA_SYNC_HOST") {
			t.Errorf("%+v", v)
		}
		stop(m)
	})
}

// engineAPI answers only what it knew last.
type engineAPI struct{ *link }

func (e engineAPI) ActiveSource(context.Context) (model.ActiveSource, error) {
	return model.ActiveSource{Source: 9, Epoch: 9, Stale: true}, nil
}

func TestFollower_NewHistory(t *testing.T) {
	t.Parallel()
	grown := func(t *testing.T) (*syncNode, *monitor) {
		node, m := one(t)
		for range 5 {
			node.activate(2, "status-monitor a", 0)
		}
		m.Refresh()
		m.expect(t, "active 2 epoch 5")
		return node, m
	}
	rules(t, "Accepted", func(t *testing.T) {
		node, m := grown(t)
		pass(time.Second)
		node.forget()
		node.activate(3, "pinner", 0)
		for range 20 { // many answers in a short time prove nothing
			m.Refresh()
			synctest.Wait()
		}
		pass(9 * time.Second)
		m.expect(t, "")
		pass(2 * round)
		m.expect(t, "active 3 epoch 1 pinned manual reset")
		node.activate(1, "Mo", 0)
		pass(round)
		m.expect(t, "active 1 epoch 2 manual")
		m.kill() // and the old history does not come back
		m.start()
		m.expect(t, "acts false, active 1 epoch 2 manual, acts true")
		stop(m)
	})
	rules(t, "Empty", func(t *testing.T) {
		node, m := grown(t)
		node.forget()
		pass(time.Minute)
		m.expect(t, "active 1 epoch 0 reset")
		stop(m)
	})
	rules(t, "FewAnswers", func(t *testing.T) { // two, far apart
		node, m := grown(t)
		history := node.history
		node.forget()
		m.Refresh()
		synctest.Wait()
		m.link.set(away)
		pass(time.Minute)
		m.link.set(nil)
		m.Refresh()
		synctest.Wait()
		m.expect(t, "")
		node.mu.Lock()
		node.history = history
		node.mu.Unlock()
		m.Refresh()
		synctest.Wait()
		node.forget() // counts from the beginning
		m.Refresh()
		pass(9 * time.Second)
		m.expect(t, "")
		stop(m)
	})
}

func TestFollower_Maintenance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node, m := one(t)
		for _, c := range []struct {
			all  []model.Maintenance
			want string
		}{
			{[]model.Maintenance{{Source: 1}, {Source: 2, On: true}}, "maintenance 2 true"},
			{[]model.Maintenance{{Source: 1}, {Source: 2, On: true}}, ""},
			{[]model.Maintenance{{Source: 3, On: true}}, "maintenance 2 false, maintenance 3 true"},
			{[]model.Maintenance{{Source: 3}}, "maintenance 3 false"},
		} {
			node.work(c.all...)
			m.Refresh()
			m.expect(t, c.want)
		}
		node.work(model.Maintenance{Source: 2, On: true})
		fails := func(with error) {
			m.link.set(func(_ context.Context, call string) error {
				if call == "Maintenances" {
					return with
				}
				return nil
			})
		}
		fails(errAway)
		pass(time.Minute)
		m.expect(t, "")
		fails(peer.ErrUnsupported)
		pass(round)
		m.expect(t, "")
		m.link.set(nil)
		pass(round)
		m.expect(t, "maintenance 2 true")
		for _, with := range []error{errAway, peer.ErrUnsupported} { // the node knows leases, so it is no original one
			fails(with)
			pass(time.Minute)
			m.expect(t, "")
		}
		m.link.set(func(context.Context, string) error { return peer.ErrUnsupported }) // a proxy, for everything
		pass(time.Minute)
		m.expect(t, "")
		stop(m)
	})
}

func TestFollower_Memory(t *testing.T) {
	t.Parallel()
	broken := func(context.Context) error { return model.ErrUnavailable }
	hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

	rules(t, "OpensLate", func(t *testing.T) {
		_, m := one(t)
		m.kill()
		m.memory.set(broken)
		m.link.set(nil)
		m.start()
		m.expect(t, "acts false")
		pass(time.Second)
		m.memory.set(nil)
		pass(recallAgain)
		m.expect(t, "active 1 epoch 0, acts true")
		stop(m)
	})
	rules(t, "Away", func(t *testing.T) { // under a fresh name, so the old lease runs out first
		node, m := one(t)
		m.kill()
		node.acquire("a/old", lease)
		m.memory.set(broken)
		m.link.set(nil)
		m.start()
		pass(recallFor + 2*lease)
		m.expect(t, "acts false, active 1 epoch 0, acts true")
		node.activate(2, "Mo", 0)
		m.Refresh()
		m.expect(t, "active 2 epoch 1 manual")
		before := m.memory.count()
		m.memory.set(nil)
		pass(round)
		if m.memory.count() != before+1 {
			t.Errorf("%d notes", m.memory.count())
		}
		stop(m)
	})
	rules(t, "HangsWhileTold", func(t *testing.T) { // what is learned does not wait for it
		node, m := one(t)
		m.memory.set(hangs)
		node.activate(2, "Mo", 0)
		m.Refresh()
		m.expect(t, "active 2 epoch 1 manual")
		pass(2 * time.Second)
		b := newMonitor("b", node)
		b.start()
		b.expect(t, "acts false, another acts, active 2 epoch 1 manual")
		b.memory.set(hangs)
		m.kill()
		pass(2 * lease)
		if !b.isActing() {
			t.Error("the other one does not take over")
		}
		stop(b)
	})
	rules(t, "Hangs", func(t *testing.T) { // the lease is renewed nevertheless
		node, m := one(t)
		m.memory.set(hangs)
		for i := range 20 {
			node.activate(1+i%2, "Mo", 0)
			pass(3 * time.Second)
		}
		if !m.isActing() || node.epoch != 1 || m.View().Active.Epoch < 19 {
			t.Errorf("%+v, %d holders", m.View(), node.epoch)
		}
		m.memory.set(nil)
		stop(m)
	})
	rules(t, "NotUnderstood", func(t *testing.T) {
		m := newMonitor("a", &syncNode{})
		_ = m.memory.StoreNote(t.Context(), model.Note{Name: "authority", Body: json.RawMessage(`{"id":7}`), WrittenAt: time.Now()})
		m.start()
		m.expect(t, "acts false, active 1 epoch 0, acts true")
		stop(m)
	})
	rules(t, "ClockSetBack", func(t *testing.T) { // of two notes the later one counts
		m := newMonitor("a", &syncNode{})
		future := time.Now().Add(time.Hour)
		_ = m.memory.StoreNote(t.Context(), model.Note{Name: "authority", Body: json.RawMessage(`{"id":"old"}`), WrittenAt: future})
		m.start()
		m.expect(t, "acts false, active 1 epoch 0, acts true")
		if last := m.memory.last(); m.memory.count() < 2 || !last.WrittenAt.After(future) {
			t.Errorf("%s was written at %s, after one of %s", last.Body, last.WrittenAt, future)
		}
		stop(m)
	})
}

func TestFollower_Collect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node, m := one(t)
		node.activate(2, "Mo", 0)
		m.Refresh()
		synctest.Wait()
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(m.Follower)
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		for _, f := range families {
			fmt.Fprintln(&got, f.GetName(), f.GetMetric()[0].GetGauge().GetValue())
		}
		want := "aura_monitor_acting 1\naura_monitor_active_source 2\naura_monitor_active_source_unknown 0\naura_monitor_epoch 1\naura_monitor_sync_node_reachable 1\n"
		if got.String() != want {
			t.Errorf("got %s", &got)
		}
		stop(m)
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"2s": "", "300": "", "1.9": `AURA_LEASE_TIME="1.9s": must be from 2s to 5m`, "301": `AURA_LEASE_TIME="5m1s": must be from 2s to 5m`,
	} {
		got := ""
		if err := config.Load(new(authority.Config), map[string]string{"AURA_LEASE_TIME": value}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}
