package peer_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/handler/handlertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/stationtime"
)

// node is a real node without its own process: its API over SQLite, with
// answers checked against the contract.
type node struct {
	*peer.Client
	db *repo.Node
}

func start(t testing.TB, change ...func(*handler.API)) node {
	t.Helper()
	db := repotest.Open(t, repotest.KindSQLite)
	a := handlertest.Node(t, 1, db, db)
	for _, f := range change {
		f(a)
	}
	server := httptest.NewServer(handlertest.SyncNode(t, a, handlertest.Own(a, db)))
	t.Cleanup(server.Close)
	return node{client(t, server.URL), db}
}

func client(t testing.TB, url string) *peer.Client {
	t.Helper()
	c, err := peer.New(url, peer.Config{Token: "node-secret-0123456789", Timeout: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var noon = time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)

// played is a normalized record of source 1 that starts that many seconds after
// noon.
func played(second int, title string, corrections ...model.Correction) model.Record {
	r := model.Record{
		Entry:       model.Entry{LogSource: 1, TrackStart: noon.Add(time.Duration(second) * time.Second), Title: title, Duration: 1500 * time.Millisecond},
		Corrections: corrections,
	}
	r.Normalize()
	return r
}

func TestNode_Records(t *testing.T) {
	t.Parallel()
	n := start(t)
	ctx := t.Context()
	amend := model.Correction{Kind: model.CorrectionAmend, At: noon, By: "M. Tester", Reason: "tag", Changes: model.Changes{
		Title: new("🎧 <amended>"), TrackStart: new(noon.Add(time.Hour)), Duration: new(time.Duration(0)), ShowID: new(int64(4)),
	}}
	sent := []model.Record{played(0, "a"), played(1, "b 🎵 <&>", amend), {}, played(2, "c"), played(0, "a")}
	known := played(2, "c")
	known.Entry.ShowName = "Nachtlicht"
	if _, err := n.Send(ctx, peer.Batch{Records: []model.Record{known}}); err != nil {
		t.Fatal(err)
	}
	health := model.Health{Source: 1, LogTime: noon, Details: `{"a": "ü\u0001"}`}
	clock := model.Clock{Source: 1, SentAt: noon, Body: []byte(`{"engine_source":1}`)}
	results, err := n.Send(ctx, peer.Batch{Records: sent, Healths: []model.Health{health, {}}, Clocks: []model.Clock{clock, {Body: []byte("{}")}}, Synced: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results.Records {
		switch {
		case i == 2:
			if !strings.Contains(r.Refused, "track_start") {
				t.Errorf("what is no record: %+v", r)
			}
		case i == 3:
			if r.Merged == nil || r.Content != known.Content().Base || r.Merged.Content() != known.Content() {
				t.Errorf("of what the receiver knows more: %+v", r)
			}
		case r.Refused != "" || r.Merged != nil || r.Content != sent[i].Content().Base:
			t.Errorf("%d: %+v", i, r)
		}
	}
	if h, c := results.Healths, results.Clocks; len(h) != 2 || h[0].Refused != "" || h[1].Refused == "" || len(c) != 2 || c[0].Refused != "" || c[1].Refused == "" {
		t.Errorf("healths %+v, clocks %+v", h, c)
	}
	if c, err := n.db.Clock(ctx, 1); err != nil || string(c.Body) != string(clock.Body) || !c.SentAt.Equal(noon) {
		t.Errorf("clock is %+v, %v", c, err)
	}

	// Read the records back, page by page, and by when they were played.
	var got []model.Record
	for after := ""; ; {
		records, next, err := n.Records(ctx, 1, time.Time{}, time.Time{}, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, records...)
		if after = next; after == "" {
			break
		}
	}
	want := []model.Record{sent[0], known, sent[1]}
	if !slices.EqualFunc(got, want, func(a, b model.Record) bool { return a.Content() == b.Content() }) {
		t.Errorf("got %+v", got)
	}
	if got, next, err := n.Records(ctx, 1, noon.Add(time.Second), noon.Add(time.Hour), "", 10); err != nil || next != "" || len(got) != 1 || got[0].Entry.Title != "c" {
		t.Errorf("between: %+v, %q, %v", got, next, err)
	}
	if got, next, err := n.Healths(ctx, 1, noon, noon.Add(1), "", 10); err != nil || next != "" || len(got) != 1 || got[0].UID() != health.UID() {
		t.Errorf("healths: %+v, %q, %v", got, next, err)
	}

	// Digests are those of the database itself.
	for _, q := range []model.DigestQuery{
		{Kind: model.KindEntry, Source: 1, Span: model.SpanHour},
		{Kind: model.KindHealth, Source: 1, Span: model.SpanDay, From: noon, To: noon.Add(time.Hour)},
		{Kind: model.KindEntry, Source: 2, Span: model.SpanMonth},
	} {
		here, err := n.db.Digests(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		there, err := n.Digests(ctx, q)
		if err != nil || !slices.Equal(here, there) || (len(there) == 0) != (q.Source == 2) {
			t.Errorf("%+v: %+v, %v, want %+v", q, there, err, here)
		}
	}
}

func TestNode_Acks(t *testing.T) {
	t.Parallel()
	n := start(t)
	ctx := t.Context()
	r := played(0, "a")
	health := model.Health{Source: 1, LogTime: noon}
	if _, err := n.Send(ctx, peer.Batch{Records: []model.Record{r}, Healths: []model.Health{health}}); err != nil {
		t.Fatal(err)
	}
	waiting := func() int64 {
		o, err := n.db.Outbox(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return o.Entries + o.Healths
	}
	if got := waiting(); got != 2 {
		t.Errorf("%d wait, want 2", got)
	}
	results, err := n.Send(ctx, peer.Batch{Acks: []model.Ack{{Fingerprint: r.Entry.Fingerprint(), Content: r.Content()}}, HealthAcks: []model.Fingerprint{health.UID()}})
	if err != nil || len(results.Records) != 0 {
		t.Fatal(results, err)
	}
	if got := waiting(); got != 0 {
		t.Errorf("%d wait after the acknowledgement", got)
	}
}

func TestNode_State(t *testing.T) {
	t.Parallel()
	const ahead = time.Hour
	clock := model.Clock{Source: 2, SentAt: noon, Body: []byte(`{"a":1}`)}
	n := start(t, func(a *handler.API) {
		a.State = func(context.Context) (api.SyncState, error) {
			return api.SyncState{
				HostId: 2, Now: stationtime.UTC(time.Now().Add(ahead)), Outbox: api.Outbox{Entries: 3, Healths: 2, Parked: 1, Oldest: new(stationtime.UTC(noon))},
				Clocks: &[]api.SyncClock{record.NewClock(clock)}, Warnings: &[]string{"starts are 2h behind"},
			}, nil
		}
	})
	state, offset, err := n.State(t.Context())
	if err != nil || (offset-ahead).Abs() > ahead/2 {
		t.Errorf("the clock is %v ahead, %v, want %v", offset, err, ahead)
	}
	if state.Zone != "Europe/Vienna" || len(state.Offsets) < 4 || state.Offsets[0].Offset%time.Hour != 0 || state.Offsets[0].Offset == 0 {
		t.Errorf("zone %s with %v", state.Zone, state.Offsets)
	}
	if state.HostID != 2 || state.Edition != model.ThisEdition || state.Outbox != (model.Outbox{Entries: 3, Healths: 2, Parked: 1, Oldest: noon}) || len(state.Clocks) != 1 || string(state.Clocks[0].Body) != `{"a":1}` {
		t.Errorf("state is %+v", state)
	}
	if !slices.Equal(state.Warnings, []string{"starts are 2h behind"}) {
		t.Errorf("warnings are %q", state.Warnings)
	}
}

// TestNode_Entries reads a list page after page, and corrects an entry.
func TestNode_Entries(t *testing.T) {
	t.Parallel()
	n := start(t)
	ctx := t.Context()
	sent := []model.Record{played(0, "a"), played(1, "b"), played(2, "c"), played(3, "d")}
	sent[1].Entry.ReceivedAt = noon.Add(time.Minute)
	if _, err := n.Send(ctx, peer.Batch{Records: sent}); err != nil {
		t.Fatal(err)
	}
	titles := func(q peer.EntryQuery) (list []peer.Entry, titles string) {
		t.Helper()
		for {
			page, next, err := n.Entries(ctx, q)
			if err != nil || len(page) > q.Limit {
				t.Fatalf("%d entries, %v", len(page), err)
			}
			list = append(list, page...)
			for _, e := range page {
				titles += e.Title
			}
			if q.After = next; next == "" {
				return list, titles
			}
		}
	}
	list, all := titles(peer.EntryQuery{Limit: 2})
	if all != "dcba" || !list[2].ReceivedAt.Equal(noon.Add(time.Minute)) || !list[3].TrackStart.Equal(noon) {
		t.Errorf("%s: %+v", all, list)
	}
	if _, some := titles(peer.EntryQuery{From: noon.Add(time.Second), To: noon.Add(2 * time.Second), Limit: 10}); some != "cb" {
		t.Errorf("a range has %s", some)
	}

	id := list[2].ID
	later := noon.Add(time.Hour)
	amend := peer.Correction{Kind: model.CorrectionAmend, By: "M. Tester", Reason: "clock", Changes: map[string]string{"track_start": stationtime.UTC(later).String(), "track_num": "3"}}
	for range 2 { // again it changes nothing
		if err := n.Correct(ctx, id, amend); err != nil {
			t.Fatal(err)
		}
	}
	corrections, err := n.Corrections(ctx, id)
	if err != nil || len(corrections) != 1 || corrections[0].Reason != "clock" || !corrections[0].Changes.TrackStart.Equal(later) || !corrections[0].Before.TrackStart.Equal(noon.Add(time.Second)) {
		t.Errorf("corrections %+v, %v", corrections, err)
	}
	if err := n.Correct(ctx, id, peer.Correction{Kind: model.CorrectionVoid, By: "M. Tester", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	if e, err := n.Entry(ctx, id); err != nil || !e.IsVoid || !e.IsCorrected || !e.TrackStart.Equal(later) {
		t.Errorf("is %+v, %v", e, err)
	}
	if _, raw := titles(peer.EntryQuery{Raw: true, Limit: 10}); raw != "bdca" {
		t.Errorf("as sent: %s", raw)
	}
	if _, shown := titles(peer.EntryQuery{Limit: 10}); shown != "dca" {
		t.Errorf("without the void one: %s", shown)
	}
	refused := new(model.InvalidError)
	if err := n.Correct(ctx, id, amend); !errors.As(err, &refused) || refused.Fields[0].Field != "changes" {
		t.Errorf("an amendment that changes nothing: %v", err)
	}
	_, entryErr := n.Entry(ctx, 1000)
	_, listErr := n.Corrections(ctx, 1000)
	for _, err := range []error{entryErr, listErr, n.Correct(ctx, 1000, amend)} {
		if !errors.Is(err, model.ErrNotFound) {
			t.Errorf("an entry that is not there: %v", err)
		}
	}
}

// The whole of a history is transferred, even if it takes several requests.
func TestNode_Many(t *testing.T) {
	t.Parallel()
	n := start(t)
	var records []model.Record
	for i := range 2500 {
		records = append(records, played(i, strings.Repeat("🎵", i%model.MaxText)))
	}
	var refused int
	results, err := n.Send(t.Context(), peer.Batch{Records: records})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results.Records {
		if r.Content != records[i].Content().Base {
			refused++
		}
	}
	if refused > 0 || len(results.Records) != len(records) {
		t.Errorf("%d of %d results are not of their record", refused, len(results.Records))
	}
}

func TestNode_ActiveSource(t *testing.T) {
	t.Parallel()
	now := noon
	n := start(t, func(a *handler.API) { a.Now = func() time.Time { return now } })
	ctx := t.Context()
	active := func() model.ActiveSource {
		t.Helper()
		a, err := n.ActiveSource(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := active(); a != (model.ActiveSource{Source: 1}) {
		t.Errorf("before any activation %+v", a)
	}
	happened := noon.Add(-time.Minute)
	first := peer.ActivateRequest{Source: 2, Epoch: new(int64(0)), At: happened, By: "status-monitor", Reason: "1 is silent"}
	for range 2 { // an answer may be lost
		if err := n.Activate(ctx, first); err != nil {
			t.Fatal(err)
		}
	}
	if a := active(); a.Source != 2 || a.Epoch != 1 || !a.Since.Equal(happened) || a.Pinned {
		t.Errorf("active is %+v", a)
	}
	if err := n.Activate(ctx, peer.ActivateRequest{Source: 3, Epoch: new(int64(0))}); !errors.Is(err, model.ErrStaleEpoch) {
		t.Errorf("with an old epoch: %v", err)
	}
	if err := n.Activate(ctx, peer.ActivateRequest{Source: 3, Epoch: new(int64(1)), Pin: new(true), By: "M. Tester"}); err != nil {
		t.Error(err)
	}
	if err := n.Activate(ctx, peer.ActivateRequest{Source: 1}); !errors.Is(err, model.ErrPinned) {
		t.Errorf("while pinned: %v", err)
	}
	if err := n.Activate(ctx, peer.ActivateRequest{Source: 1, Pin: new(false)}); err != nil {
		t.Error(err)
	}
	err := n.Activate(ctx, peer.ActivateRequest{Source: 1, At: noon.Add(time.Hour)})
	if invalid, ok := errors.AsType[*model.InvalidError](err); !ok || invalid.Fields[0].Field != "at" || !strings.Contains(invalid.Fields[0].Rule, "future") {
		t.Errorf("in the future: %v", err)
	}
	// A clock that is years ahead: the difference is found in the request.
	now = now.Add(time.Minute)
	if err := n.Activate(ctx, peer.ActivateRequest{Source: 4, At: time.Now().Add(-time.Second), OwnClock: true}); err != nil {
		t.Fatal(err)
	}
	if a, err := n.Activations(ctx, 0, 1); err != nil || a[0].Source != 4 || !a[0].From.Before(now) || a[0].From.Before(now.Add(-time.Minute)) || !strings.Contains(a[0].Reason, "ahead") {
		t.Errorf("with a wrong clock %+v, %v", a, err)
	}
	for i := range 9 {
		now = now.Add(time.Minute)
		if err := n.Activate(ctx, peer.ActivateRequest{Source: 10 + i}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := n.Activations(ctx, 0, 5000)
	if err != nil || len(all) != 13 || all[0].Source != 18 || all[12].By != first.By || all[12].Reason != first.Reason || !all[12].From.Equal(happened) {
		t.Fatalf("history is %+v, %v", all, err)
	}
	for _, c := range [][2]int{{0, 1}, {0, 5}, {3, 5}, {5, 4}, {12, 3}, {13, 3}, {1, 1000}, {0, 0}} {
		got, err := n.Activations(ctx, c[0], c[1])
		if want := all[c[0]:min(c[0]+c[1], 13)]; err != nil || !slices.Equal(got, want) {
			t.Errorf("from %d on %d: got %d, %v, want %d", c[0], c[1], len(got), err, len(want))
		}
	}
	slices.SortFunc(all, func(a, b model.Activation) int { return int(a.Epoch - b.Epoch) })
	for after, want := range map[int64][]model.Activation{model.NoEpoch: all[:5], -3: all[:5], 8: all[8:], 13: {}} {
		if got, err := n.ActivationsAfter(ctx, after, 5); err != nil || !slices.Equal(got, want) {
			t.Errorf("after epoch %d: got %+v, %v, want %d", after, got, err, len(want))
		}
	}
}

func TestNode_Lease(t *testing.T) {
	t.Parallel()
	n := start(t)
	ctx := t.Context()
	for i, want := range []struct {
		asks, holds string
		epoch       int64
	}{{"a", "a", 1}, {"b", "a", 1}, {"a", "a", 1}} {
		l, err := n.AcquireLease(ctx, want.asks, time.Minute)
		if err != nil || l.Holder != want.holds || l.Epoch != want.epoch || l.Remaining <= 0 || l.Remaining > time.Minute {
			t.Errorf("%d: %s asks: %+v, %v", i, want.asks, l, err)
		}
	}
	if err := n.ReleaseLease(ctx, "b"); err != nil {
		t.Error(err)
	}
	if l, err := n.Lease(ctx); err != nil || l.Holder != "a" || l.Remaining <= 0 {
		t.Errorf("after somebody else gave it back: %+v, %v", l, err)
	}
	if err := n.ReleaseLease(ctx, "a"); err != nil {
		t.Error(err)
	}
	if l, err := n.Lease(ctx); err != nil || l != (model.Lease{Epoch: 1}) {
		t.Errorf("after it was given back: %+v, %v", l, err)
	}
	_, err := n.AcquireLease(ctx, " a", 2*time.Hour)
	if invalid, ok := errors.AsType[*model.InvalidError](err); !ok || invalid.Fields[0].Field != "seconds" {
		t.Errorf("for too long: %v", err)
	}
}

func TestNode_Maintenances(t *testing.T) {
	t.Parallel()
	now := noon
	n := start(t, func(a *handler.API) { a.Now = func() time.Time { return now } })
	ctx := t.Context()
	if all, err := n.Maintenances(ctx); err != nil || len(all) != 0 {
		t.Errorf("before anybody said something: %+v, %v", all, err)
	}
	want := []model.Maintenance{
		{Source: 1, On: false, By: "local", ChangedAt: noon.Add(time.Second + time.Microsecond)}, // the second maintenance at this time
		{Source: 2, On: true, By: "M. Tester 🎵", Reason: "new disk", ChangedAt: noon},
	}
	for _, m := range []model.Maintenance{want[1], {Source: 1, On: true}, want[0]} {
		if now = noon; m.Source == 1 {
			now = noon.Add(time.Second)
		}
		if m.By == "local" {
			m.By = ""
		}
		if err := n.SetMaintenance(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := n.Maintenances(ctx); err != nil || !slices.Equal(all, want) {
		t.Errorf("got %+v, %v, want %+v", all, err, want)
	}
	if err := n.SetMaintenance(ctx, model.Maintenance{Source: 0}); err == nil {
		t.Error("source 0 is taken")
	}
}

func TestNode_LatestHealth(t *testing.T) {
	t.Parallel()
	n := start(t)
	if h, err := n.LatestHealth(t.Context(), 1); !errors.Is(err, model.ErrNotFound) || errors.Is(err, peer.ErrUnsupported) {
		t.Errorf("before there is any: %+v, %v", h, err)
	}
	want := model.Health{Source: 1, LogTime: noon.Add(time.Microsecond), Healthy: true, Details: `{"a": "ü"}`}
	if err := n.db.AbsorbHealths(t.Context(), []model.Health{want}, false); err != nil {
		t.Fatal(err)
	}
	if h, err := n.LatestHealth(t.Context(), 1); err != nil || h != want {
		t.Errorf("got %+v, %v, want %+v", h, err, want)
	}
}

func TestNode_MonitorStatus(t *testing.T) {
	t.Parallel()
	want := api.MonitorStatus{
		Now: stationtime.UTC(noon), Name: "monitor on host 3", Acting: true,
		Sources: []api.MonitorSource{{Number: 1, State: api.SourceDown, Signs: api.SignsReports, Since: stationtime.UTC(noon), ApiFailure: new("")}},
		Waiting: []api.MonitorWaiting{}, Strangers: api.MonitorStrangers{Recent: []api.MonitorStranger{}},
	}
	server := httptest.NewServer(handlertest.Monitor(t, &handler.Monitor{
		Status: func(context.Context) (api.MonitorStatus, error) { return want, nil },
	}))
	t.Cleanup(server.Close)
	got, err := client(t, server.URL).MonitorStatus(t.Context())
	if err != nil || asJSON(t, got) != asJSON(t, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// asJSON is a value in a form that can be compared: times are equal, whatever
// their locations are called.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
