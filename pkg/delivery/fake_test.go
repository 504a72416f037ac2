package delivery_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/deliverytest"
	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/model"
)

var (
	errNetwork = errors.New("connection refused")
	errBroken  = errors.New("disk full")
)

const (
	channel = "display"
	first   = 100 * time.Millisecond
	most    = 5 * time.Second
	timeout = 10 * time.Second
	// writtenAgain is how soon a write into the ledger is tried again.
	writtenAgain = time.Second
)

// text is what a delivery says.
type text struct {
	Text string `json:"text"`
}

// counts are an Observer.
type counts struct {
	mu                    sync.Mutex
	done, failed, givenUp int
}

func (c *counts) Done(string)    { c.add(&c.done) }
func (c *counts) Failed(string)  { c.add(&c.failed) }
func (c *counts) GivenUp(string) { c.add(&c.givenUp) }

func (c *counts) add(to *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*to++
}

// receiver is who gets the deliveries.
type receiver struct {
	mu    sync.Mutex
	got   []string
	times []time.Time
	// answers, if it is set, is asked what becomes of a try.
	answers func(ctx context.Context, text string) error
}

func (r *receiver) send(ctx context.Context, i *delivery.Item[text]) error {
	r.mu.Lock()
	r.got, r.times = append(r.got, i.Content.Text), append(r.times, time.Now())
	answers := r.answers
	r.mu.Unlock()
	if answers == nil {
		return nil
	}
	return answers(ctx, i.Content.Text)
}

func (r *receiver) set(answers func(ctx context.Context, text string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = answers
}

func (r *receiver) texts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *receiver) tries() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.times)
}

func away(context.Context, string) error { return errNetwork }

func hang(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }

// service is a process with one line.
type service struct {
	*delivery.Line[text]
	outbox *delivery.Outbox
	counts *counts
	log    *loggingtest.Lines
	stop   func() // returns when Run has
}

// prepared is a service that does not run yet.
func prepared(ledger delivery.Ledger, r *receiver, adapt ...func(*delivery.Channel[text])) *service {
	s := &service{counts: &counts{}, log: &loggingtest.Lines{}}
	s.outbox = delivery.NewOutbox(ledger, s.counts, zerolog.New(s.log))
	c := delivery.Channel[text]{
		Name:   channel,
		Policy: delivery.Policy{Backoff: delivery.Backoff{First: first, Most: most}, Timeout: timeout},
		Send:   r.send,
	}
	for _, f := range adapt {
		f(&c)
	}
	s.Line = delivery.NewLine(s.outbox, c)
	return s
}

// start lets it run until the end of the test, or until stop.
func (s *service) start(t *testing.T) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	writing, end := context.WithCancel(context.Background())
	var line, outbox sync.WaitGroup
	line.Go(func() { s.Run(ctx) })
	outbox.Go(func() { s.outbox.Run(writing) })
	s.stop = func() {
		cancel()
		line.Wait()
		end()
		outbox.Wait()
	}
	t.Cleanup(s.stop)
	return s
}

func (s *service) load(t *testing.T) {
	t.Helper()
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// begin is a start of the service: what waits is loaded.
func begin(t *testing.T, ledger delivery.Ledger, r *receiver, adapt ...func(*delivery.Channel[text])) *service {
	t.Helper()
	s := prepared(ledger, r, adapt...)
	s.load(t)
	s.start(t)
	synctest.Wait()
	return s
}

// hand hands texts over at once.
func (s *service) hand(texts ...string) (stored bool) {
	b := s.outbox.Begin()
	defer b.End()
	for _, one := range texts {
		s.Add(b, text{one})
	}
	return b.Store()
}

// after lets time pass, and whatever happens then.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// bubble runs a test in simulated time.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, f)
	})
}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// on fails an operation of the ledger.
func on(operation string) deliverytest.Fault {
	return func(_ context.Context, o string) error {
		if o == operation {
			return errBroken
		}
		return nil
	}
}

func row(body string) model.Delivery {
	return model.Delivery{Channel: channel, Body: []byte(body), CreatedAt: time.Now()}
}
