package handler

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
)

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
