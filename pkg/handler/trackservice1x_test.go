package handler

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
)

// website asks as a website of AURA 1.x does.
func (s *station) website(query string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := httpservertest.Do(s.http, http.MethodGet, "/engine/api/v1/playlog"+query, "")
	if w.Code/100 != 2 {
		s.t.Fatalf("%s: %d %s", query, w.Code, w.Body)
	}
	return w
}

// shown are the titles of a list, oldest first, in brackets if it is fallback.
func shown(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var list []api.Track1x
	read(t, w, &list)
	var titles []string
	for _, track := range slices.Backward(list) {
		title := track.TrackTitle
		if track.PlayoutStatus != nil {
			title = "(" + title + ")"
		}
		titles = append(titles, title)
	}
	return strings.Join(titles, " ")
}

func TestAPI_ListTracks1x(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...func(*API)) *station{"EngineAPI": newStation, "SyncNode": newSyncNode} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, at(t, "2020-06-27T12:00:00Z"))
			for i, body := range []string{
				`{"track_start": "2020-06-27 13:00:00", "log_source": 1, "track_artist": "a", "track_title": "song"}`,
				`{"track_start": "2020-06-27 13:10:00", "log_source": 1, "show_name": "Live"}`,
				`{"track_start": "2020-06-27 13:20:00", "log_source": 1, "track_title": "own", "show_name": "Fallback"}`,
				`{"track_start": "2020-06-27 13:30:00", "log_source": 1, "track_artist": "b"}`,
				`{"track_start": "2020-06-27 13:40:00", "log_source": 1, "track_title": "misheard", "show_name": "Talk"}`,
				`{"track_start": "2020-06-27 15:00:00", "log_source": 1, "track_title": "future"}`,
			} {
				s.setNow(fmt.Sprintf("2020-06-27T11:%d0:00Z", i)) // each arrives when it starts
				s.do(http.StatusNoContent, http.MethodPost, "/playlog", body)
			}
			s.setNow("2020-06-27T12:00:00Z")
			s.do(http.StatusCreated, http.MethodPost, "/playlog/5/corrections",
				`{"kind": "amend", "by": "M. Tester", "reason": "test", "changes": {"track_title": ""}}`)
			for query, want := range map[string]string{
				"":                                      "song Live (own)  Talk",
				"?limit=2":                              " Talk",
				"?containsMusic=true&limit=&offset=":    "song (own) ",
				"?containsMusic=true&limit=1&offset=1":  "(own)",
				"?containsMusic=false&limit=1&offset=1": "",
			} {
				w := s.website(query)
				if got := shown(t, w); got != want {
					t.Errorf("%s: shows %q, want %q", query, got, want)
				}
				wantTotal := "5"
				if strings.Contains(query, "true") {
					wantTotal = ""
				}
				if total := w.Header().Get("X-Total-Count"); total != wantTotal {
					t.Errorf("%s: %q in total, want %q", query, total, wantTotal)
				}
			}
			// The next page of music follows the Link header.
			if w := httpservertest.Do(s.http, http.MethodGet, "/engine/api/v1/playlog?containsMusic=true&offset=5001", ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"offset"`) {
				t.Errorf("too deep: %d %s", w.Code, w.Body)
			}
			s.website("?offset=5001")
			link := s.website("?containsMusic=true&limit=1").Header().Get("Link")
			for _, m := range linkPattern.FindAllStringSubmatch(link, -1) {
				if got := shown(t, s.website(m[1])); m[2] == "next" && got != "(own)" {
					t.Errorf("%s shows %q", m[1], got)
				}
			}
		})
	}
}

// TestAPI_ListTracks1x_rare: however long ago the last track with a name was played, an
// answer looks at so many tracks only. The Link header leads to all of them, each once.
func TestAPI_ListTracks1x_rare(t *testing.T) {
	t.Parallel()
	const searched, tracks = 400, 500
	named := map[int]string{0: "oldest", 50: "old", tracks - 10: "new"}
	begin := time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC)
	s := newSyncNode(t, func(a *API) {
		a.Now = func() time.Time { return begin.Add(tracks * 10 * time.Second) }
		a.searched = searched
	})
	records := make([]model.Record, tracks)
	for i := range records {
		records[i].Entry = model.Entry{LogSource: 1, TrackStart: begin.Add(time.Duration(i) * 10 * time.Second), ShowName: "Live", Title: named[i]}
		records[i].Normalize()
	}
	if _, err := s.db.Absorb(t.Context(), records, true); err != nil {
		t.Fatal(err)
	}
	query := "?containsMusic=true&limit=2"
	for i, want := range []string{"new", "oldest old"} {
		answer := s.website(query)
		if got := shown(t, answer); got != want {
			t.Errorf("%s shows %q, want %q", query, got, want)
		}
		query = ""
		for _, m := range linkPattern.FindAllStringSubmatch(answer.Header().Get("Link"), -1) {
			if m[2] == "next" {
				query = m[1]
			}
		}
		if isLast := i == 1; (query == "") != isLast {
			t.Fatalf("after page %d follows %q", i, query)
		}
	}
	behind := s.website("?containsMusic=true&limit=2&offset=1")
	if got, link := shown(t, behind), behind.Header().Get("Link"); got != "" || strings.Contains(link, "next") {
		t.Errorf("behind all that was looked at: %q, %s", got, link)
	}
}

// TestTrack1x: every field arrives under its name.
func TestTrack1x(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	start := time.Now().Truncate(time.Second).Add(-time.Second)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+start.UTC().Format(time.RFC3339)+`", "track_artist": "a", "track_album": "b",
		"track_title": "c", "track_duration": 61.5, "track_type": 1, "track_num": 2, "media_id": 3, "timeslot_id": "4", "show_id": 5, "show_name": "d", "log_source": 6}`)
	want := map[string]any{
		"id": 1.0, "trackStart": s.api.Zone.Stamp(start).String(), "trackArtist": "a", "trackAlbum": "b", "trackTitle": "c", "trackDuration": 61.5,
		"trackType": 1.0, "trackNum": 2.0, "mediaId": 3.0, "timeslotId": 4.0, "showId": 5.0, "showName": "d", "logSource": 6.0, "playoutStatus": nil,
	}
	var got map[string]any
	read(t, s.website("/current"), &got)
	if a, b := encoded(t, got), encoded(t, want); a != b {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

func TestAPI_GetCurrentTrack1x(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	if w := s.website("/current"); w.Code != http.StatusNoContent {
		t.Errorf("with nothing to show: %d %s", w.Code, w.Body)
	}
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(time.Minute)+`", "show_name": "Live"}`)
	var current api.Track1x
	read(t, s.website("/current"), &current)
	if current.TrackTitle != "Live" || current.TrackArtist != "" {
		t.Errorf("a show without a title is shown as %+v", current)
	}
}

// TestShowOnly: a play that names only a show is stored as it was sent, and
// listeners see the show's name.
func TestShowOnly(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(time.Minute)+`", "show_name": "Live"}`)
	full := get[[]api.PlaylogEntry](s, "/playlog")
	if len(full) != 1 || full[0].TrackTitle != "" || full[0].ShowName != "Live" {
		t.Errorf("stored as %+v", full)
	}
	for _, track := range []api.Track{get[api.Track](s, "/trackservice/current"), get[api.Track](s, "/trackservice/1"), get[[]api.Track](s, "/trackservice")[0]} {
		if track.TrackTitle != "Live" || track.ShowName != "Live" {
			t.Errorf("shown as %+v", track)
		}
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
