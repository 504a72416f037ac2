package handler

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/stationtime"
)

// A time has six digits of a fraction or none in every answer, whatever was
// sent.
func TestAPI_stamps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sent, written string }{
		{"2026-11-29 10:21:00", "2026-11-29T10:21:00+01:00"},
		{"2026-11-29 10:21:00.0", "2026-11-29T10:21:00+01:00"},
		{"2026-11-29 10:21:00.000001", "2026-11-29T10:21:00.000001+01:00"},
		{"2026-11-29 10:21:00.1", "2026-11-29T10:21:00.100000+01:00"},
		{"2026-11-29 10:21:00.12", "2026-11-29T10:21:00.120000+01:00"},
		{"2026-11-29 10:21:00.123", "2026-11-29T10:21:00.123000+01:00"},
		{"2026-11-29 10:21:00.1234", "2026-11-29T10:21:00.123400+01:00"},
		{"2026-11-29 10:21:00.12345", "2026-11-29T10:21:00.123450+01:00"},
		{"2026-11-29 10:21:00.123456", "2026-11-29T10:21:00.123456+01:00"},
	} {
		t.Run(c.sent, func(t *testing.T) {
			t.Parallel()
			s := newSyncNode(t)
			read, err := s.api.Zone.Parse(c.sent, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			now := read.Time.Add(time.Second)
			s.api.Now = func() time.Time { return now }
			s.own.Now = s.api.Now
			s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"log_source": 2, "track_start": "2026-11-29 10:20:00.5", "track_title": "a"}`)
			s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections",
				`{"kind": "amend", "by": "a", "reason": "b", "changes": {"track_start": "`+c.sent+`"}}`)
			s.do(http.StatusNoContent, http.MethodPut, "/source/health/2", `{"log_time": "`+c.sent+`", "is_healthy": true}`)
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", `{"at": "`+c.sent+`"}`)
			s.do(http.StatusNoContent, http.MethodPut, "/source/maintenance/1", `{"on": true}`)
			s.do(http.StatusNoContent, http.MethodPut, "/clock", `{"engine_source": 2, "current_timeslot": {"timeslot_start": "`+c.sent+`"}}`)
			for _, path := range []string{
				"/trackservice", "/trackservice/1", "/trackservice/day/2026-11-29", "/playlog", "/playlog?source=all", "/playlog/1", "/playlog/1/corrections",
				"/source/health/2?limit=1", "/source/active", "/source/history", "/source/maintenance", "/clock",
				"/report/2026-11", "/report/2026-11?format=csv", "/report/2026-11?format=xlsx", "/sync/records?source=2", "/sync/records?source=2&kind=healths", "/sync/activations", "/sync/digests?source=2",
			} {
				body := unpacked(t, s.do(http.StatusOK, http.MethodGet, path, "").Body.Bytes())
				written := c.written
				if strings.HasPrefix(path, "/sync/") {
					written = stationtime.UTC(read.Time).String()
				}
				if !strings.Contains(body, written) && path != "/source/maintenance" && path != "/sync/digests?source=2" {
					t.Errorf("%s: no %s in %s", path, written, body)
				}
				// What the engine sent stays as it came, so a space stays a space.
				for _, time := range anyTime.FindAllString(body, -1) {
					if !stamp.MatchString(time) {
						t.Errorf("%s: %s has other digits than six or none", path, time)
					}
				}
			}
		})
	}
}

var (
	anyTime = regexp.MustCompile(`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d*)?(Z|[+-]\d{2}:\d{2})?`)
	stamp   = regexp.MustCompile(`^.{19}(\.\d{6})?[+-]\d{2}:\d{2}$`)
)

// unpacked is what a workbook holds; any other body stays as it is.
func unpacked(t *testing.T, body []byte) string {
	t.Helper()
	files, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return string(body)
	}
	var all strings.Builder
	for _, f := range files.File {
		if !strings.HasPrefix(f.Name, "xl/worksheets/") {
			continue // the workbook's own times are written by the library
		}
		r, err := f.Open()
		if err == nil {
			_, err = io.Copy(&all, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// The server's time is finer than what is written.
func TestAPI_GetClock_serverTime(t *testing.T) {
	t.Parallel()
	s := newStation(t, func(a *API) {
		a.Now = func() time.Time { return time.Date(2026, 11, 29, 9, 21, 0, 123456789, time.UTC) }
	})
	var c struct {
		ServerTime string `json:"server_time"`
	}
	read(t, s.do(http.StatusOK, http.MethodGet, "/clock", ""), &c)
	if want := "2026-11-29T10:21:00.123456+01:00"; c.ServerTime != want {
		t.Errorf("server_time is %s, want %s", c.ServerTime, want)
	}
}

// The monitor's status is written as the other answers are.
func TestMonitor_stamps(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(api.MonitorStatus{Now: stationtime.UTC(time.Date(2026, 11, 29, 9, 21, 0, 120000009, time.UTC))})
	if err != nil || !bytes.Contains(body, []byte(`"now":"2026-11-29T09:21:00.120000+00:00"`)) {
		t.Errorf("got %s, %v", body, err)
	}
}
