package act

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/deliverytest"
	"aura.radio/engine/pkg/model"
)

// program is the audio switch.
type program struct {
	mu    sync.Mutex
	runs  []string // its arguments
	times []time.Time
	// fails, if set, decides the outcome of a run.
	fails func(ctx context.Context, arguments string) error
}

func (p *program) execute(ctx context.Context, words, _ []string) error {
	p.mu.Lock()
	arguments := strings.Join(words[1:], " ")
	p.runs, p.times = append(p.runs, arguments), append(p.times, time.Now())
	fails := p.fails
	p.mu.Unlock()
	if fails == nil {
		return nil
	}
	return fails(ctx, arguments)
}

func (p *program) set(fails func(context.Context, string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fails = fails
}

// compact are the runs without repetitions.
func (p *program) compact() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Compact(slices.Clone(p.runs))
}

var withCommand = Config{Command: "/bin/audio {source}<{previous}", CommandTimeout: 10 * time.Second}

// commanding is a started monitor whose command is p.
func commanding(t *testing.T, s Store, p *program) *monitor {
	t.Helper()
	m := prepared(t, withCommand, s, &node{})
	m.command.execute = p.execute
	if err := m.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m.start(t)
}

func (m *monitor) switched(t *testing.T, source, previous int) {
	m.Switched(Switch{Source: source, Previous: previous, At: time.Now(), By: "somebody", Reason: "why"})
}

// asserts fails if the command ran last for another source; 0: unknown.
func (m *monitor) asserts(t *testing.T, want int) {
	t.Helper()
	got, known := m.Asserted()
	if !known {
		got = 0
	}
	if got != want {
		t.Errorf("asserted for %d, want %d", got, want)
	}
}

func failing(context.Context, string) error { return errors.New("exit status 1: no such device") }

func TestActor_Switched(t *testing.T) {
	t.Parallel()

	bubble(t, "OK", func(t *testing.T) {
		s, p := &store{}, &program{}
		m := commanding(t, s, p)
		m.asserts(t, 0)
		m.switched(t, 1, 0)
		m.switched(t, 2, 1)
		synctest.Wait()
		equal(t, "runs", p.runs, []string{"1<", "2<1"})
		equal(t, "rows", s.Outcomes("command"), []string{"done", "done"})
		m.asserts(t, 2)
		m.stop()
		commanding(t, s, p).asserts(t, 2)
		equal(t, "runs", p.runs, []string{"1<", "2<1"})
	})

	// The command does not run for what was over long ago, and webhooks hear of it.
	bubble(t, "Over", func(t *testing.T) {
		s, p, h := &store{}, &program{}, &hook{}
		m := telling(t, s, h)
		m.command.program, m.command.execute = []string{"/bin/audio", "{source}"}, p.execute
		m.Switched(Switch{Source: 2, Previous: 1, At: time.Now(), Over: true})
		m.switched(t, 3, 2)
		synctest.Wait()
		equal(t, "runs", p.runs, []string{"3"})
		equal(t, "told", h.sources(), []int{2, 3})
		m.asserts(t, 3)
	})

	bubble(t, "NoCommand", func(t *testing.T) {
		s := &store{}
		m := begin(t, Config{}, s, &node{})
		m.switched(t, 1, 0)
		m.switched(t, 2, 1)
		synctest.Wait()
		equal(t, "rows", s.Outcomes("command"), []string{"done", "done"})
		m.asserts(t, 2)
		m.stop()
		begin(t, Config{}, s, &node{}).asserts(t, 2)
	})

	bubble(t, "Backoff", func(t *testing.T) {
		s, p := &store{}, &program{fails: failing}
		m := commanding(t, s, p)
		m.switched(t, 1, 0)
		after(2 * time.Hour)
		deliverytest.Jitters(t, p.times, 250*time.Millisecond, 10*time.Second)
		m.asserts(t, 0)
		if w := m.Waiting()[1]; w.Channel != "command" || w.Count != 1 || w.Error != "exit status 1: no such device" {
			t.Errorf("%+v", w)
		}
		p.set(nil)
		after(10 * time.Second)
		m.asserts(t, 1)
		equal(t, "rows", s.Outcomes("command"), []string{"done"})
	})

	// A failed order is given up at once when a newer one comes; each is tried.
	bubble(t, "Newer", func(t *testing.T) {
		s, p := &store{}, &program{fails: failing}
		m := commanding(t, s, p)
		m.switched(t, 1, 0)
		after(time.Minute)
		p.set(func(_ context.Context, arguments string) error {
			if arguments == "2<1" {
				return errors.New("busy")
			}
			return nil
		})
		m.switched(t, 2, 1)
		m.switched(t, 3, 2)
		synctest.Wait() // no time passes
		equal(t, "runs", p.compact(), []string{"1<", "2<1", "3<2"})
		equal(t, "rows", s.Outcomes("command"), []string{"a newer delivery waits", "a newer delivery waits", "done"})
		m.asserts(t, 3)
	})

	bubble(t, "NewerUnderWay", func(t *testing.T) {
		s, p := &store{}, &program{}
		let := make(chan struct{})
		p.set(func(_ context.Context, arguments string) error {
			if arguments == "2<1" {
				<-let
			}
			return nil
		})
		m := commanding(t, s, p)
		m.switched(t, 1, 0)
		m.switched(t, 2, 1)
		synctest.Wait()
		equal(t, "rows", s.Outcomes("command"), []string{"done", "waits"})
		m.asserts(t, 0)
		close(let)
		synctest.Wait()
		m.asserts(t, 2)
	})

	bubble(t, "Restart", func(t *testing.T) {
		s, p := &store{}, &program{}
		m := commanding(t, s, p)
		m.switched(t, 1, 0)
		synctest.Wait()
		held := func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		p.set(held)
		m.switched(t, 2, 1)
		m.switched(t, 3, 2)
		synctest.Wait()
		began := time.Now()
		m.stop()
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s", took)
		}
		p.set(nil)
		m = commanding(t, s, p)
		synctest.Wait()
		m.asserts(t, 0)
		equal(t, "runs", p.runs, []string{"1<", "2<1"})
		equal(t, "rows", s.Outcomes("command"), []string{"done", restarted, restarted})
		m.switched(t, 3, 0) // the monitor does not know the previous source
		synctest.Wait()
		m.asserts(t, 3)
	})

	bubble(t, "Full", func(t *testing.T) {
		s, p := &store{}, &program{}
		let := make(chan struct{})
		p.set(func(context.Context, string) error { <-let; return nil })
		m := commanding(t, s, p)
		m.switched(t, 5000, 0)
		synctest.Wait()
		for i := range delivery.MaxWaiting + 2 {
			m.switched(t, i+1, 0)
		}
		close(let)
		synctest.Wait()
		m.asserts(t, delivery.MaxWaiting+2)
		if len(p.runs) != delivery.MaxWaiting || p.runs[0] != "5000<" || p.runs[1] != "4<" || m.log.Count("too many deliveries wait") != 3 {
			t.Errorf("%d runs, %d lines", len(p.runs), m.log.Count("too many deliveries wait"))
		}
		for i, outcome := range s.Outcomes("command") {
			if lost := outcome != "done"; lost != (i >= 1 && i <= 3) {
				t.Errorf("%d: %s", i, outcome)
			}
		}
	})

	bubble(t, "StoreAway", func(t *testing.T) {
		s, p := &store{}, &program{}
		s.Break(func(context.Context, string) error { return errBroken })
		m := prepared(t, withCommand, s, &node{})
		m.command.execute = p.execute
		m.start(t)
		m.switched(t, 2, 1)
		synctest.Wait()
		equal(t, "runs", p.runs, []string{"2<1"})
		m.asserts(t, 2)
	})
}

func TestActor_Act(t *testing.T) {
	t.Parallel()

	bubble(t, "Ends", func(t *testing.T) {
		s, p := &store{}, &program{fails: failing}
		m := commanding(t, s, p)
		m.switched(t, 1, 0)
		after(time.Minute)
		m.Act(false)
		synctest.Wait()
		p.set(nil)
		m.switched(t, 2, 1)
		after(time.Hour)
		equal(t, "runs", p.compact(), []string{"1<"})
		equal(t, "rows", s.Outcomes("command")[:1], []string{notActing})
		m.asserts(t, 0)
		m.Act(true)
		m.switched(t, 2, 0)
		synctest.Wait()
		equal(t, "runs", p.compact(), []string{"1<", "2<"})
		m.asserts(t, 2)
	})

	// What was done before another monitor acted is not known after a restart.
	bubble(t, "Restart", func(t *testing.T) {
		s, p := &store{}, &program{}
		m := commanding(t, s, p)
		m.switched(t, 1, 0)
		synctest.Wait()
		m.asserts(t, 1)
		s.Break(func(context.Context, string) error { return errBroken })
		m.Act(false)
		m.asserts(t, 0)
		after(time.Minute)
		s.Break(nil)
		after(writtenAgain)
		m.stop()
		m = commanding(t, s, p)
		synctest.Wait()
		m.asserts(t, 0)
		equal(t, "rows", s.Outcomes("command"), []string{"done", notActing})
	})

	bubble(t, "BeforeLoad", func(t *testing.T) {
		s, p := &store{}, &program{}
		m := commanding(t, s, p)
		m.switched(t, 1, 0)
		synctest.Wait()
		m.stop()
		m = prepared(t, withCommand, s, &node{})
		m.Act(false)
		if err := m.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.Act(true)
		m.asserts(t, 0)
		m.start(t)
		synctest.Wait()
		m.asserts(t, 0)
		equal(t, "rows", s.Outcomes("command"), []string{"done", notActing})
	})

	for name, fails := range map[string]error{"Succeeds": nil, "Fails": errBroken} {
		bubble(t, "WhileRunning"+name, func(t *testing.T) {
			s, p := &store{}, &program{}
			let := make(chan struct{})
			p.set(func(context.Context, string) error { <-let; return fails })
			m := commanding(t, s, p)
			m.switched(t, 1, 0)
			m.switched(t, 2, 1)
			synctest.Wait()
			m.Act(false)
			m.Act(true)
			close(let)
			after(time.Minute)
			equal(t, "runs", p.runs, []string{"1<"})
			want := "done, but " + notActing
			if fails != nil {
				want = notActing
			}
			equal(t, "rows", s.Outcomes("command"), []string{want, notActing, notActing})
			m.asserts(t, 0)
		})
	}
}

// TestActor_Told: what was told last is known after a restart. It is written down
// behind the deliveries of what was told: a kill in between tells again.
func TestActor_Told(t *testing.T) {
	t.Parallel()

	bubble(t, "Restart", func(t *testing.T) {
		s := &store{}
		m := begin(t, Config{}, s, &node{})
		if last, known := m.Told(); known {
			t.Errorf("told %+v", last)
		}
		m.Remember(Told{Epoch: 7, Source: 1})
		m.Remember(Told{Epoch: 8, Source: 2, Own: 9})
		synctest.Wait()
		m.stop()
		if last, known := begin(t, Config{}, s, &node{}).Told(); !known || last != (Told{Epoch: 8, Source: 2, Own: 9}) {
			t.Errorf("told %+v, %t", last, known)
		}
	})

	bubble(t, "NotBeforeStored", func(t *testing.T) {
		s := &store{}
		m := begin(t, Config{}, s, &node{})
		synctest.Wait()
		s.Break(func(_ context.Context, operation string) error {
			if operation == "store" {
				return errBroken
			}
			return nil
		})
		m.switched(t, 2, 1)
		m.Remember(Told{Epoch: 8, Source: 2})
		after(time.Minute)
		m.stop()
		s.Break(nil)
		m = begin(t, Config{}, s, &node{})
		if last, known := m.Told(); known || len(s.Of("command")) > 0 {
			t.Errorf("told %+v", last)
		}
		s.keep(model.Note{Name: toldName, Body: []byte(`[]`)})
		if err := m.Load(t.Context()); err != nil || m.log.Count("can't be understood") != 1 {
			t.Errorf("%v", err)
		}
	})

	bubble(t, "Away", func(t *testing.T) {
		s := &store{}
		s.Break(func(context.Context, string) error { return errBroken })
		if err := prepared(t, Config{}, s, &node{}).Load(t.Context()); !errors.Is(err, errBroken) {
			t.Errorf("%v", err)
		}
	})
}
