package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestEngine2025: what a recorded engine of 2025 sent in six minutes is sent once
// more, as it is, with its times moved to now. Everything is answered 204 and
// stored.
func TestEngine2025(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]string{
		"SQLite":  "sqlite://" + filepath.Join(t.TempDir(), "engine-api.db"),
		"MariaDB": privateMariaDB(t).CommonURL(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := launch(t, t.TempDir(), "engine-api", database, "AURA_DB_AUTO_MIGRATE=true", "AURA_STATION_TIMEZONE=UTC")
			defer func() { s.end(t) }()
			awaitReady(t, s.url, s.exited)
			titles, reports := sendRecording(t, s.url)

			var stored []struct {
				Title string `json:"track_title"`
				Show  string `json:"show_name"`
			}
			if _, err := read(t.Context(), s.url+"/api/v1/playlog?limit=50", &stored); err != nil {
				t.Fatal(err)
			}
			for _, e := range stored {
				delete(titles, e.Title+" of "+e.Show)
			}
			if len(titles) > 0 {
				t.Errorf("of what was acknowledged, these are missing: %v", titles)
			}
			var health struct {
				Healthy bool `json:"is_healthy"`
			}
			if _, err := read(t.Context(), s.url+"/api/v1/source/health/1", &health); err != nil {
				t.Fatal(err)
			}
			if !health.Healthy || reports == 0 {
				t.Errorf("of %d reports is left %+v", reports, health)
			}
		})
	}
}

// sentLine is one request of the recording: see pkg/handler's test.
type sentLine struct {
	AtMS   int64          `json:"at_ms"`
	Path   string         `json:"path"`
	StartS *float64       `json:"start_s"`
	Body   map[string]any `json:"body"`
}

// recording is what the engine sent, as if its programme began then in that zone.
// A report of health says that it was made on its arrival.
func recording(t *testing.T, begin time.Time, arrival func(sentLine) time.Time) (lines []sentLine) {
	t.Helper()
	file, err := os.Open("../../pkg/handler/testdata/engine-2025.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for scan := bufio.NewScanner(file); scan.Scan(); {
		var line sentLine
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		switch {
		case line.Path != "/playlog":
			line.Body["logTime"] = arrival(line).In(begin.Location()).Format("2006-01-02 15:04:05.000")
		case line.StartS != nil:
			line.Body["trackStart"] = begin.Add(time.Duration(*line.StartS * float64(time.Second))).Format("2006-01-02T15:04:05")
		default:
			line.Body["trackStart"] = "1970-01-01T01:00:00"
		}
		lines = append(lines, line)
	}
	return lines
}

// sendRecording sends the recording, and returns which titles of which shows were
// in it, and how many reports of health.
func sendRecording(t *testing.T, url string) (titles map[string]bool, reports int) {
	t.Helper()
	titles = map[string]bool{}
	begin := time.Now().UTC().Truncate(time.Second).Add(-6 * time.Minute)
	for _, line := range recording(t, begin, func(sentLine) time.Time { return time.Now() }) {
		if line.Path == "/playlog" {
			titles[line.Body["trackTitle"].(string)+" of "+line.Body["showName"].(string)] = true
		} else {
			reports++
		}
		body, err := json.Marshal(line.Body)
		if err != nil {
			t.Fatal(err)
		}
		status, answer, err := call(t.Context(), http.MethodPost, url+"/engine/api/v1"+line.Path, string(body))
		if err != nil || status != http.StatusNoContent {
			t.Errorf("%s %s is answered %d %s, %v", line.Path, body, status, answer, err)
		}
	}
	return titles, reports
}
