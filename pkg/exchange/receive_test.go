package exchange_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
)

var noon = time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)

// node notes its calls, and fails the one that begins with failing.
type node struct {
	calls   []string
	failing string
}

func (n *node) note(call string, elements int, synced bool) error {
	n.calls = append(n.calls, fmt.Sprint(call, " ", elements, " ", synced))
	if n.failing == call {
		return model.ErrUnavailable
	}
	return nil
}

func (n *node) Receive(_ context.Context, records []model.Record, synced bool) ([]playlog.Receipt, error) {
	return make([]playlog.Receipt, len(records)), n.note("records", len(records), synced)
}

func (n *node) AbsorbHealths(_ context.Context, hs []model.Health, synced bool) error {
	return n.note("healths", len(hs), synced)
}

func (n *node) AbsorbClocks(_ context.Context, cs []model.Clock, synced bool) error {
	return n.note("clocks", len(cs), synced)
}

func (n *node) MarkSynced(_ context.Context, acks []model.Ack) error {
	return n.note("acks", len(acks), true)
}

func (n *node) MarkHealthsSynced(_ context.Context, uids []model.Fingerprint) error {
	return n.note("health acks", len(uids), true)
}

func batch() model.Batch {
	return model.Batch{
		Synced:     true,
		Records:    make([]model.Record, 2),
		Healths:    []model.Health{{Source: 1, LogTime: noon}, {LogTime: noon}, {Source: 2, LogTime: noon}},
		Clocks:     []model.Clock{{Source: 1, SentAt: noon, Body: json.RawMessage("5")}, {Source: 1, SentAt: noon, Body: json.RawMessage("{}")}},
		Acks:       make([]model.Ack, 3),
		HealthAcks: make([]model.Fingerprint, 4),
	}
}

// TestReceive: acknowledgements come last, and nothing comes after a failure.
func TestReceive(t *testing.T) {
	t.Parallel()
	const all = "records 2 true, healths 2 true, clocks 1 true, acks 3 true, health acks 4 true"
	for _, failing := range []string{"", "records", "healths", "clocks", "acks", "health acks"} {
		n := &node{failing: failing}
		_, err := exchange.Receive(t.Context(), exchange.Open{}, n, n, batch())
		var want error
		calls := all
		if failing != "" {
			want = model.ErrUnavailable
			before, _, _ := strings.Cut(all, failing+" ")
			calls = all[:len(before)+len(failing+" 0 true")]
		}
		if got := strings.Join(n.calls, ", "); got != calls || !errors.Is(err, want) {
			t.Errorf("if %q fails: %s, %v, want %s", failing, got, err, calls)
		}
	}
}

func TestReceive_Refused(t *testing.T) {
	t.Parallel()
	n := &node{}
	o, err := exchange.Receive(t.Context(), exchange.Open{}, n, n, batch())
	if err != nil || len(o.Records) != 2 || len(o.Healths) != 3 || len(o.Clocks) != 2 {
		t.Fatalf("%+v, %v", o, err)
	}
	for i, refused := range []bool{false, true, false} {
		if errors.As(o.Healths[i], new(*model.InvalidError)) != refused {
			t.Errorf("health %d: %v", i, o.Healths[i])
		}
	}
	for i, refused := range []bool{true, false} {
		if errors.As(o.Clocks[i], new(*model.InvalidError)) != refused {
			t.Errorf("clock %d: %v", i, o.Clocks[i])
		}
	}
}

// TestReceive_Empty: what a batch does not have is not stored, nor is what is
// refused.
func TestReceive_Empty(t *testing.T) {
	t.Parallel()
	n := &node{}
	o, err := exchange.Receive(t.Context(), exchange.Open{}, n, n, model.Batch{Healths: make([]model.Health, 1), Clocks: make([]model.Clock, 1)})
	if err != nil || n.calls != nil || o.Healths[0] == nil || o.Clocks[0] == nil {
		t.Errorf("%v, %+v, %v", n.calls, o, err)
	}
}

// gate answers the same about each database.
type gate struct {
	twin string
	err  error
}

func (g gate) Admit(context.Context, model.Identity) (string, error) { return g.twin, g.err }

// TestReceive_Twin: nothing is taken from a database that is not its host's, and
// the host's own is told of others.
func TestReceive_Twin(t *testing.T) {
	t.Parallel()
	n, b := &node{}, batch()
	b.From = &model.Identity{}
	if _, err := exchange.Receive(t.Context(), gate{err: model.ErrTwin}, n, n, b); !errors.Is(err, model.ErrTwin) || n.calls != nil {
		t.Errorf("%v, %v", n.calls, err)
	}
	if o, err := exchange.Receive(t.Context(), gate{twin: "another one"}, n, n, b); err != nil || o.Twin != "another one" || n.calls == nil {
		t.Errorf("%v, %+v, %v", n.calls, o, err)
	}
}
