package handler

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/status"
)

func TestAPI_Maintenance(t *testing.T) {
	t.Parallel()
	now := moment(t, "2020-06-27T17:14:00Z")
	s := newSyncNode(t, func(a *API) { a.Now = func() time.Time { return now } })
	const path = "/source/maintenance"
	list := func() []api.Maintenance { t.Helper(); return get[[]api.Maintenance](s, path) }
	if w := s.do(http.StatusOK, http.MethodGet, path, ""); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("before anybody said something: %s", w.Body)
	}
	s.do(http.StatusNoContent, http.MethodPut, path+"/2", `{"on": true, "by": " M. Tester", "reason": "new disk 🎵"}`)
	w := s.do(http.StatusOK, http.MethodGet, path, "")
	if want := `[{"by":"M. Tester","changed_at":"2020-06-27T19:14:00+02:00","on":true,"reason":"new disk 🎵","source":2}]`; strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%s, want %s", w.Body, want)
	}

	s.do(http.StatusNoContent, http.MethodPost, path+"/1", `{"on": true, "by": null}`)
	now = now.Add(time.Minute)
	s.do(http.StatusNoContent, http.MethodPost, path+"/2", `{"on": false, "reason": "`+strings.Repeat("ä", model.MaxReason+1)+`"}`)
	got := list()
	if len(got) != 2 || got[0].Source != 1 || !got[0].On || got[0].By != "local" || got[1].On || got[1].By != "local" ||
		got[1].Reason != strings.Repeat("ä", model.MaxReason) || !got[1].ChangedAt.Equal(now) {
		t.Errorf("got %+v", got)
	}

	for body, want := range map[string]string{
		`{}`:                            "on",
		`{"on": null}`:                  "on",
		`{"on": "true", "by": {}}`:      "by on",
		`{"on": 1, "until": "tonight"}`: "on until",
	} {
		if got := s.refused(http.StatusBadRequest, http.MethodPut, path+"/2", body); got != want {
			t.Errorf("%s names %q, want %q", body, got, want)
		}
	}
	for _, number := range []string{"0", "2147483648", "x"} {
		if got := s.refused(http.StatusBadRequest, http.MethodPut, path+"/"+number, `{"on": true}`); got != "number (path)" {
			t.Errorf("source %s: names %q", number, got)
		}
	}
	if after := list(); !reflect.DeepEqual(after, got) {
		t.Errorf("what was refused changed %+v to %+v", got, after)
	}
}

func TestAPI_Maintenance_clockSetBack(t *testing.T) {
	t.Parallel()
	now := moment(t, "2020-06-27T19:14:00Z")
	s := newSyncNode(t, func(a *API) { a.Now = func() time.Time { return now } })
	s.do(http.StatusNoContent, http.MethodPut, "/source/maintenance/1", `{"on": true}`)
	now = now.Add(-2 * time.Hour)
	s.do(http.StatusNoContent, http.MethodPut, "/source/maintenance/1", `{"on": false}`)
	if got := get[[]api.Maintenance](s, "/source/maintenance"); len(got) != 1 || got[0].On {
		t.Errorf("what was said last is hidden by %+v", got)
	}
}

func TestAPI_Maintenance_Unavailable(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t)
	s.own.Maintenance = status.NewMaintenances(noMaintenance{})
	s.refused(http.StatusServiceUnavailable, http.MethodGet, "/source/maintenance", "")
	s.refused(http.StatusServiceUnavailable, http.MethodPut, "/source/maintenance/1", `{"on": true}`)
}

// noMaintenance is a database that can't be reached.
type noMaintenance struct{}

func (noMaintenance) StoreMaintenance(context.Context, model.Maintenance, status.Rule[model.Maintenance]) error {
	return model.ErrUnavailable
}

func (noMaintenance) Maintenances(context.Context) ([]model.Maintenance, error) {
	return nil, model.ErrUnavailable
}
