package command

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/clitest"
	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/handler/handlertest"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/status-monitor/internal/nodetest"
)

func TestMain(m *testing.M) { os.Exit(repotest.Main(m)) }

func run(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	return clitest.Run(t, Program("1.2.3"), nil, args...)
}

func TestProgram(t *testing.T) {
	t.Parallel()
	if code, out, _ := run(t, "version"); code != cli.ExitOK || out != "status-monitor 1.2.3\n" {
		t.Errorf("got %d %q", code, out)
	}
	for args, want := range map[string]int{"status --monitro x": exitUnknown, "status now": exitUnknown, "switch": cli.ExitUsage, "switch 1 --pni": cli.ExitUsage} {
		if code, _, errOut := run(t, strings.Fields(args)...); code != want || !strings.Contains(errOut, "\nsee status-monitor s") {
			t.Errorf("%s: %d %q", args, code, errOut)
		}
	}
	if code, _, errOut := run(t, "check-config"); code != cli.ExitConfig || !strings.Contains(errOut, "AURA_SYNC_HOST") {
		t.Errorf("got %d %q", code, errOut)
	}
}

// TestCheckConfig: the words for each source's promise follow from the
// configuration.
func TestCheckConfig(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	environ := map[string]string{
		"AURA_SYNC_HOST": "http://host-3:8010", "AURA_SOURCE_1": "10.0.0.1", "AURA_HEARTBEAT_LISTEN": "10.0.0.3:43334",
		"AURA_MAIN_HOST_1": "http://host-1:8008", "AURA_MAIN_HOST_2": "http://host-2:8008",
	}
	code := Program("1.2.3").Run(t.Context(), []string{"check-config"}, environ, &stdout, &stderr)
	want := `configuration is valid
source 1 is watched by heartbeats, every 1 s: down after 4.5 s of silence
source 2 is watched by health reports and plays, until a heartbeat arrives: down after 219 s of silence, or sooner once the interval of the reports is learned (44 s if it is 10 s)
`
	if code != cli.ExitOK || stdout.String() != want {
		t.Errorf("got %d\n%s%s\nwant\n%s", code, stdout.String(), stderr.String(), want)
	}
}

// monitor answers with a status, as a real one does.
func monitor(t *testing.T, status func() api.MonitorStatus) string {
	t.Helper()
	server := httptest.NewServer(handlertest.Monitor(t, &handler.Monitor{
		Status: func(context.Context) (api.MonitorStatus, error) { return status(), nil },
	}))
	t.Cleanup(server.Close)
	return server.URL
}

var noon = stationtime.UTC(time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC))

// well is a station without trouble.
func well() api.MonitorStatus {
	before := func(d time.Duration) *stationtime.Stamp { return new(stationtime.UTC(noon.Add(-d))) }
	return api.MonitorStatus{
		Now: noon, Name: "host-3", Version: "1.2.3", Acting: true, ActingDetail: "holds the lease",
		Active: api.MonitorActive{Known: true, Source: 1, Name: "Engine A", Since: before(time.Hour), Epoch: 7},
		Sources: []api.MonitorSource{
			{Number: 1, Name: "Engine A", State: api.SourceUp, Since: *before(49 * time.Hour), Heard: before(400 * time.Millisecond), Reason: "heartbeats arrive", Active: true, ApiFailure: new(""), Signs: api.SignsHeartbeats,
				Promise: "watched by heartbeats, every 1 s: down after 4.5 s of silence"},
			{Number: 2, State: api.SourceUp, Since: *before(time.Minute), Heard: before(0), Lost: 3, Reason: "heartbeats arrive", Signs: api.SignsReports},
		},
		SyncNode:  api.MonitorSyncNode{Url: "http://localhost:8010", Reachable: true, LeaseHolder: "host-3", LeaseSeconds: 7},
		Waiting:   []api.MonitorWaiting{{Channel: "activation"}},
		Strangers: api.MonitorStrangers{Recent: []api.MonitorStranger{}},
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*api.MonitorStatus)
		code   int
		wants  []string
	}{
		"Well": {func(*api.MonitorStatus) {}, 0, []string{
			"OK: source 1 (Engine A) is active\n", "active source: 1 (Engine A), since " + noon.Add(-time.Hour).Local().Format("2006-01-02 15:04:05 -07:00"), "monitor host-3 (1.2.3) holds the lease", "1 (Engine A) *", "2d", "0.4s", "answers", "1m0s",
			"\nsource 1 (Engine A) is watched by heartbeats, every 1 s: down after 4.5 s of silence\n",
		}},
		"LongPromise": {func(s *api.MonitorStatus) { s.Sources[0].Promise = strings.Repeat("long ", 40) + "\x1bend" }, 0, []string{"long  end\n"}},
		"Check": {func(s *api.MonitorStatus) { s.Sources[0].Check = "CRITICAL: no sound" }, 1, []string{
			"WARNING: the check of source 1 (Engine A) says CRITICAL: no sound\n", "\n  its check says CRITICAL: no sound\n",
		}},
		"CheckIsWell": {func(s *api.MonitorStatus) { s.Sources[0].Check = "OK: -18 dB" }, 0, []string{"its check says OK: -18 dB"}},
		"Alarm":       {func(s *api.MonitorStatus) { s.Alarm = "source 1 is pinned and down" }, 2, []string{"CRITICAL: source 1 is pinned and down\n"}},
		"Down": {func(s *api.MonitorStatus) {
			s.Sources[1].State, s.Sources[1].Reason, s.Sources[1].UpAt = api.SourceDown, "no heartbeat for 4.5 s", new(noon)
		}, 1, []string{"WARNING: source 2 is down: no heartbeat for 4.5 s\n", "heard again, up at " + noon.Local().Format("15:04:05 -07:00") + " if"}},
		"Maintenance": {func(s *api.MonitorStatus) {
			s.Sources[1].State, s.Sources[1].Maintenance = api.SourceDown, true
		}, 0, []string{"maintenance"}},
		"SyncNodeAway": {func(s *api.MonitorStatus) {
			s.SyncNode.Reachable, s.SyncNode.Detail, s.Active.Unconfirmed = false, "refuses the connection", true
			s.Waiting = []api.MonitorWaiting{{Channel: "activation", Count: 2, Oldest: new(stationtime.UTC(noon.Add(-time.Minute))), Error: "refuses"}}
		}, 1, []string{"WARNING: the sync node does not answer: refuses the connection", "not delivered to the sync node yet", "waiting deliveries of activation: 2, the oldest for 1m0s: refuses"}},
		"NotKnown": {func(s *api.MonitorStatus) { s.Active.Known = false }, 1, []string{"active source: not known"}},
		"WebhookFails": {func(s *api.MonitorStatus) {
			s.Waiting = []api.MonitorWaiting{{Channel: "webhook-1", Count: 1, Oldest: new(noon), Error: "answered 500"}}
		}, 1, []string{"WARNING: a delivery of webhook-1 waits: answered 500"}},
		"APIFails": {func(s *api.MonitorStatus) { s.Sources[0].ApiFailure = new("does not answer") }, 1, []string{"WARNING: the engine-api of source 1 (Engine A) does not answer"}},
		"Strangers": {func(s *api.MonitorStatus) {
			s.Strangers = api.MonitorStrangers{Total: 12, Recent: []api.MonitorStranger{{From: "192.0.2.9:4000", Count: 12, Last: noon}}}
		}, 0, []string{"12 datagrams came from strangers", "192.0.2.9:4000"}},
		"UnknownSource": {func(s *api.MonitorStatus) { s.Active.Source, s.Active.Name, s.Active.Unknown = 22, "", true }, 2, []string{
			"CRITICAL: source 22 is active, and nothing knows it", "active source: 22, ", "known by no setting, name or record",
		}},
		"Escapes": {func(s *api.MonitorStatus) { s.Sources[0].Reason = "\x1b[31mred" }, 0, []string{" [31mred"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := monitor(t, func() api.MonitorStatus {
				s := well()
				test.change(&s)
				return s
			})
			code, out, errOut := run(t, "status", "--monitor", url)
			if code != test.code || errOut != "" {
				t.Errorf("%d, %q", code, errOut)
			}
			for _, want := range test.wants {
				if !strings.Contains(out, want) {
					t.Errorf("lacks %q:\n%s", want, out)
				}
			}
			var status api.MonitorStatus
			if code, out, _ := run(t, "status", "--json", "--monitor", url); code != test.code || json.Unmarshal([]byte(out), &status) != nil || status.Name != "host-3" {
				t.Errorf("as JSON: %d %s", code, out)
			}
		})
	}
	t.Run("Away", func(t *testing.T) {
		t.Parallel()
		if code, _, errOut := run(t, "status", "--monitor", "http://127.0.0.1:1"); code != 3 || !strings.Contains(errOut, "UNKNOWN: ") {
			t.Errorf("%d %s", code, errOut)
		}
		if code, _, errOut := run(t, "status", "--monitor", "nowhere"); code != exitUnknown || !strings.Contains(errOut, "URL") {
			t.Errorf("%d %s", code, errOut)
		}
	})
}

// screen counts what is shown, and says when enough was shown.
type screen struct {
	mu     sync.Mutex
	text   strings.Builder
	shown  int
	enough func()
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text.Write(p); strings.Contains(string(p), "host-3") {
		if s.shown++; s.shown == 2 {
			s.enough()
		}
	}
	return len(p), nil
}

func TestStatus_Watch(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"status", "--watch"}, {"status", "-w", "--json"}} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &screen{enough: cancel}
		code := Program("1.2.3").Run(ctx, append(args, "--monitor", monitor(t, well)), nil, out, out)
		cancel()
		if code != cli.ExitOK || out.shown < 2 {
			t.Errorf("%v: %d %s", args, code, out.text.String())
		}
	}
}

// TestOperate goes the way of an operator through a night.
func TestOperate(t *testing.T) {
	t.Parallel()
	syncNode := nodetest.Start(t)
	expect := func(args string, code int, wants ...string) {
		t.Helper()
		clitest.Expect(t, Program("1.2.3"), nil, append(strings.Fields(args), "--sync-node", syncNode.URL), code, wants...)
	}
	expect("switch 2", cli.ExitUsage, "--reason is required")
	expect("switch two --reason noise", cli.ExitUsage, "two: must be a source's number")
	expect("switch 2 --reason noise --by M.Tester", cli.ExitOK, "source 2 is active since 20", time.Now().Local().Format(" -07:00")+"\n")
	expect("switch 22 --reason typo --by M.Tester", cli.ExitFailed, "number", "must be a source that a setting, a name or a record knows", "Use --force to activate source 22 nevertheless")
	expect("switch 1 --reason calm --by M.Tester --pin", cli.ExitOK, "source 1 is active since", "pinned")
	expect("switch 2 --reason noise --by M.Tester", cli.ExitFailed, "--pin", "release")
	expect("release --reason done --by M.Tester", cli.ExitOK, "source 1 is active")
	expect("release --reason again", cli.ExitOK, "source 1 is active")
	expect("maintenance 2 on --reason fan --by M.Tester", cli.ExitOK, "maintenance of source 2 is on")
	expect("maintenance 2 perhaps --reason fan", cli.ExitUsage, "perhaps: must be on or off")
	expect("maintenance 2", cli.ExitUsage, "2 arg")

	expect("switch 22 --force --reason line --by M.Tester", cli.ExitOK, "source 22 is active since", "nothing knows it")
	list := syncNode.Activations(t)[1:]
	if len(list) != 3 || list[0].Source != 1 || list[0].Pinned || !list[1].Pinned || list[2].By != "M.Tester" || list[2].Reason != "noise" {
		t.Errorf("the history is %+v", list)
	}
	m, err := syncNode.DB.Maintenances(t.Context())
	if err != nil || len(m) != 1 || m[0].Source != 2 || !m[0].On || m[0].By != "M.Tester" || m[0].Reason != "fan" {
		t.Errorf("maintenance is %+v (%v)", m, err)
	}
	if code, _, errOut := run(t, "switch", "2", "--reason", "x", "--sync-node", "http://127.0.0.1:1"); code != cli.ExitFailed || !strings.Contains(errOut, "127.0.0.1:1") {
		t.Errorf("without a sync node: %d %s", code, errOut)
	}
}

// TestTokenFile: a token is sent if a file holds one.
func TestTokenFile(t *testing.T) {
	t.Parallel()
	sent := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sent <- r.Header.Get("Authorization") }))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("sixteen-or-more-characters\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "status", "--monitor", server.URL, "--token-file", file)
	if got := <-sent; got != "Bearer sixteen-or-more-characters" {
		t.Errorf("sent %q", got)
	}
	for _, content := range []string{"a b", ""} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if content == "" {
			file = filepath.Join(t.TempDir(), "none")
		}
		if code, _, errOut := run(t, "status", "--monitor", server.URL, "--token-file", file); code != exitUnknown || !strings.Contains(errOut, "token") {
			t.Errorf("%q: %d %s", content, code, errOut)
		}
	}
}
