package act

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery/deliverytest"
	"aura.radio/engine/pkg/delivery/webhook"
	"aura.radio/engine/pkg/stationtime"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// hook is a receiver of webhooks.
type hook struct {
	mu     sync.Mutex
	events []event
	ids    []string
	times  []time.Time
	heads  []http.Header
	bodies []string
	// answers, if set, gives the status and the Retry-After.
	answers func(e event) (status int, retryAfter string)
}

func (h *hook) answer(r *http.Request) (status int, retryAfter string) {
	body, _ := io.ReadAll(r.Body)
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		panic(err)
	}
	h.mu.Lock()
	h.events, h.ids, h.times = append(h.events, e), append(h.ids, r.Header.Get("webhook-id")), append(h.times, time.Now())
	h.heads, h.bodies = append(h.heads, r.Header), append(h.bodies, string(body))
	answers := h.answers
	h.mu.Unlock()
	if answers == nil {
		return http.StatusNoContent, ""
	}
	return answers(e)
}

// ServeHTTP is for a real server.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, _ := h.answer(r)
	w.WriteHeader(status)
}

// RoundTrip is for simulated time.
func (h *hook) RoundTrip(r *http.Request) (*http.Response, error) {
	status, retryAfter := h.answer(r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if status == 0 {
		return nil, errNetwork
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retryAfter}}, Body: http.NoBody, Request: r}, nil
}

// hosts are hooks by their host.
type hosts map[string]*hook

// RoundTrip implements http.RoundTripper.
func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) { return h[r.URL.Host].RoundTrip(r) }

func (h *hook) set(answers func(event) (int, string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers = answers
}

func (h *hook) sources() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []int
	for _, e := range h.events {
		all = append(all, e.Source)
	}
	return all
}

func (h *hook) requests() []time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.times)
}

func status(code int) func(event) (int, string) {
	return func(event) (int, string) { return code, "" }
}

// telling is a started monitor with webhooks in simulated time.
func telling(t *testing.T, s Store, hooks ...*hook) *monitor {
	t.Helper()
	cfg := Config{Webhooks: map[int]string{}, WebhookSecret: secret, WebhookTimeout: 10 * time.Second}
	by := hosts{}
	for i, h := range hooks {
		host := fmt.Sprintf("hook-%d.example", i+1)
		cfg.Webhooks[i+1], by[host] = "http://"+host+"/secret-path", h
	}
	m := prepared(t, cfg, s, &node{})
	m.sender.Client = &http.Client{Transport: by}
	if err := m.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m.start(t)
}

func (m *monitor) notify(t *testing.T, source int) {
	m.Notify(Notice{Type: NoticeSource, At: time.Now(), Source: source, State: "down", Reason: "silent"})
}

// TestActor_Webhook is with a real server.
func TestActor_Webhook(t *testing.T) {
	t.Parallel()

	failed := false
	h := &hook{answers: func(event) (int, string) {
		if !failed {
			failed = true
			return http.StatusInternalServerError, ""
		}
		return http.StatusOK, ""
	}}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	cfg := Config{Webhooks: map[int]string{3: server.URL + "/secret-path"}, WebhookSecret: secret, WebhookTimeout: longest}
	s := &store{}
	m := begin(t, cfg, s, &node{})
	at := time.Date(2020, 6, 27, 17, 0, 0, 0, time.UTC)
	m.Switched(Switch{Source: 2, Previous: 1, At: at, By: "monitor-a", Reason: "silent"})
	m.Notify(Notice{Type: NoticeAlarm, At: at, Reason: "none is up"})
	await(t, "told", func() bool {
		outcomes := s.Outcomes("webhook-3")
		return len(outcomes) == 2 && !slices.Contains(outcomes, "waits")
	})
	equal(t, "rows", s.Outcomes("webhook-3"), []string{"done", "done"})
	if len(h.ids) != 3 || h.ids[0] != h.ids[1] || h.ids[1] == h.ids[2] {
		t.Fatalf("ids %v", h.ids)
	}
	want := event{Type: "switch", ID: h.ids[0], At: stationtime.UTC(at), Source: 2, Previous: 1, By: "monitor-a", Reason: "silent", Monitor: "monitor-a"}
	h.events[1].At = stationtime.UTC(h.events[1].At.Time) // its location has another name
	if h.events[1] != want {
		t.Errorf("%+v, want %+v", h.events[1], want)
	}
	if want := `{"type":"alarm","id":"` + h.ids[2] + `","at":"2020-06-27T17:00:00+00:00","reason":"none is up","monitor":"monitor-a"}`; h.bodies[2] != want {
		t.Errorf("%s, want %s", h.bodies[2], want)
	}
	key, _ := (&Config{WebhookSecret: secret}).key()
	for i, head := range h.heads {
		sent, err := strconv.ParseInt(head.Get("webhook-timestamp"), 10, 64)
		if err != nil || time.Since(time.Unix(sent, 0)) > time.Hour {
			t.Errorf("sent at %s", head.Get("webhook-timestamp"))
		}
		if head.Get("webhook-signature") != webhook.Sign(key, h.ids[i], head.Get("webhook-timestamp"), []byte(h.bodies[i])) ||
			head.Get("Content-Type") != "application/json" || head.Get("User-Agent") != "aura-status-monitor" {
			t.Errorf("%v", head)
		}
	}
}

// TestActor_WebhookTimes is in simulated time.
func TestActor_WebhookTimes(t *testing.T) {
	t.Parallel()

	bubble(t, "Backoff", func(t *testing.T) {
		s, h, other := &store{}, &hook{answers: status(0)}, &hook{}
		m := telling(t, s, h, other)
		for source := 1; source <= 3; source++ {
			m.notify(t, source)
		}
		synctest.Wait()
		equal(t, "the other one", other.sources(), []int{1, 2, 3})
		after(10 * time.Hour)
		deliverytest.Jitters(t, h.requests(), 500*time.Millisecond, time.Minute)
		if got := h.sources(); slices.Max(got) != 1 {
			t.Error("the first one does not hold up the others")
		}
		m.stop()
		asked := len(h.requests())
		h.set(nil)
		telling(t, s, h, other)
		synctest.Wait()
		equal(t, "after the restart", h.sources()[asked:], []int{1, 2, 3})
		if h.ids[0] != h.ids[asked] || h.ids[asked] != other.ids[0] {
			t.Error("the id is not that of the event")
		}
	})

	bubble(t, "Old", func(t *testing.T) {
		s, h := &store{}, &hook{answers: status(http.StatusBadGateway)}
		m := telling(t, s, h)
		m.notify(t, 1)
		after(time.Hour)
		m.notify(t, 2)
		after(webhook.MaxAge - time.Hour - time.Second)
		equal(t, "rows", s.Outcomes("webhook-1"), []string{"waits", "waits"})
		after(time.Minute + time.Second)
		equal(t, "rows", s.Outcomes("webhook-1"), []string{"not delivered within 72h0m0s", "waits"})
		if m.log.Count("delivery given up") != 1 {
			t.Error("not logged")
		}
		h.set(nil)
		after(time.Minute)
		equal(t, "rows", s.Outcomes("webhook-1"), []string{"not delivered within 72h0m0s", "done"})
	})

	bubble(t, "Hangs", func(t *testing.T) {
		m := telling(t, &store{}, &hook{answers: func(event) (int, string) { time.Sleep(11 * time.Second); return http.StatusOK, "" }})
		m.notify(t, 1)
		after(11 * time.Second)
		if w := m.Waiting()[2]; w.Count != 1 || w.Error != "post: context deadline exceeded" {
			t.Errorf("%+v", w)
		}
	})

	bubble(t, "StoreAway", func(t *testing.T) {
		s, h := &store{}, &hook{}
		s.Break(func(context.Context, string) error { return errBroken })
		m := prepared(t, Config{Webhooks: map[int]string{1: "http://hook.example"}, WebhookSecret: secret, WebhookTimeout: time.Second}, s, &node{})
		m.sender.Client = &http.Client{Transport: h}
		m.start(t)
		m.notify(t, 1)
		m.switched(t, 2, 1)
		synctest.Wait()
		equal(t, "told", h.sources(), []int{1, 2})
	})

	// One transaction for everything that follows from one call.
	bubble(t, "AtOnce", func(t *testing.T) {
		s := &store{}
		stores := 0
		s.Break(func(_ context.Context, operation string) error {
			if operation == "store" {
				stores++
			}
			return nil
		})
		m := telling(t, s, &hook{}, &hook{})
		synctest.Wait()
		m.switched(t, 2, 1)
		if stores != 1 || len(s.Of("command")) != 1 || len(s.Of("webhook-2")) != 1 {
			t.Errorf("%d transactions", stores)
		}
	})
}
