package httpservertest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
)

// Play is an entry as engines send it.
const Play = `{"track_start": "2020-06-27 19:14:00", "track_artist": "Mazzie Star", "track_title": "Fade Into You", "log_source": 1}`

// Endpoint is an operation of the contract with a good request.
type Endpoint struct{ ID, Method, Path, Body string }

// Endpoints lists every operation of the contract.
func Endpoints() []Endpoint {
	return []Endpoint{
		{"listTracks", "GET", "/api/v1/trackservice", ""},
		{"getCurrentTrack", "GET", "/api/v1/trackservice/current", ""},
		{"streamTracks", "GET", "/api/v1/trackservice/stream", ""},
		{"listTopTitles", "GET", "/api/v1/trackservice/top?from_date=2020-06-01&to_date=2020-06-30&new=true&limit=10", ""},
		{"listTitles", "GET", "/api/v1/titles?q=fade+into", ""},
		{"getTitle", "GET", "/api/v1/titles/230fcac19728ece1", ""},
		{"listTracksOfDay", "GET", "/api/v1/trackservice/day/2020-06-27", ""},
		{"listChapters", "GET", "/api/v1/trackservice/chapters?from=2020-06-27T19:00&to=2020-06-27T20:00", ""},
		{"getTrack", "GET", "/api/v1/trackservice/1", ""},
		{"listTracks1x", "GET", "/engine/api/v1/playlog?containsMusic=true&limit=10&offset=0", ""},
		{"getCurrentTrack1x", "GET", "/engine/api/v1/playlog/current", ""},
		{"listNowPlaying", "GET", "/api/nowplaying", ""},
		{"getNowPlaying", "GET", "/api/nowplaying/aura", ""},
		{"getNowPlayingFile", "GET", "/api/nowplaying_static/aura.json", ""},
		{"streamNowPlaying", "GET", "/api/live/nowplaying/sse?cf_connect=%7B%22subs%22%3A%7B%22station%3Aaura%22%3A%7B%22recover%22%3Atrue%7D%7D%7D", ""},
		{"getLiveInfo", "GET", "/api/live-info?type=interval&limit=5", ""},
		{"getLiveInfoV2", "GET", "/api/live-info-v2?days=2&shows=600000000&timezone=Europe%2FVienna", ""},
		{"getNowPlayingLine", "GET", "/nowplaying.txt", ""},
		{"getNowPlayingFlat", "GET", "/nowplaying.json", ""},
		{"getFeed", "GET", "/feed.xml", ""},
		{"streamRadioDNSOnFM", "GET", "/radiodns/push/1.0/fm/ce1/c201/09710", ""},
		{"streamRadioDNSOnDAB", "GET", "/radiodns/push/1.0/dab/ce1/c185/c181/0", ""},
		{"getOEmbed", "GET", "/oembed?url=https%3A%2F%2Fradio.example%2F&maxwidth=400&format=json", ""},
		{"listPlaylog", "GET", "/api/v1/playlog", ""},
		{"storePlaylog", "POST", "/api/v1/playlog", Play},
		{"storePlaylogOlderPath", "POST", "/api/v1/playlog/store", Play},
		{"logMissedEntry", "POST", "/api/v1/playlog/corrections", `{"by": "M. Tester", "reason": "was live", "entry": ` + Play + `}`},
		{"getPlaylogEntry", "GET", "/api/v1/playlog/1", ""},
		{"listCorrections", "GET", "/api/v1/playlog/1/corrections", ""},
		{"correctEntry", "POST", "/api/v1/playlog/1/corrections", `{"kind": "void", "by": "M. Tester", "reason": "test of the line"}`},
		{"getReport", "GET", "/api/v1/report/2020-06", ""},
		{"listHoles", "GET", "/api/v1/report/2020-06/holes", ""},
		{"getReportOfDays", "GET", "/api/v1/report?from=2020-06-27&to=2020-07-03", ""},
		{"listHolesOfDays", "GET", "/api/v1/report/holes?from=2020-06-27&to=2020-07-03", ""},
		{"getActiveSource", "GET", "/api/v1/source/active", ""},
		{"activateSource", "PUT", "/api/v1/source/active/1", ""},
		{"activateSourceByPost", "POST", "/api/v1/source/active/1", `{"reason": "test"}`},
		{"listActivations", "GET", "/api/v1/source/history", ""},
		{"getHealth", "GET", "/api/v1/source/health/1", ""},
		{"storeHealth", "PUT", "/api/v1/source/health/1", `{"is_healthy": true}`},
		{"storeHealthByPost", "POST", "/api/v1/source/health/1", `{"is_healthy": "False", "log_time": null, "details": {"a": 1}}`},
		{"getLife", "GET", "/api/v1/source/life/1", ""},
		{"getClock", "GET", "/api/v1/clock", ""},
		{"storeClock", "PUT", "/api/v1/clock", `{"engine_source": 1}`},
		{"storeClockByPost", "POST", "/api/v1/clock", `{}`},
		{"emptyClock", "DELETE", "/api/v1/clock?engine_source=1", ""},
		{"getLease", "GET", "/api/v1/source/lease", ""},
		{"acquireLease", "PUT", "/api/v1/source/lease", `{"holder": "monitor on host 3", "seconds": 10}`},
		{"releaseLease", "DELETE", "/api/v1/source/lease?holder=monitor+on+host+3", ""},
		{"listMaintenance", "GET", "/api/v1/source/maintenance", ""},
		{"setMaintenance", "PUT", "/api/v1/source/maintenance/1", `{"on": true, "by": "M. Tester", "reason": "new disk"}`},
		{"setMaintenanceByPost", "POST", "/api/v1/source/maintenance/1", `{"on": false}`},
		{"getMonitorStatus", "GET", "/api/v1/status", ""},
		{"getSyncState", "GET", "/api/v1/sync/state", ""},
		{"listDigests", "GET", "/api/v1/sync/digests?source=1&span=day&from=2020-06-27T00:00:00Z", ""},
		{"listSyncRecords", "GET", "/api/v1/sync/records?source=1&limit=1000", ""},
		{"storeSyncRecords", "POST", "/api/v1/sync/records", `{"records": [{"log_source": 1, "track_start": "2020-06-27T17:14:00Z"}], "synced": true}`},
		{"listSyncActivations", "GET", "/api/v1/sync/activations?after=-3&limit=1000", ""},
		{"listSyncRules", "GET", "/api/v1/sync/rules", ""},
		{"listSyncPurges", "GET", "/api/v1/sync/purges", ""},
		{"runReconcile", "POST", "/api/v1/sync/run", ""},
	}
}

// CheckService sends a good request to each operation of the contract. The
// service must answer its own operations without a failure of its own.
// Operations of other services must not exist. url is where the service
// listens.
func CheckService(t *testing.T, service, url string) {
	t.Helper()
	services := servedBy(t)
	served := 0
	for _, e := range Endpoints() {
		status, body := ask(t, e, nil, url)
		exists := status != http.StatusNotFound || !strings.Contains(body, unknownPath)
		switch isOwn := slices.Contains(services[strings.ToLower(e.ID)], service); {
		case !isOwn && exists:
			t.Errorf("%s is none of %s, and is answered %d %s", e.ID, service, status, body)
		case isOwn && (!exists || status >= http.StatusInternalServerError):
			t.Errorf("%s is answered %d %s", e.ID, status, body)
		case isOwn:
			served++
		}
	}
	if served == 0 {
		t.Errorf("%s serves no operation", service)
	}
}

// unknownPath is the answer's text if the operation does not exist at all, as
// opposed to a missing record.
const unknownPath = "This path does not exist here."

// ask returns no body of a stream of events, which has no end.
func ask(t *testing.T, e Endpoint, header http.Header, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), e.Method, url+e.Path, strings.NewReader(e.Body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	if e.Body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", e.ID, err)
	}
	defer answer.Body.Close()
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		return answer.StatusCode, ""
	}
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s: %v", e.ID, err)
	}
	return answer.StatusCode, string(all)
}

// servedBy maps each operation, by its id in lower case, to its services.
func servedBy(t *testing.T) map[string][]string {
	t.Helper()
	doc, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	services := map[string][]string{}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			list, _ := op.Extensions["x-served-by"].([]any)
			for _, name := range list {
				id := strings.ToLower(op.OperationID)
				services[id] = append(services[id], fmt.Sprint(name))
			}
		}
	}
	return services
}
