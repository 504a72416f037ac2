package handler

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
)

// TestAPI_ActivateSource_deposed: a monitor's decision from before another
// monitor got the lease is refused, even if nobody switched.
func TestAPI_ActivateSource_deposed(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t)
	s.do(http.StatusOK, http.MethodPut, "/source/lease", `{"holder": "a", "seconds": 60}`)
	decided := func(source int, holder string, epoch int) (path, body string) {
		return fmt.Sprintf("/source/active/%d", source), fmt.Sprintf(`{"at": "2020-06-27T1%d:00:00Z", "lease": {"holder": %q, "epoch": %d}}`, source, holder, epoch)
	}
	first, before := decided(2, "a", 1)
	s.do(http.StatusNoContent, http.MethodPut, first, before, "If-Match", `"0"`)
	s.do(http.StatusNoContent, http.MethodDelete, "/source/lease?holder=a", "")
	s.do(http.StatusOK, http.MethodPut, "/source/lease", `{"holder": "b", "seconds": 60}`)
	path, body := decided(3, "a", 1)
	refused := s.do(http.StatusPreconditionFailed, http.MethodPut, path, body, "If-Match", `"1"`)
	if text := refused.Body.String(); !strings.Contains(text, "Another monitor") {
		t.Errorf("refused with %s", text)
	}
	s.do(http.StatusNoContent, http.MethodPut, first, before, "If-Match", `"0"`) // its answer was lost
	if got := get[api.ActiveSource](s, "/source/active"); got.ActiveSource != 2 || got.Epoch != 1 {
		t.Errorf("active is %+v", got)
	}
	path, body = decided(4, "b", 2)
	s.do(http.StatusNoContent, http.MethodPut, path, body, "If-Match", `"1"`)
	s.refused(http.StatusBadRequest, http.MethodPut, path, body)
	for body, want := range map[string]string{
		`{"lease": {}}`:                           "lease.epoch lease.holder",
		`{"lease": {"holder": "a", "epoch": 0}}`:  "lease.epoch",
		`{"lease": {"holder": " a", "epoch": 1}}`: "lease.holder",
		`{"lease": "a"}`:                          "lease",
	} {
		if got := s.refused(http.StatusBadRequest, http.MethodPut, "/source/active/1", body, "If-Match", `"3"`); got != want {
			t.Errorf("%s names %q, want %q", body, got, want)
		}
	}
}

func TestAPI_Lease(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t)
	const path = "/source/lease"
	ask := func(holder string) (l api.Lease) {
		t.Helper()
		read(t, s.do(http.StatusOK, http.MethodPut, path, `{"holder": "`+holder+`", "seconds": 60}`), &l)
		return l
	}
	if l := get[api.Lease](s, path); l != (api.Lease{}) {
		t.Errorf("before anybody asked it is %+v", l)
	}
	for i, want := range []struct {
		asks, holds string
		epoch       int64
	}{{"a", "a", 1}, {"b", "a", 1}, {"a", "a", 1}} {
		if l := ask(want.asks); l.Holder != want.holds || l.Epoch != want.epoch || l.Seconds <= 0 || l.Seconds > 60 {
			t.Errorf("%d: %s asks: %+v", i, want.asks, l)
		}
	}
	s.do(http.StatusNoContent, http.MethodDelete, path+"?holder=b", "")
	if l := get[api.Lease](s, path); l.Holder != "a" {
		t.Errorf("after somebody else gave it back it is %+v", l)
	}
	s.do(http.StatusNoContent, http.MethodDelete, path+"?holder=a", "")
	if l := get[api.Lease](s, path); l.Holder != "" || l.Seconds != 0 || l.Epoch != 1 {
		t.Errorf("after it was given back it is %+v", l)
	}
	if l := ask("b"); l.Holder != "b" || l.Epoch != 2 {
		t.Errorf("the next holder has %+v", l)
	}

	for body, want := range map[string]string{
		`{}`:                                                           "holder seconds",
		`{"holder": "", "seconds": 0.5}`:                               "holder seconds",
		`{"holder": " a", "seconds": 3600}`:                            "holder",
		`{"holder": "\u0000", "seconds": 1}`:                           "holder",
		`{"holder": "a", "seconds": 3601}`:                             "seconds",
		`{"holder": "a", "seconds": 1, "ttl": 1}`:                      "ttl",
		`{"holder": 1, "seconds": "1"}`:                                "holder seconds",
		`{"holder": "` + strings.Repeat("x", 257) + `", "seconds": 1}`: "holder",
	} {
		if got := s.refused(http.StatusBadRequest, http.MethodPut, path, body); got != want {
			t.Errorf("%s names %q, want %q", body, got, want)
		}
	}
	for holder, want := range map[string]string{"": "holder (query)", " a": "holder", "a\nb": "holder (query)"} {
		if got := s.refused(http.StatusBadRequest, http.MethodDelete, path+"?holder="+url.QueryEscape(holder), ""); got != want {
			t.Errorf("%q names %q, want %q", holder, got, want)
		}
	}
}
