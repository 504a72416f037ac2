package handler

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
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
			"/report/2020-13":            "year_month",
			"/report/june":               "year_month (path)",
			"/report/2020-06?format=pdf": "format (query)",
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
