package handler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/report"
)

func TestAPI_GetReport(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-07-15T00:00:00Z"))
		s.play("2020-05-31 23:59:59", "may")
		s.play("2020-06-01 00:00:00", "first")
		s.play("2020-06-30 23:59:59", "last")
		s.play("2020-07-01 00:00:00", "july")
		s.do(http.StatusCreated, http.MethodPost, "/playlog/2/corrections",
			`{"kind": "amend", "by": "a", "reason": "b", "changes": {"track_title": "amended"}}`)
		for query, want := range map[string]struct{ mime, disposition string }{
			"":                        {"application/json", `inline; filename="aura-report-2020-06.json"`},
			"?format=csv":             {"text/csv; charset=utf-8", `attachment; filename="aura-report-2020-06.csv"`},
			"?format=csv&part=titles": {"text/csv; charset=utf-8", `attachment; filename="aura-report-2020-06-titles.csv"`},
			"?format=xlsx":            {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", `attachment; filename="aura-report-2020-06.xlsx"`},
		} {
			w := s.do(http.StatusOK, http.MethodGet, "/report/2020_06"+query, "")
			if got := w.Header().Get("Content-Type"); got != want.mime {
				t.Errorf("%s: type is %s, want %s", query, got, want.mime)
			}
			if got := w.Header().Get("Content-Disposition"); got != want.disposition {
				t.Errorf("%s: disposition is %s, want %s", query, got, want.disposition)
			}
			if body := w.Body.String(); want.mime[:4] != "appl" && (!strings.Contains(body, "amended") || strings.Contains(body, "july")) {
				t.Errorf("%s: got %s", query, body)
			}
		}
		r := get[api.Report](s, "/report/2020-06")
		if len(r.Plays) != 2 || r.Plays[0].TrackTitle != "amended" || r.Plays[1].TrackTitle != "last" || r.TimeZone != "Europe/Vienna" {
			t.Errorf("got %+v", r)
		}
	})

	t.Run("Invalid", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		for path, want := range map[string]string{
			"/report/2020-13":                             "period",
			"/report/june/holes":                          "period",
			"/report/2021-W53":                            "period",
			"/report/2020-06?format=pdf":                  "format (query)",
			"/report/2020-06?formulas=no":                 "formulas (query)",
			"/report/2020-06?part=holes":                  "part (query)",
			"/report/2020-06/holes?format=xlsx":           "format (query)",
			"/report?from=2020-06-01":                     "to (query)",
			"/report/holes?to=2020-06-01":                 "from (query)",
			"/report?from=june&to=july":                   "from (query) to (query)",
			"/report?from=2020-02-30&to=2020-06-31":       "from to",
			"/report?from=2020-06-02&to=2020-06-01":       "to",
			"/report/holes?from=2010-01-01&to=2020-01-01": "to",
		} {
			if got := s.refused(http.StatusBadRequest, http.MethodGet, path, ""); got != want {
				t.Errorf("%s names %q, want %q", path, got, want)
			}
		}
	})

	t.Run("Unavailable", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, failingAfter(0))
		w := s.do(http.StatusServiceUnavailable, http.MethodGet, "/report/2020-06", "")
		if w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Content-Disposition") != "" {
			t.Errorf("headers are %v", w.Header())
		}
	})

	// Two reports are made at once, eight wait, and nobody else may.
	t.Run("QueueFull", func(t *testing.T) {
		t.Parallel()
		begun, goOn := make(chan struct{}, 20), make(chan struct{})
		s := newStation(t, func(a *API) {
			a.Plays = func(report.Period, time.Time) report.Plays {
				return func(context.Context, func(report.Play) error) error {
					begun <- struct{}{}
					<-goOn
					return nil
				}
			}
		})
		paths := []string{"/report/%d-06", "/report/%d-06?format=xlsx", "/report/%d-06/holes", "/report?from=%d-06-01&to=2030-06-02", "/report/holes?from=%d-06-01&to=2030-06-02"}
		codes := make(chan int, 12)
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				w := httptest.NewRecorder()
				s.http.ServeHTTP(w, httpservertest.Request(http.MethodGet, v1+fmt.Sprintf(paths[i%len(paths)], 2021+i), ""))
				codes <- w.Code
			})
		}
		for range 2 {
			if code := patience.Receive(t, "one too many", codes); code != http.StatusTooManyRequests {
				t.Errorf("answered %d", code)
			}
		}
		for range 2 {
			patience.Receive(t, "a report", begun)
		}
		if len(begun) > 0 {
			t.Error("more than two are made at once")
		}
		if w := s.do(http.StatusTooManyRequests, http.MethodGet, "/report/2020-06", ""); w.Header().Get("Retry-After") == "" || w.Header().Get("Content-Disposition") != "" {
			t.Errorf("headers are %v", w.Header())
		}
		close(goOn)
		all.Wait()
		close(codes)
		for code := range codes {
			if code != http.StatusOK {
				t.Errorf("who waited is answered %d", code)
			}
		}
	})

	// A report that was cut must not look whole to the client.
	t.Run("Cut", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, failingAfter(10_000))
		server := httptest.NewServer(s.http)
		defer server.Close()
		for _, format := range []string{"json", "csv"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+v1+"/report/2020-06?format="+format, nil)
			if err != nil {
				t.Fatal(err)
			}
			w, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(w.Body)
			if w.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("filler")) {
				t.Errorf("%s: answered %d with %d bytes: it did not fail in the middle", format, w.StatusCode, len(body))
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: ended with %v: the client takes %d bytes for the whole", format, err, len(body))
			}
			if err := w.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// No year is one that a database refuses.
func TestAPI_GetReport_anyYear(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*station{
		"SQLite": newStation(t), "MariaDB": newStationOn(t, repotest.KindMariaDB), "sync-node": newSyncNode(t),
	} {
		for _, path := range []string{"/report/0000", "/report/0001-W01", "/report/1969", "/report/9999-12", "/report/9999/holes", "/report/holes?from=0001-01-01&to=0001-01-01"} {
			if body := s.do(http.StatusOK, http.MethodGet, path, "").Body.String(); strings.Contains(body, "track_start") {
				t.Errorf("%s: %s: %s", name, path, body)
			}
		}
	}
}

func TestAPI_GetReportOfDays(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-11-15T00:00:00Z"))
	s.play("2020-10-23 23:59:59", "before")
	s.play("2020-10-24 00:00:00", "=first")
	s.play("2020-10-25 23:59:59", "last") // 25 hours
	s.play("2020-10-26 00:00:00", "after")
	for path, want := range map[string]string{
		"/report?from=2020-10-24&to=2020-10-25": "=first last",
		"/report?from=2020-10-25&to=2020-10-25": "last",
		"/report/2020-W43":                      "before =first last",
		"/report/2020_Q4":                       "before =first last after",
		"/report/2020":                          "before =first last after",
	} {
		var got []string
		r := get[api.Report](s, path)
		for _, p := range r.Plays {
			got = append(got, p.TrackTitle)
		}
		if strings.Join(got, " ") != want || r.Summary.Plays != int64(len(got)) || r.Month != "" {
			t.Errorf("%s: got %v, %+v", path, got, r.Summary)
		}
	}
	w := s.do(http.StatusOK, http.MethodGet, "/report?from=2020-10-24&to=2020-10-25&format=csv&part=summary", "")
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="aura-report-2020-10-24_2020-10-25-summary.csv"` {
		t.Errorf("the file is %s", got)
	}
	for query, want := range map[string]string{"": ",=first,", "&formulas=exact": ",=first,", "&formulas=guard": ",'=first,"} {
		if body := s.do(http.StatusOK, http.MethodGet, "/report/2020-10?format=csv"+query, "").Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s: no %s in %s", query, want, body)
		}
	}
}

// TestAPI_ListHoles: an outage over midnight, on an engine-api and on the sync
// node, and the report's summary of it.
func TestAPI_ListHoles(t *testing.T) {
	t.Parallel()
	now := at(t, "2020-06-28T12:00:00Z")
	for name, s := range map[string]*station{
		"SQLite": newStation(t, now), "MariaDB": newStationOn(t, repotest.KindMariaDB, now), "sync-node": newSyncNode(t, now),
	} {
		for _, play := range []string{
			`"track_start": "2020-06-27 22:00:00", "track_duration": 5400, "track_artist": "a", "track_title": "one", "timeslot_id": 7`,
			`"track_start": "2020-06-27 23:30:10", "track_duration": 600, "track_artist": "a", "track_title": "two", "timeslot_id": 7, "show_name": "Nachtfahrt"`,
			`"track_start": "2020-06-28 00:20:00", "track_duration": 42000, "track_title": "three"`,
			`"track_start": "2020-06-28 12:00:00", "track_duration": 600, "track_artist": "a", "track_title": "=four"`,
		} {
			s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"log_source": 1, `+play+`}`)
		}
		for path, want := range map[string]string{
			"/report/2020-06/holes":                       "23:30:00 10 one/two of 7, 23:40:10 2390 two/three, 12:10:00 6600 =four/",
			"/report/holes?from=2020-06-27&to=2020-06-27": "23:30:00 10 one/two of 7, 23:40:10 1190 two/three",
			"/report/holes?from=2020-06-28&to=2020-06-28": "00:00:00 1200 two/three, 12:10:00 6600 =four/",
			"/report/holes?from=2020-06-26&to=2020-06-26": "",
			"/report/2020-07/holes":                       "",
		} {
			var got []string
			for _, h := range get[[]api.Hole](s, path) {
				line := fmt.Sprintf("%s %v %s/%s", h.From.Format(time.TimeOnly), h.Seconds, h.BeforeTrackTitle, h.AfterTrackTitle)
				if h.TimeslotId != nil {
					line += fmt.Sprint(" of ", *h.TimeslotId)
				}
				got = append(got, line)
			}
			if strings.Join(got, ", ") != want {
				t.Errorf("%s: %s: got %s, want %s", name, path, strings.Join(got, ", "), want)
			}
		}
		if r := get[api.Report](s, "/report?from=2020-06-28&to=2020-06-28"); r.Summary.Summary != "2 holes, 2 h 10 min; 1 entry without an artist" || r.Totals.Plays != 2 {
			t.Errorf("%s: %+v, %+v", name, r.Summary, r.Totals)
		}
		w := s.do(http.StatusOK, http.MethodGet, "/report/2020-06/holes?format=csv&formulas=guard", "")
		if body := w.Body.String(); w.Header().Get("Content-Disposition") != `attachment; filename="aura-holes-2020-06.csv"` || strings.Count(body, "\n") != 4 || !strings.Contains(body, "'=four") {
			t.Errorf("%s: %v, %s", name, w.Header(), body)
		}
	}
}

// failingAfter makes a report fail after that many plays.
func failingAfter(n int) func(*API) {
	return func(a *API) {
		a.Plays = func(m report.Period, _ time.Time) report.Plays {
			return func(_ context.Context, fn func(report.Play) error) error {
				for range n {
					if err := fn(report.Play{Entry: model.Entry{LogSource: 1, Title: "filler"}, From: m.From, Until: m.From}); err != nil {
						return err
					}
				}
				return model.ErrUnavailable
			}
		}
	}
}
