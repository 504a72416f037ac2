package handler

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
	"github.com/rs/zerolog"
)

// station is a whole engine-api or sync node, except for the network: its
// handlers behind the real server and cache, on a real database. Every answer
// is checked against the contract.
type station struct {
	t    testing.TB
	api  *API
	own  *SyncNode // nil for an engine-api
	db   store
	http http.Handler
	// changed reports that cached answers are out of date.
	changed func()
}

// store is the database of an engine-api or of the sync node.
type store interface {
	Playlog
	SyncStore
	Rules
	Purges
	playlog.Store
	source.Store
	status.HealthStore
	status.ClockStore
}

// log is where the track service reads.
type log interface {
	EntryLog
	Titles
	trackservice.Log
	report.Log
}

// newStation is in Vienna, with host 1; change may alter its parts.
func newStation(t testing.TB, change ...func(*API)) *station {
	t.Helper()
	return newStationOn(t, repotest.KindSQLite, change...)
}

// newStationOn is newStation over a database of that kind.
func newStationOn(t testing.TB, kind repotest.Kind, change ...func(*API)) *station {
	t.Helper()
	db := repotest.Open(t, kind)
	if _, err := db.StartRule(t.Context(), model.DefaultHeardRule()); err != nil {
		t.Fatal(err)
	}
	if err := db.PrepareHeard(t.Context()); err != nil {
		t.Fatal(err)
	}
	heard := db.Heard()
	plays := func(m report.Period, now time.Time) report.Plays { return report.FromOnAir(heard, m, now) }
	state := func(ctx context.Context) (api.SyncState, error) {
		o, err := db.Outbox(ctx)
		return api.SyncState{Now: stationtime.UTC(time.Now()), Outbox: api.Outbox{Entries: o.Entries, Healths: o.Healths, Parked: o.Parked}}, err
	}
	return serve(t, db, heard, state, nil, append([]func(*API){func(a *API) { a.HostID, a.Plays = 1, plays }}, change...))
}

// newSyncNode is the sync node of the same station.
func newSyncNode(t testing.TB, change ...func(*API)) *station {
	t.Helper()
	return newSyncNodeOn(t, repotest.KindSQLite, change...)
}

// newSyncNodeOn is newSyncNode over a database of that kind.
func newSyncNodeOn(t testing.TB, kind repotest.Kind, change ...func(*API)) *station {
	t.Helper()
	node := repotest.OpenStation(t, kind)
	onAir := node.OnAir()
	plays := func(m report.Period, now time.Time) report.Plays { return report.FromOnAir(onAir, m, now) }
	own := &SyncNode{Leases: node, Maintenance: status.NewMaintenances(node), Reconcile: func() {}}
	state := func(context.Context) (api.SyncState, error) {
		return api.SyncState{Now: stationtime.UTC(time.Now())}, nil
	}
	return serve(t, node, onAir, state, own, append([]func(*API){func(a *API) { a.Plays = plays }}, change...))
}

// serve serves an engine-api if own is nil, and otherwise the sync node.
func serve(t testing.TB, all store, onAir log, state func(context.Context) (api.SyncState, error), own *SyncNode, change []func(*API)) *station {
	t.Helper()
	logger := zerolog.New(zerolog.NewTestWriter(t))
	cache := answercache.New(answercache.Config{})
	a := &API{
		OnAir: onAir, Titles: onAir, Playlog: all, Sync: all, Rules: all, Purges: all, Gate: exchange.Open{},
		Sources: source.New(all, 1, cache.Invalidate, logger),
		Healths: status.NewHealths(all, status.Config{SilenceBelow: -60, NoPlayAfter: 30 * time.Minute}, logger),
		State:   state,
		Reports: report.NewTurns(),
		Zone:    zone(t, "Europe/Vienna"), EngineZone: zone(t, "Europe/Vienna"), HoleAfter: time.Minute, Now: time.Now, Log: logger,
	}
	render := func(e model.Entry, at time.Time) ([]byte, error) { return json.Marshal(Track(a.Zone, a.Links, e, at)) }
	current := trackservice.New(onAir, render, trackservice.Config{Grace: 30 * time.Second}, logger)
	a.Current = current
	for _, f := range change {
		f(a)
	}
	a.Clocks = status.NewClocks(all, a.HostID, 1)
	a.Lives = status.NewLives(time.Now)
	a.Clocks = status.NewClocks(all, a.HostID, 1)
	a.Recorder = playlog.New(all, logger, a.Now, func() { cache.Invalidate(); current.Changed() })
	service := "engine-api"
	operations, err := NewEngineAPI(a)
	if own != nil {
		service = "sync-node"
		own.Zone, own.Now = a.Zone, a.Now
		operations, err = NewSyncNode(a, own)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := httpservertest.New(t, operations, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Service, o.Wrap = service, cache.Middleware
	})
	return &station{t: t, api: a, own: own, db: all, http: h, changed: cache.Invalidate}
}

// at sets the time, and optionally the zone.
func at(t testing.TB, now string, zoneName ...string) func(*API) {
	return func(a *API) {
		instant := moment(t, now)
		a.Now = func() time.Time { return instant }
		for _, name := range zoneName {
			a.Zone, a.EngineZone = zone(t, name), zone(t, name)
		}
	}
}

const v1 = "/api/v1"

// do sends a request to a path of the API, and fails the test if the answer has
// another status.
func (s *station) do(status int, method, path, body string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httpservertest.Request(method, v1+path, body)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	if w.Code != status {
		s.t.Fatalf("%s %s %s: answered %d, want %d: %s", method, path, body, w.Code, status, w.Body)
	}
	return w
}

// get reads a JSON answer into a value.
func get[T any](s *station, path string) (v T) {
	s.t.Helper()
	read(s.t, s.do(http.StatusOK, http.MethodGet, path, ""), &v)
	return v
}

func read(t testing.TB, w *httptest.ResponseRecorder, into any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
}

// play stores an entry by its start and title.
func (s *station) play(start, title string) {
	s.t.Helper()
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+start+`", "track_title": "`+title+`"}`)
}

// refused sends a request that must be answered with that status, and returns
// the fields that the problem names, sorted.
func (s *station) refused(status int, method, path, body string, header ...string) string {
	s.t.Helper()
	w := s.do(status, method, path, body, header...)
	var p api.Problem
	read(s.t, w, &p)
	if kind := w.Header().Get("Content-Type"); kind != "application/problem+json" || p.Status != status {
		s.t.Errorf("%s %s: is no problem document: %s %s", method, path, kind, w.Body)
	}
	var names []string
	for _, f := range valueOr(p.Errors, nil) {
		names = append(names, f.Field)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func titlesOf(tracks []api.Track) string {
	var list []string
	for _, track := range tracks {
		list = append(list, track.TrackTitle)
	}
	return strings.Join(list, " ")
}
