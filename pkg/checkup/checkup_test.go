package checkup

import (
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/stationtime"
)

// node answers /sync/state.
type node struct {
	status int
	state  api.SyncState
}

func (n node) client(t *testing.T) *peer.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.status != 0 {
			w.WriteHeader(n.status)
			return
		}
		if n.state.Now.IsZero() {
			n.state.Now = stationtime.UTC(time.Now())
		}
		_ = json.NewEncoder(w).Encode(n.state)
	}))
	t.Cleanup(server.Close)
	client, err := peer.New(server.URL, peer.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func zone(t *testing.T, name string) *stationtime.Zone {
	t.Helper()
	z, err := stationtime.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// zoneOf is a node's zone on the wire.
func zoneOf(z *stationtime.Zone) *api.NodeZone {
	wire := api.NodeZone{Name: z.Name()}
	for _, o := range z.Offsets(time.Now()) {
		wire.Offsets = append(wire.Offsets, api.ZoneOffset{From: stationtime.UTC(o.From), Seconds: int(o.Offset.Seconds())})
	}
	return &wire
}

// expect checks that a finding has a grade and words.
func expect(t *testing.T, r Report, g Grade, words string) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Grade == g && strings.Contains(f.Words, words) {
			return
		}
	}
	t.Errorf("no finding %s %q: %+v", g, words, r.Findings)
}

func TestReport_Node(t *testing.T) {
	t.Parallel()
	vienna := zone(t, "Europe/Vienna")
	right := api.SyncState{HostId: 1, Edition: int(model.ThisEdition), Version: "1.2.3", TimeZone: zoneOf(vienna)}
	changed := func(change func(*api.SyncState)) node {
		state := right
		change(&state)
		return node{state: state}
	}
	for name, c := range map[string]struct {
		node  node
		grade Grade
		words string
	}{
		"reach":    {node{state: right}, Works, "takes its token"},
		"clock":    {node{state: right}, Works, "its clock is this host's"},
		"zone":     {node{state: right}, Works, "Europe/Vienna"},
		"ahead":    {changed(func(s *api.SyncState) { s.Now = stationtime.UTC(time.Now().Add(time.Hour)) }), Look, "ahead of this host's"},
		"behind":   {changed(func(s *api.SyncState) { s.Now = stationtime.UTC(time.Now().Add(-time.Hour)) }), Look, "behind this host's"},
		"zones":    {changed(func(s *api.SyncState) { s.TimeZone = zoneOf(zone(t, "UTC")) }), Fails, "its time zone is UTC and this host's is Europe/Vienna"},
		"other":    {changed(func(s *api.SyncState) { s.HostId = 2 }), Fails, "host 2 answers there, and host 1 should"},
		"older":    {changed(func(s *api.SyncState) { s.Edition = 0 }), Look, "older version"},
		"newer":    {changed(func(s *api.SyncState) { s.Edition = 99 }), Look, "newer version"},
		"version":  {changed(func(s *api.SyncState) { s.Version = "2.0.0" }), Look, "its version is 2.0.0, and this host's is 1.2.3"},
		"token":    {node{status: http.StatusUnauthorized}, Fails, "does not know this host's token"},
		"role":     {node{status: http.StatusForbidden}, Fails, "with another role"},
		"original": {node{status: http.StatusNotFound}, Fails, "no service of this project"},
		"broken":   {node{status: http.StatusInternalServerError}, Fails, "answered 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r Report
			answers := r.Node(t.Context(), Node{Subject: "node 1", Client: c.node.client(t), HostID: 1, Version: "1.2.3", Zone: vienna})
			expect(t, r, c.grade, c.words)
			if is := !strings.Contains("token role original broken other", name); answers != is {
				t.Errorf("answers %v", answers)
			}
		})
	}
	away, err := peer.New("http://127.0.0.1:1", peer.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var r Report
	r.Node(t.Context(), Node{Subject: "node 1", Client: away, HostID: 1})
	expect(t, r, Fails, "does a firewall let this host through?")
}

func TestReport_Service(t *testing.T) {
	t.Parallel()
	p := Program{Instance: instance.Instance{Service: "engine-api"}, Version: "1.2.3", HostID: 1}
	var r Report
	state := api.SyncState{HostId: 1, Version: "1.0.0", Twin: "another database", DatabaseWarning: "the file is gone"}
	if got, answers := r.Service(t.Context(), node{state: state}.client(t), p); !answers || got.Twin != state.Twin {
		t.Errorf("%+v %v", got, answers)
	}
	expect(t, r, Look, "version 1.0.0 runs, and 1.2.3 is installed: systemctl restart engine-api")
	expect(t, r, Fails, "another database")
	expect(t, r, Fails, "the file is gone")
	r = Report{}
	r.Service(t.Context(), node{status: http.StatusUnauthorized}.client(t), p)
	expect(t, r, Fails, "--token-file")
	r = Report{}
	r.Service(t.Context(), node{status: http.StatusServiceUnavailable}.client(t), p)
	expect(t, r, Fails, "/readyz")
	r = Report{}
	r.Service(t.Context(), node{state: api.SyncState{HostId: 2}}.client(t), p)
	expect(t, r, Fails, "host 2 answers where engine-api of host 1 should")
}

func TestReport_Kept(t *testing.T) {
	t.Parallel()
	empty := &api.Journal{}
	for name, c := range map[string]struct {
		state api.SyncState
		grade Grade
		words string
	}{
		"nothing": {api.SyncState{Journal: empty}, Works, "nothing waits"},
		"waiting": {api.SyncState{Journal: empty, Outbox: api.Outbox{Entries: 3}}, Look, "3 records wait"},
		"parked":  {api.SyncState{Journal: empty, Outbox: api.Outbox{Parked: 2}}, Look, "refused 2 records: `sudo aura-engine-api --instance web outbox list` says why"},
		"journal": {api.SyncState{Journal: &api.Journal{Waiting: 4}}, Look, "4 items wait for the database"},
		"aside":   {api.SyncState{Journal: &api.Journal{Aside: 1}}, Look, "can't be stored by themselves: `sudo aura-engine-api --instance web journal list`"},
		"none":    {api.SyncState{}, Fails, "can't be read"},
		"refused": {api.SyncState{Journal: empty, Refused: &api.Refused{Items: 5}}, Look, "5 bodies that nobody understands: `sudo aura-engine-api --instance web refused list`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r Report
			r.Kept(c.state, instance.Instance{Service: "engine-api", Name: "web"}, true)
			expect(t, r, c.grade, c.words)
		})
	}
}

func TestReport_Seen(t *testing.T) {
	t.Parallel()
	var r Report
	r.Seen("way back", api.NodeState{Url: "http://x"})
	r.Seen("way back", api.NodeState{Url: "http://x", Reachable: true, Detail: "its clock is wrong"})
	r.Seen("way back", api.NodeState{Url: "http://x", Reachable: true})
	r.Seen("way back", api.NodeState{Url: "http://x", Reachable: true, Reconciled: new(stationtime.UTC(time.Now()))})
	expect(t, r, Fails, "does not reach http://x: it did not ask yet")
	expect(t, r, Look, "its clock is wrong")
	expect(t, r, Look, "did not compare the records yet")
	expect(t, r, Works, "compared the records at")
}

func TestReport_Certificate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for words, c := range map[string]struct {
		from, to time.Duration // from now, in days
		grade    Grade
	}{
		"is good until 2027": {-1, 90, Works}, "ends on 2026-12-05": {-1, 5, Look}, "ended on": {-9, -1, Fails}, "is not good before": {1, 9, Fails},
	} {
		var r Report
		r.Certificate("service", &x509.Certificate{NotBefore: now.Add(c.from * 24 * time.Hour), NotAfter: now.Add(c.to * 24 * time.Hour)}, now)
		expect(t, r, c.grade, words)
	}
	var r Report
	r.Certificate("service", nil, now)
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	if c, err := CertificateOf(t.Context(), server.URL); err != nil || !c.Equal(server.Certificate()) {
		t.Errorf("%v %v", c, err)
	}
	if c, err := CertificateOf(t.Context(), "http://host"); c != nil || err != nil {
		t.Errorf("%v %v", c, err)
	}
	if err := Trusts(t.Context(), server.URL); err == nil || Trusts(t.Context(), "http://host") != nil {
		t.Errorf("trusts: %v", err)
	}
	client, err := peer.New(server.URL, peer.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var node Report
	node.Node(t.Context(), Node{Subject: "node 1", Client: client, HostID: 1})
	expect(t, node, Fails, "update-ca-certificates")
	if len(r.Findings) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestReport_Disk(t *testing.T) {
	t.Parallel()
	var r Report
	r.Disk("")
	r.Disk(filepath.Join(t.TempDir(), "none", "test.db"))
	if len(r.Findings) != 1 || r.Findings[0].Grade != Look {
		t.Errorf("%+v", r)
	}
	r.Disk(filepath.Join(t.TempDir(), "test.db"))
	if len(r.Findings) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestReport_Print(t *testing.T) {
	t.Parallel()
	var r Report
	r.Works("a", "well")
	for _, c := range []struct {
		add  func()
		want string
	}{
		{func() {}, "all is well\n"}, {func() { r.Look("b", "x\x1b") }, "it works; 1 of 2 findings need a look\n"}, {func() { r.Fails("c", "bad") }, "1 of 3 findings fail\n"},
	} {
		c.add()
		var out strings.Builder
		if err := r.Print(&out, strings.ToUpper); err != nil || !strings.HasSuffix(out.String(), c.want) || !strings.HasPrefix(out.String(), "ok") || !strings.Contains(out.String(), "WELL") {
			t.Errorf("%q %v", out.String(), err)
		}
	}
	if !r.Failed() {
		t.Error("it did not fail")
	}
}
