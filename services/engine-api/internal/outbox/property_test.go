package outbox

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// What may go wrong with one request.
var troubles = []string{
	"none", "none", "none", "network", "lost answer", "hang", "400", "401", "413", "429", "500", "503", "garbage",
}

// maxRequests is more than any history of this test may need.
const maxRequests = 10_000

// world is a node, its sync node, and everything that may go wrong between
// them.
type world struct {
	store *store
	node  *node
	// troubles of the next requests, and of the next operations of the store.
	troubles []string
	broken   []bool
	// poison makes the node refuse a whole request, wrong a single record. known
	// adds detail.
	poison, wrong, known int

	listed  map[model.Fingerprint]bool // found by the last look into the outbox
	sent    map[model.Fingerprint]bool
	healths map[model.Fingerprint]bool
	mistake string
}

func (w *world) mistaken(format string, args ...any) {
	if w.mistake == "" {
		w.mistake = fmt.Sprintf(format, args...)
	}
}

// one reports, for about one in that many records, that the record is of a
// kind.
func one(of int, kind string, id model.Fingerprint) bool {
	h := fnv.New32a()
	h.Write([]byte(kind))
	h.Write(id[:])
	return of > 0 && h.Sum32()%uint32(of) == 0
}

func (w *world) isPoison(r model.Record) bool { return one(w.poison, "poison", r.Entry.Fingerprint()) }
func (w *world) isWrong(r model.Record) bool  { return one(w.wrong, "wrong", r.Entry.Fingerprint()) }

// before is called before a request is served.
func (w *world) before(ctx context.Context, b peer.Batch) error {
	if len(w.node.sent) > maxRequests {
		w.mistaken("more than %d requests", maxRequests)
		<-ctx.Done()
		return ctx.Err()
	}
	w.checkOrder(b)
	if slices.ContainsFunc(b.Records, w.isPoison) {
		return refusedAs(http.StatusUnprocessableEntity)
	}
	switch trouble := w.next(); trouble {
	case "none", "lost answer", "garbage":
		return nil
	case "network":
		return errNetwork
	case "hang":
		<-ctx.Done()
		return ctx.Err()
	default:
		status, err := strconv.Atoi(trouble)
		if err != nil {
			panic(err)
		}
		if (status == 400 || status == 413) && len(b.Records)+len(b.Healths) < 2 {
			return errNetwork // no record is at fault, so none may be parked
		}
		return refusedAs(status)
	}
}

// next returns what happens to this request.
func (w *world) next() string {
	if len(w.troubles) == 0 {
		return "none"
	}
	next := w.troubles[0]
	if next != "lost answer" && next != "garbage" { // these happen after the request was stored
		w.troubles = w.troubles[1:]
	}
	return next
}

// after is called before a request that was served is answered.
func (w *world) after(context.Context, peer.Batch) error {
	if len(w.troubles) > 0 && w.troubles[0] == "lost answer" {
		w.troubles = w.troubles[1:]
		return errNetwork
	}
	return nil
}

// Send implements Peer: it calls the node's Send, and may answer garbage.
func (w *world) Send(ctx context.Context, b peer.Batch) (peer.Results, error) {
	results, err := w.node.Send(ctx, b)
	if err == nil && len(w.troubles) > 0 && w.troubles[0] == "garbage" {
		w.troubles = w.troubles[1:]
		return peer.Results{Records: make([]peer.Result, 1001)}, nil
	}
	return results, err
}

// CheckSyncNode calls the node's CheckSyncNode.
func (w *world) CheckSyncNode(ctx context.Context) error { return w.node.CheckSyncNode(ctx) }

// Store is not needed: the node knows batches.
func (w *world) Store(context.Context, model.Entry) error { return peer.ErrUnsupported }

// checkOrder checks that the oldest records come first, within a request and
// from one to the next. Only records that the pusher could know count.
func (w *world) checkOrder(b peer.Batch) {
	byAge := func(a, b model.Record) int { return a.Entry.PlayedAt().Compare(b.Entry.PlayedAt()) }
	if !slices.IsSortedFunc(b.Records, byAge) {
		w.mistaken("a batch is not sorted")
	}
	for _, r := range b.Records {
		w.sent[fingerprint(r)] = true
	}
	if len(b.Records) == 0 {
		return
	}
	newest := b.Records[len(b.Records)-1].Entry.PlayedAt()
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	for id := range w.listed {
		r := w.store.rows[id]
		if !w.sent[id] && !r.synced && r.parked == "" && r.record.Entry.PlayedAt().Before(newest) {
			w.mistaken("%s is sent after %s", r.record.Entry.PlayedAt(), newest)
		}
	}
}

// breaks is called before each operation of the store, with the store locked.
func (w *world) breaks(operation string) error {
	if operation == "Unsynced" {
		clear(w.listed)
		for id, r := range w.store.rows {
			if !r.synced && r.parked == "" {
				w.listed[id] = true
			}
		}
	}
	if len(w.broken) == 0 {
		return nil
	}
	broken := w.broken[0]
	w.broken = w.broken[1:]
	if broken {
		return model.ErrUnavailable
	}
	return nil
}

// detailed returns a record with detail that not every copy has.
func detailed(r model.Record, n int) model.Record {
	r.Entry.ShowName = fmt.Sprint("Show ", n)
	return r
}

func corrected(r model.Record, n int) model.Record {
	title := fmt.Sprint("Right ", n)
	r.Corrections = []model.Correction{{
		Kind: model.CorrectionAmend, At: start.Add(time.Duration(n) * time.Second), By: "somebody", Reason: "wrong",
		Changes: model.Changes{Title: &title},
	}}
	r.Normalize()
	return r
}

// plan is a history before it happens.
type plan struct {
	troubles             []string
	broken               []bool
	poison, wrong, known int
	steps                []step
}

type step struct {
	do    string
	n     int // which record, or how many
	other bool
	pause time.Duration
	woken bool
}

func anyPlan(rt *rapid.T) plan {
	share := rapid.SampledFrom([]int{0, 10, 100})
	p := plan{
		troubles: rapid.SliceOfN(rapid.SampledFrom(troubles), 0, 60).Draw(rt, "troubles"),
		broken:   rapid.SliceOfN(rapid.SampledFrom([]bool{false, false, false, false, false, true}), 0, 100).Draw(rt, "broken"),
		poison:   share.Draw(rt, "poison"),
		wrong:    share.Draw(rt, "wrong"),
		known:    share.Draw(rt, "known"),
	}
	kinds := rapid.SampledFrom([]string{"store", "store", "store", "amend", "amend", "health", "clock", "backlog", "wait", "restart", "retry"})
	for range rapid.IntRange(1, 25).Draw(rt, "steps") {
		s := step{do: kinds.Draw(rt, "step"), other: rapid.Bool().Draw(rt, "other"), woken: rapid.Bool().Draw(rt, "woken")}
		switch s.do {
		case "store", "amend":
			s.n = rapid.IntRange(0, 30).Draw(rt, "n")
		case "backlog":
			s.n = rapid.SampledFrom([]int{10, 10, 30, 60, maxRecords + 1}).Draw(rt, "size")
		case "wait":
			s.pause = time.Duration(rapid.IntRange(1, 300_000).Draw(rt, "ms")) * time.Millisecond
		}
		p.steps = append(p.steps, s)
	}
	return p
}

// live runs a history, and returns what is wrong after it.
func live(t *testing.T, plan plan) string {
	w := &world{
		store: newStore(), node: newNode(), troubles: plan.troubles, broken: plan.broken,
		poison: plan.poison, wrong: plan.wrong, known: plan.known,
		listed: map[model.Fingerprint]bool{}, sent: map[model.Fingerprint]bool{}, healths: map[model.Fingerprint]bool{},
	}
	w.store.broken = w.breaks
	w.node.before, w.node.after = w.before, w.after
	w.node.refuses = func(r model.Record) string {
		if w.isWrong(r) {
			return "not this one"
		}
		return ""
	}
	w.node.knows = func(r model.Record) model.Record {
		if one(w.known, "known", r.Entry.Fingerprint()) {
			r.Entry.Label = "Known"
		}
		return r
	}
	p, stop := run(t, w.store, w)
	for i, s := range plan.steps {
		switch s.do {
		case "store":
			w.store.put(record(s.n))
		case "amend":
			amend := detailed
			if s.other {
				amend = corrected
			}
			w.store.put(amend(record(s.n), i))
		case "health":
			h := health(i)
			w.store.putHealth(h)
			w.healths[h.UID()] = true
		case "clock":
			w.store.putClock(model.Clock{Source: 1, SentAt: start.Add(time.Duration(i) * time.Second), Body: []byte(`{}`)})
		case "backlog":
			for n := range s.n {
				w.store.put(record(10_000*i + n))
			}
		case "wait":
			after(s.pause)
		case "restart":
			stop()
			p, stop = run(t, w.store, w)
		case "retry":
			_, _ = w.store.Unpark(t.Context()) // by another process, so no pusher is woken
			continue
		}
		if s.woken {
			p.Wake()
		}
		synctest.Wait()
	}
	// In the end nothing fails any more. The last pause may follow many failures.
	// Records for which a whole request is refused are parked slowly.
	w.store.mu.Lock()
	w.broken = nil
	w.store.mu.Unlock()
	w.node.set(func() { w.troubles = nil })
	after(w.longest())
	stop()
	w.check()
	return w.mistake
}

// longest returns how long recovery may take.
func (w *world) longest() time.Duration {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	poisoned := 0
	for _, r := range w.store.rows {
		if w.isPoison(r.record) {
			poisoned++
		}
	}
	return deliveryTimeout + lookEvery + time.Duration(poisoned+2)*maxBackoff
}

// check verifies that every record is on the sync node as it is here, or parked
// for a reason.
func (w *world) check() {
	for id, r := range w.store.rows {
		known, ok := w.node.records[id]
		shouldPark := w.isPoison(r.record) || w.isWrong(r.record)
		switch {
		case shouldPark && r.parked != "not this one" && !strings.Contains(r.parked, "422"):
			w.mistaken("%s is refused, and parked because %q", r.record.Entry.Title, r.parked)
		case shouldPark:
		case !r.synced || r.parked != "":
			w.mistaken("%s: synced %t, parked because %q", r.record.Entry.Title, r.synced, r.parked)
		case !ok || known.Content() != r.record.Content():
			w.mistaken("%s differs: here %+v, there %+v", r.record.Entry.Title, r.record, known)
		}
	}
	for id := range w.healths {
		if _, ok := w.node.healths[id]; !ok || !w.store.healths[id].synced {
			w.mistaken("a health is not synced")
		}
	}
	for source, c := range w.store.clocks {
		if !w.node.clocks[source].SentAt.Equal(c.SentAt) {
			w.mistaken("the clock is not synced")
		}
	}
}

// TestPusher_Histories: whatever happens on the way, every record ends up on
// the sync node or parked with a reason. The oldest are sent first, and nothing
// is sent for ever.
func TestPusher_Histories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		history := anyPlan(rt) // drawn outside the bubble, because rapid's panics can't leave it
		var mistake string
		synctest.Test(t, func(t *testing.T) { mistake = live(t, history) })
		if mistake != "" {
			rt.Fatal(mistake)
		}
	})
}
