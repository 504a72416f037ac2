package handler

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

func TestAPI_MonitorStatus(t *testing.T) {
	t.Parallel()
	noon := stationtime.UTC(moment(t, "2020-06-27T12:00:00Z"))
	want := api.MonitorStatus{
		Now: noon, Name: "monitor on host 3", Version: "1.0.0", Acting: true, ActingDetail: "it holds the lease",
		Active: api.MonitorActive{Known: true, Source: 1, Name: "Engine A", Since: &noon, Epoch: 17},
		Sources: []api.MonitorSource{
			{Number: 1, State: api.SourceUp, Signs: api.SignsReports, Since: noon, Heard: &noon, Heartbeats: 1 << 40, DownAfterSeconds: 4, ApiFailure: new(""), Active: true},
			{Number: 2, State: api.SourceSuspect, Signs: api.SignsReports, Since: noon, Lost: 60},
		},
		SyncNode:  api.MonitorSyncNode{Url: "http://192.0.2.3:8011", Reachable: true, LeaseHolder: "monitor on host 3", LeaseSeconds: 9.5},
		Waiting:   []api.MonitorWaiting{{Channel: "webhook", Count: 1, Oldest: &noon, Error: "answered 500"}},
		Strangers: api.MonitorStrangers{Total: 3, Recent: []api.MonitorStranger{{From: "192.0.2.9", Count: 3, Last: noon}}},
	}
	var failure error
	operations, err := NewMonitor(&Monitor{Status: func(context.Context) (api.MonitorStatus, error) { return want, failure }})
	if err != nil {
		t.Fatal(err)
	}
	s := &station{t: t, http: httpservertest.New(t, operations, func(_ *httpserver.Config, o *httpserver.Options) { o.Service = "status-monitor" })}
	shown, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.do(http.StatusOK, http.MethodGet, "/status", "").Body.String(); got != string(shown)+"\n" {
		t.Errorf("got %s, want %s", got, shown)
	}
	failure = model.ErrUnavailable
	s.refused(http.StatusServiceUnavailable, http.MethodGet, "/status", "")
}
