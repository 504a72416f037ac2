package act

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// What may go wrong with one request, or with one write of the database. A kill
// is that of the process, before or after the request or write took effect.
var troubles = []string{"none", "none", "none", "fails", "lost answer", "killed before", "killed after"}

// hangsFor is longer than one write may hang.
const hangsFor = 10 * time.Second

// plan is a history before it happens.
type plan struct {
	requests, writes []string
	steps            []planned
}

type planned struct {
	do     string
	source int
	pause  time.Duration
}

func anyPlan(rt *rapid.T) plan {
	p := plan{requests: rapid.SliceOfN(rapid.SampledFrom(troubles), 0, 20).Draw(rt, "requests")}
	writes := slices.Concat(troubles, []string{"hangs"})
	switch rapid.IntRange(0, 2).Draw(rt, "store") {
	case 1:
		writes = []string{"none", "none", "none", "killed before", "killed after"}
	case 2:
		writes = []string{"none", "none", "none", "hangs"}
	}
	p.writes = rapid.SliceOfN(rapid.SampledFrom(writes), 0, 20).Draw(rt, "writes")
	kinds := []string{"decide", "decide", "decide", "look", "wait", "restart", "outage", "back"}
	if rapid.Bool().Draw(rt, "others") {
		kinds = append(kinds, "switch", "pin", "release", "depose", "reign")
	}
	for range rapid.IntRange(1, 25).Draw(rt, "steps") {
		p.steps = append(p.steps, planned{
			do: rapid.SampledFrom(kinds).Draw(rt, "step"), source: rapid.IntRange(1, 3).Draw(rt, "source"),
			pause: time.Duration(rapid.IntRange(0, 10_000).Draw(rt, "ms")) * time.Millisecond,
		})
	}
	return p
}

// life is what one process sees of the world. When it is killed, its actions no
// longer have any effect.
type life struct {
	*world
	dead bool
	hung bool // a write hung: what was decided since may be lost with the process
}

// world outlives the processes.
type world struct {
	mu               sync.Mutex // for everything
	store            *store
	node             *node
	requests, writes []string
	outage           bool
	sound            bool // no write failed, and nobody else switched or had the lease
	// deposed are the times at which another monitor got the lease.
	deposed []time.Time
	mistake string
}

func (w *world) mistaken(format string, args ...any) {
	if w.mistake == "" {
		w.mistake = fmt.Sprintf(format, args...)
	}
}

// meet calls do, with the next trouble of the list around it.
func (l *life) meet(list *[]string, do func() error) error {
	if l.dead {
		return errNetwork
	}
	trouble := "none"
	if len(*list) > 0 {
		trouble, *list = (*list)[0], (*list)[1:]
	}
	switch trouble {
	case "fails":
		return errNetwork
	case "killed before":
		l.dead = true
		return errNetwork
	}
	err := do()
	switch trouble {
	case "killed after":
		l.dead = true
		return errNetwork
	case "lost answer":
		return errNetwork
	}
	return err
}

// Activate is a SyncNode.
func (l *life) Activate(ctx context.Context, r peer.ActivateRequest) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.outage {
		return errNetwork
	}
	return l.meet(&l.requests, func() error { return l.node.Activate(ctx, r) })
}

func (w *world) isOut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.outage
}

func (l *life) killed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// lose ends the life. What could not be stored because a write hung is lost.
func (l *life) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sound = l.sound && !l.hung
}

// recover notes that all is stored.
func (l *life) recover() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hung = false
}

// write is a write of the store.
func (l *life) write(ctx context.Context, do func(ctx context.Context) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.writes) == 0:
	case l.writes[0] == "fails", l.writes[0] == "lost answer":
		l.sound = false
	case l.writes[0] == "hangs" && !l.dead:
		l.writes, l.hung = l.writes[1:], true
		l.mu.Unlock()
		<-ctx.Done()
		l.mu.Lock()
		return ctx.Err()
	}
	return l.meet(&l.writes, func() error { return do(ctx) })
}

// database is the store of one life.
type database struct{ *life }

func (d database) StoreDeliveries(ctx context.Context, ds []model.Delivery) (stored []model.Delivery, err error) {
	err = d.write(ctx, func(ctx context.Context) error {
		all, err := d.store.StoreDeliveries(ctx, ds)
		stored = all
		return err
	})
	return stored, err
}

func (d database) WaitingDeliveries(ctx context.Context, channel string, limit int) ([]model.Delivery, error) {
	return d.store.WaitingDeliveries(ctx, channel, limit)
}

func (d database) LatestDelivery(ctx context.Context, channel string) (model.Delivery, error) {
	return d.store.LatestDelivery(ctx, channel)
}

func (d database) FailDelivery(context.Context, int64, int, string) error { return nil }

func (d database) EndDelivery(ctx context.Context, id int64, at time.Time, outcome string) error {
	return d.write(ctx, func(ctx context.Context) error { return d.store.EndDelivery(ctx, id, at, outcome) })
}

func (d database) StoreNote(ctx context.Context, n model.Note) error {
	return d.write(ctx, func(ctx context.Context) error { return d.store.StoreNote(ctx, n) })
}

func (d database) Note(ctx context.Context, name string) (model.Note, error) {
	return d.store.Note(ctx, name)
}

// live lets a history happen, and returns what is wrong afterwards.
func live(t *testing.T, p plan) string {
	w := &world{store: &store{}, node: &node{}, requests: p.requests, writes: p.writes, sound: true}
	var l *life
	var m *monitor
	reigns := w.node.reigned("a") // the lease that was last granted to this monitor
	begin := func() {
		l = &life{world: w}
		m = prepared(t, Config{}, database{l}, l)
		m.activations.draw = func(bound time.Duration) time.Duration { return bound / 2 } // so that it happens again
		m.reigns(reigns)
		if err := m.Load(t.Context()); err != nil {
			w.mistaken("%v", err)
		}
		m.start(t)
		synctest.Wait()
	}
	known := int64(0) // the epoch that the monitor knows; it survives a restart
	restart := func() {
		l.lose()
		m.stop()
		begin()
	}
	var decided []time.Time
	decide := func(source int) {
		time.Sleep(time.Millisecond)
		decided = append(decided, now())
		m.Activate(decision.Activate{Source: source, At: now(), Epoch: known, Reason: "r"})
	}
	begin()
	for _, s := range p.steps {
		switch s.do {
		case "decide":
			decide(s.source)
		case "look":
			if !w.isOut() && !m.activationsWait() {
				known = w.node.epoch()
			}
		case "wait":
			after(s.pause)
		case "restart":
			restart()
		case "outage", "back":
			w.mu.Lock()
			w.outage = s.do == "outage"
			w.mu.Unlock()
		case "switch", "pin", "release":
			time.Sleep(time.Millisecond) // no two steps happen at one time
			w.unsound()
			w.node.switchTo(s.source, s.do == "pin")
		case "depose":
			time.Sleep(time.Millisecond)
			w.unsound()
			w.deposed = append(w.deposed, time.Now())
			w.node.reigned("b")
		case "reign":
			reigns = w.node.reigned("a")
			m.reigns(reigns)
		}
		synctest.Wait()
		if l.killed() {
			restart()
		}
	}
	// In the end all is well. A row waits for a restart if the database did not say
	// that it was stored.
	w.mu.Lock()
	w.outage, w.requests, w.writes = false, nil, nil
	w.mu.Unlock()
	after(hangsFor)
	l.recover()
	after(time.Duration(len(decided)+2) * writtenAgain)
	restart()
	after(2 * writtenAgain)
	// Whatever happened, a decision upon the truth is recorded.
	if w.node.last().Pinned {
		w.node.switchTo(1, false)
	}
	m.reigns(w.node.reigned("a"))
	known = w.node.epoch()
	decide(2)
	after(2 * writtenAgain)
	if last := w.node.last(); last.Source != 2 || !last.From.Equal(decided[len(decided)-1]) {
		w.mistaken("the last decision is not recorded, but %+v", last)
	}
	m.stop()
	w.check(decided)
	return w.mistake
}

// unsound notes that decisions may be overtaken from here on.
func (w *world) unsound() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sound = false
}

func (w *world) check(decided []time.Time) {
	var ours []time.Time
	var others time.Time // when somebody else switched last
	for _, a := range w.node.records {
		if a.By != "monitor-a" {
			others = a.From
			continue
		}
		ours = append(ours, a.From)
		if a.From.Before(others) {
			w.mistaken("decided at %s and recorded after somebody else's switch of %s", a.From, others)
		}
		for _, at := range w.deposed {
			if a.From.Before(at) && a.RecordedAt.After(at) {
				w.mistaken("decided at %s and recorded at %s, though another monitor has had the lease since %s", a.From, a.RecordedAt, at)
			}
		}
	}
	for i := 1; i < len(ours); i++ {
		if !ours[i].After(ours[i-1]) {
			w.mistaken("recorded twice, or not in order: %v", ours)
		}
	}
	for _, row := range w.store.Of("activation") {
		var n activation
		if err := json.Unmarshal(row.Body, &n); err != nil {
			w.mistaken("%v", err)
		}
		recorded := slices.Contains(ours, n.At)
		switch {
		case row.EndedAt.IsZero():
			w.mistaken("%s was lost: %+v", row.Body, row)
		case row.Outcome == "" && !recorded:
			w.mistaken("%s was done, and is not recorded", row.Body)
		case row.Outcome != "" && (w.sound || !strings.HasPrefix(row.Outcome, "overtaken")):
			w.mistaken("%s was given up: %s", row.Body, row.Outcome)
		}
	}
	for _, at := range ours {
		if !slices.Contains(decided, at) {
			w.mistaken("nobody decided at %s", at)
		}
	}
}

// TestActor_Histories: whatever happens, no decision is recorded twice. They are
// recorded in order, and none after a newer switch of somebody else. A stored
// decision is recorded in the end unless somebody else decided meanwhile.
func TestActor_Histories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		history := anyPlan(rt) // before the bubble, which rapid's panics can't leave
		var mistake string
		synctest.Test(t, func(t *testing.T) { mistake = live(t, history) })
		if mistake != "" {
			rt.Fatal(mistake)
		}
	})
}
