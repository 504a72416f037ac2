package reconcile

import (
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// purgingNode is a node that deletes old health.
type purgingNode struct {
	*databaseNode
	from time.Time
}

func (n purgingNode) State(ctx context.Context) (peer.State, time.Duration, error) {
	state, offset, err := n.databaseNode.State(ctx)
	state.HealthFrom = n.from
	return state, offset, err
}

// TestRun_Purged: what one side deletes by its setting does not come back from the
// other, and the audit finds no difference. What is newer is exchanged as before.
func TestRun_Purged(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return epoch.AddDate(0, 0, n).Truncate(24 * time.Hour) }
	for name, from := range map[string]struct{ here, there time.Time }{
		"Node":          {time.Time{}, day(20)},
		"SyncNode":      {day(20), time.Time{}},
		"NodeMore":      {day(10), day(20)},
		"SyncNodeMore":  {day(20), day(10)},
		"BothAlike":     {day(20), day(20)},
		"WithinOneHour": {time.Time{}, day(20).Add(30 * time.Minute)}, // of another program
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			store, node := newStation(t), newDatabaseNode(t)
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(store.Prepare(ctx))
			r := New(Config{BatchSize: 10, Interval: time.Hour, HealthFrom: func(time.Time) time.Time { return from.here }}, store, store, "test",
				[]Peer{{Number: 1, Node: purgingNode{node, from.there}}}, zerolog.Nop())
			// Each side has states of its own, from every six hours of 40 days.
			for i := range 160 {
				h := model.Health{Source: 1, LogTime: day(0).Add(time.Duration(i)*6*time.Hour + 15*time.Minute)}
				if i%2 == 0 {
					must(node.db.AbsorbHealths(ctx, []model.Health{h}, true)) // its outbox has sent it
				} else {
					must(store.AbsorbHealths(ctx, []model.Health{h}, true))
				}
			}
			for _, side := range []struct {
				purge func(context.Context, time.Time, int) (int, error)
				from  time.Time
			}{{store.PurgeHealths, from.here}, {node.db.PurgeHealths, from.there}} {
				_, err := side.purge(ctx, side.from, 1000)
				must(err)
			}
			count := func(records func(context.Context, model.RecordQuery) ([]model.Health, *model.Position, error), from, to time.Time) int {
				t.Helper()
				found, _, err := records(ctx, model.RecordQuery{Source: 1, From: from, To: to})
				must(err)
				return len(found)
			}
			floor := later(from.here, from.there)
			here, there := count(store.HealthRecords, time.Time{}, floor), count(node.db.HealthRecords, time.Time{}, floor)
			for range 2 {
				must(r.Once(ctx))
				if h, n := count(store.HealthRecords, time.Time{}, floor), count(node.db.HealthRecords, time.Time{}, floor); h != here || n != there {
					t.Errorf("of what is old the sync node has %d, had %d; the node has %d, had %d", h, here, n, there)
				}
			}
			h, n := count(store.HealthRecords, floor, time.Time{}), count(node.db.HealthRecords, floor, time.Time{})
			if h != n || h < 70 {
				t.Errorf("of what is new the sync node has %d, and the node %d", h, n)
			}
			audits, err := r.Audit(ctx)
			must(err)
			if !audits[0].Equal() {
				t.Errorf("the audit says %+v", audits[0])
			}
		})
	}
}
