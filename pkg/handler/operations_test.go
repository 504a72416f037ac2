package handler

import (
	"context"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/repo"
)

// TestOperations_Incomplete: if a service forgets any field, it gets no
// operations, and the error names the field.
func TestOperations_Incomplete(t *testing.T) {
	t.Parallel()
	node := newSyncNode(t)
	own := &Monitor{Status: func(context.Context) (api.MonitorStatus, error) { return api.MonitorStatus{}, nil }}
	// These fields have a meaning when they are zero.
	free := map[string]bool{"API.HostID": true, "API.EngineAsSent": true, "API.Log": true, "API.Station": true, "API.Links": true, "API.Views": true, "API.PageURL": true, "API.HoleAfter": true, "API.Version": true}
	for name, test := range map[string]struct {
		part  any
		build func() (api.StrictServerInterface, error)
	}{
		"engine-api/API":         {node.api, func() (api.StrictServerInterface, error) { return NewEngineAPI(node.api) }},
		"sync-node/API":          {node.api, func() (api.StrictServerInterface, error) { return NewSyncNode(node.api, node.own) }},
		"sync-node/SyncNode":     {node.own, func() (api.StrictServerInterface, error) { return NewSyncNode(node.api, node.own) }},
		"status-monitor/Monitor": {own, func() (api.StrictServerInterface, error) { return NewMonitor(own) }},
	} {
		if _, err := test.build(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		v := reflect.ValueOf(test.part).Elem()
		for i := range v.NumField() {
			field := v.Type().Name() + "." + v.Type().Field(i).Name
			if free[field] || !v.Type().Field(i).IsExported() {
				continue
			}
			before := reflect.ValueOf(v.Field(i).Interface())
			v.Field(i).SetZero()
			if _, err := test.build(); err == nil || !strings.HasSuffix(err.Error(), ": "+field+" must be set") {
				t.Errorf("%s without %s: %v", name, field, err)
			}
			v.Field(i).Set(before)
		}
	}

	var none *repo.Node
	node.api.Sync, node.own.Leases = none, nil
	if _, err := NewSyncNode(node.api, node.own); err == nil || !strings.HasSuffix(err.Error(), ": API.Sync, SyncNode.Leases must be set") {
		t.Errorf("with an interface of nil: %v", err)
	}
	if _, err := NewSyncNode(nil, nil); err == nil || !strings.HasSuffix(err.Error(), ": API, SyncNode must be set") {
		t.Errorf("without parts: %v", err)
	}
	if _, err := NewMonitor(nil); err == nil {
		t.Error("a monitor without its part")
	}
}

// TestOperations_Services: the operations that a service serves do not reach
// the parts that it lacks. The operations that it does not serve are not there.
func TestOperations_Services(t *testing.T) {
	t.Parallel()
	operations, err := NewMonitor(&Monitor{Status: func(context.Context) (api.MonitorStatus, error) {
		return api.MonitorStatus{Sources: []api.MonitorSource{}, Waiting: []api.MonitorWaiting{}, Strangers: api.MonitorStrangers{Recent: []api.MonitorStranger{}}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	monitor := httpservertest.New(t, operations, func(_ *httpserver.Config, o *httpserver.Options) { o.Service = "status-monitor" })
	for service, h := range map[string]*httptest.Server{
		"engine-api":     httptest.NewServer(newStation(t).http),
		"sync-node":      httptest.NewServer(newSyncNode(t).http),
		"status-monitor": httptest.NewServer(monitor),
	} {
		t.Run(service, func(t *testing.T) {
			t.Cleanup(h.Close)
			httpservertest.CheckService(t, service, h.URL)
		})
	}
}
