package handler

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
)

const firstCall = `{ "track_start": "2020-06-27 19:14:00", "track_artist": "Mazzie Star", "track_title": "Fade Into You", "log_source": 1 }`

func TestAPI_StorePlaylog(t *testing.T) {
	t.Parallel()

	t.Run("FirstCall", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		w := s.do(http.StatusNoContent, http.MethodPost, "/playlog/store", firstCall)
		if w.Body.Len() > 0 {
			t.Errorf("answered with a body: %s", w.Body)
		}
		current := get[api.Track](s, "/trackservice/current")
		if current.TrackArtist != "Mazzie Star" || current.TrackStart.Format(time.RFC3339) != "2020-06-27T19:14:00+02:00" {
			t.Errorf("current is %+v", current)
		}
	})

	t.Run("Repeated", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		for _, path := range []string{"/playlog/store", "/playlog", "/playlog/", "/playlog/store/"} {
			s.do(http.StatusNoContent, http.MethodPost, path, firstCall)
		}
		more := strings.Replace(firstCall, "}", `, "track_duration": "293", "show_name": "Nachtlicht", "show_id": 4, "track_album": ""}`, 1)
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", more)
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", firstCall)
		list := get[[]api.PlaylogEntry](s, "/playlog")
		if len(list) != 1 || *list[0].TrackDuration != 293 || list[0].ShowName != "Nachtlicht" || *list[0].ShowId != 4 {
			t.Errorf("stored %+v, want one entry with all that is known", list)
		}
	})

	t.Run("Cut", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.play("2020-06-27 19:14:00", strings.Repeat("🎵", 300))
		if got := get[api.Track](s, "/trackservice/1").TrackTitle; got != strings.Repeat("🎵", 256) {
			t.Errorf("title has %d characters", len([]rune(got)))
		}
	})

	t.Run("Invalid", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		for body, want := range map[string]string{
			`{}`:                                  "body",
			`{"track_start": ""}`:                 "body",
			`{"track_start": "2020-02-30 10:00"}`: "body",
			`{"track_title": [], "track_num": "many", "track_type": 0.5, "show_id": {}}`: "body",
		} {
			if got := s.refused(http.StatusBadRequest, http.MethodPost, "/playlog", body); got != want {
				t.Errorf("%s names %q, want %q", body, got, want)
			}
		}
		if w := s.do(http.StatusOK, http.MethodGet, "/playlog", ""); strings.TrimSpace(w.Body.String()) != "[]" {
			t.Errorf("stored %s", w.Body)
		}
	})

	t.Run("RepeatedHour", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2026-10-25T00:31:00Z"))
		s.play("2026-10-25 02:30:00", "first")
		later := moment(t, "2026-10-25T01:31:00Z")
		s.api.Now = func() time.Time { return later }
		s.play("2026-10-25 02:30:00", "first") // repeated after the clocks went back
		s.play("2026-10-25 02:30:00", "second")
		var got []string
		for _, e := range get[[]api.PlaylogEntry](s, "/playlog") {
			got = append(got, e.TrackTitle+" "+e.TrackStart.Format(time.RFC3339))
		}
		if want := "second 2026-10-25T02:30:00+01:00, first 2026-10-25T02:30:00+02:00"; strings.Join(got, ", ") != want {
			t.Errorf("log is %v, want %s", got, want)
		}
	})
}

func TestAPI_GetPlaylogEntry(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", firstCall)
	e := get[api.PlaylogEntry](s, "/playlog/1")
	if e.TrackArtist != "Mazzie Star" || len(e.Fingerprint) != 32 || e.TrackDuration != nil || e.ShowId != nil || e.IsCorrected || e.IsVoid {
		t.Errorf("got %+v", e)
	}
	s.refused(http.StatusNotFound, http.MethodGet, "/playlog/2", "")
	s.refused(http.StatusBadRequest, http.MethodGet, "/playlog/none", "")
}

// A day that is asked for to its last second ends with the fraction of it.
func TestAPI_ListPlaylog_lastSecond(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-06-28T00:00:00Z"))
	s.play("2020-06-27 23:59:59.5", "last")
	s.play("2020-06-28 00:00:00.5", "next day") // what is heard for less than a second is no play
	for _, path := range []string{"/playlog", "/trackservice"} {
		for _, end := range []string{"2020-06-27T23:59:59", "2020-06-27T23:59:59%2B02:00", "2020-06-27%2023:59"} {
			if list := get[[]api.Track](s, path+"?from_date=2020-06-27&to_date="+end); titlesOf(list) != "last" {
				t.Errorf("%s until %s: got %s", path, end, titlesOf(list))
			}
		}
	}
}

func TestAPI_ListPlaylog(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-06-28T00:00:00Z"))
	s.play("2020-06-27 10:00:00", "a")
	s.play("2020-06-27 11:00:00", "b")
	s.play("2020-06-27 12:00:00", "c")
	for query, want := range map[string]string{
		"":                                                     "c b a",
		"?from_date=2020-06-27T11:00":                          "c b",
		"?from_date=2020-06-27T11:00:00%2B02:00":               "c b",
		"?from_date=2020-06-27T11:00:00+02:00":                 "c b",
		"?to_date=2020-06-27T11:00:00":                         "b a",
		"?from_date=2020-06-27&to_date=2020-06-27":             "c b a",
		"?from_date=2020-06-28":                                "",
		"?from_date=2020-06-27T12:00&to_date=2020-06-27T11:00": "",
		"?to_date=0001-01-01":                                  "",
		"?from_date=9999-12-31":                                "",
		"?skip_synced=true":                                    "c b a",
		"?page=1&limit=2":                                      "a",
		"?page=7":                                              "",
		"?offset=1":                                            "b a",
		"?offset=1&limit=1":                                    "b",
		"?offset=2&limit=2&page=1":                             "a", // both say the same
		"?offset=7":                                            "",
		"?fromDate=2020-06-27T11:00":                           "c b",
		"?start=2020-06-27T11:00&end=2020-06-27T11:00":         "b",
		"?toDate=2020-06-27T11:00:00":                          "b a",
		"?to_date=2020-06-27T11:00:00&end=2020-06-27T11:00:00": "b a",
		"?fromDate=&start=2020-06-27T12:00":                    "c",
		"?containsMusic=true&limit=2&offset=1":                 "b a",
	} {
		var got []string
		for _, e := range get[[]api.PlaylogEntry](s, "/playlog"+query) {
			got = append(got, e.TrackTitle)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"?from_date=soon":                        "from_date",
		"?to_date=2020-13-01":                    "to_date",
		"?after=x&from_date=y&to_date=z":         "after from_date to_date",
		"?limit=0":                               "limit (query)",
		"?limit=1001":                            "limit (query)",
		"?page=-1":                               "page (query)",
		"?offset=-1":                             "offset (query)",
		"?offset=1&page=1":                       "offset",
		"?fromDate=soon":                         "from_date",
		"?from_date=2020-06-27&start=2020-06-28": "from_date (query)",
		"?fromDate=2020-06-27&start=2020-06-28&to_date=2020-06-27&toDate=2020-06-26": "from_date (query) to_date (query)",
		"?start=2020-06-27&start=2020-06-27":                                         "from_date (query)", // twice
	} {
		if got := s.refused(http.StatusBadRequest, http.MethodGet, "/playlog"+query, ""); got != want {
			t.Errorf("%s names %q, want %q", query, got, want)
		}
	}
}
