package peer_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// The monitor sends requests as the contract wants them, and does not believe
// answers that differ from the contract.
func TestClient_Monitor(t *testing.T) {
	t.Parallel()
	var asked, answer string
	c, at := fake(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + string(body))
		_, _ = io.WriteString(w, answer)
	})
	held := `{"holder": "a", "epoch": 3, "seconds": 1.5}`
	for want, name := range map[string]string{
		`PUT /api/v1/source/lease {"holder":"a","seconds":60}`: "PUT AcquireLease",
		`GET /api/v1/source/lease`:                             "GET Lease",
		`DELETE /api/v1/source/lease?holder=a`:                 "DELETE ReleaseLease",
		`PUT /api/v1/source/maintenance/1 {"on":false}`:        "PUT SetMaintenance",
	} {
		answer = held
		if err := calls[name](t.Context(), c); err != nil || asked != want {
			t.Errorf("%s: %v, asked %s, want %s", name, err, asked, want)
		}
	}
	for body, want := range map[string]time.Duration{held: 1500 * time.Millisecond, `{"holder": "a", "epoch": 3, "seconds": 1e300}`: time.Hour} {
		answer = body
		if l, err := c.Lease(t.Context()); err != nil || l != (model.Lease{Holder: "a", Epoch: 3, Remaining: want}) {
			t.Errorf("%s is taken for %+v, %v", body, l, err)
		}
	}
	for body, name := range map[string]string{
		`{"epoch": 3, "seconds": 1}`:                                         "GET Lease",
		`{"holder": "a", "epoch": 3, "seconds": -1}`:                         "GET Lease",
		`{"holder": "a", "seconds": 1}`:                                      "PUT AcquireLease",
		`[{"source": 0, "on": true}]`:                                        "GET Maintenances",
		`{"source": 2, "log_time": "2020-06-27T12:00:00Z"}`:                  "GET LatestHealth",
		`{"source": 1, "is_healthy": true}`:                                  "GET LatestHealth",
		`{"source": 1, "log_time": "2020-06-27 12:00:00", "is_healthy": ""}`: "GET LatestHealth",
		`{"acting": true}`:                                                   "GET MonitorStatus",
	} {
		answer = body
		if err := calls[name](t.Context(), c); !errors.Is(err, model.ErrUnavailable) || !strings.Contains(err.Error(), at) {
			t.Errorf("%s: %s is taken: %v", name, body, err)
		}
	}
}

func TestClient_CheckSyncNode(t *testing.T) {
	t.Parallel()
	var status int
	var answer string
	c, at := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/sync/state" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	})
	state := func(hostID int) string {
		return fmt.Sprintf(`{"host_id": %d, "now": "2020-06-27T12:00:00Z", "outbox": {}}`, hostID)
	}
	check := func(code int, body string) error {
		status, answer = code, body
		return c.CheckSyncNode(t.Context())
	}
	if err := check(200, state(0)); err != nil {
		t.Errorf("a sync node: %v", err)
	}
	if err := check(404, "<html>"); err != nil {
		t.Errorf("an original sync node: %v", err)
	}
	if err := check(200, state(2)); !errors.Is(err, peer.ErrNotSyncNode) || err.Error() != at+" is not a sync node: its host id is 2; check AURA_SYNC_HOST" {
		t.Errorf("another node: %v", err)
	}
	for _, code := range []int{401, 500, 503} {
		if err := check(code, ""); err == nil || errors.Is(err, peer.ErrNotSyncNode) {
			t.Errorf("%d: %v", code, err)
		}
	}
}

// The failure is not in our database, and is not reported as such.
func TestClient_Unavailable(t *testing.T) {
	t.Parallel()
	c, at := fake(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	err := c.Activate(t.Context(), peer.ActivateRequest{Source: 2})
	if want := "PUT /source/active/2 at " + at + ": answered 502 Bad Gateway"; !errors.Is(err, model.ErrUnavailable) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if status, ok := errors.AsType[*peer.StatusError](err); !ok || status.Status != http.StatusBadGateway {
		t.Errorf("%v hides the status", err)
	}
}
