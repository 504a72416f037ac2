package handler

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

// TestAPI_delay: every read of the track service shows what was right that long ago,
// by what is known now.
func TestAPI_delay(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...func(*API)) *station{"EngineAPI": newStation, "SyncNode": newSyncNode} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			begin := time.Now()
			ago := func(d time.Duration) string { return begin.UTC().Add(-d).Format("2006-01-02T15:04:05.000000Z") }
			for _, play := range []string{
				`"track_start": "` + ago(time.Hour) + `", "track_title": "a", "track_duration": 3000`,
				`"track_start": "` + ago(200*time.Second) + `", "track_title": "mistaken"`,
				`"track_start": "` + ago(50*time.Millisecond-time.Second) + `", "track_title": "c"`, // in a second
			} {
				s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"log_source": 1, `+play+`}`)
			}
			s.do(http.StatusCreated, http.MethodPost, "/playlog/2/corrections", `{"kind": "amend", "by": "M. Tester", "reason": "test", "changes": {"track_title": "b"}}`)
			<-time.After(time.Until(begin.Add(950 * time.Millisecond))) // when c begins

			for query, want := range map[string]string{
				"": "c b a", "?delay=0": "c b a", "?delay=100": "b a", "?delay=100.5": "b a", "?delay=300": "a", "?delay=": "c b a",
			} {
				if got := titlesOf(get[[]api.Track](s, "/trackservice"+query)); got != want {
					t.Errorf("%s: tracks are %s, want %s", query, got, want)
				}
				var list []api.Track1x
				read(t, s.website(query), &list)
				if len(list) != len(strings.Fields(want)) {
					t.Errorf("%s: a website of 1.x is shown %v", query, list)
				}
			}
			for query, want := range map[string]string{"": "c", "?delay=100": "b", "?delay=0.001": "c"} {
				if got := get[api.Track](s, "/trackservice/current"+query).TrackTitle; got != want {
					t.Errorf("%s: %s plays, want %s", query, got, want)
				}
				var track api.Track1x
				read(t, s.website("/current"+query), &track)
				if track.TrackTitle != want {
					t.Errorf("%s: on a website of 1.x %s plays, want %s", query, track.TrackTitle, want)
				}
			}
			s.do(http.StatusNoContent, http.MethodGet, "/trackservice/current?delay=300", "")
			if w := s.website("/current?delay=300"); w.Code != http.StatusNoContent {
				t.Errorf("on a website of 1.x plays %s", w.Body)
			}
			if got := get[[]api.Track](s, "/trackservice"); string(got[1].OnAirUntil) == "null" {
				t.Errorf("b is not over: %+v", got[1])
			}
			if got := get[[]api.Track](s, "/trackservice?delay=100"); string(got[0].OnAirUntil) != "null" {
				t.Errorf("b is over %s for a listener who still hears it", got[0].OnAirUntil)
			}
		})
	}
}

func TestAPI_ListTracksOfDay_delay(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-06-28T00:01:00+02:00"))
	for _, play := range []string{
		`"track_start": "2020-06-27 23:50:00", "track_duration": 620, "track_title": "a"`,
		`"track_start": "2020-06-28 00:00:20", "track_duration": 600, "track_title": "b"`,
	} {
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{`+play+`}`)
	}
	for path, want := range map[string]string{
		"2020-06-28": "(a) b", "2020-06-28?delay=39": "(a) b", "2020-06-28?delay=41": "(a)", "2020-06-28?delay=61": "", "2020-06-27?delay=61": "a",
	} {
		var got []string
		for _, track := range get[[]api.Track](s, "/trackservice/day/"+path) {
			if track.BeganBefore {
				track.TrackTitle = "(" + track.TrackTitle + ")"
			}
			got = append(got, track.TrackTitle)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", path, got, want)
		}
	}
}

// TestAPI_delay_kept: an answer with a delay changes that much later.
func TestAPI_delay_kept(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.play(ago(time.Hour), "a")
	begins := time.Now().Add(200 * time.Second)
	s.play(begins.UTC().Format("2006-01-02T15:04:05.000000Z"), "b")
	today := "/trackservice/day/" + s.api.Zone.In(time.Now()).Format(time.DateOnly)
	for _, path := range []string{"/trackservice", "/trackservice/current", today} {
		for delay, later := range map[string]time.Duration{"?delay=0": 0, "?delay=150.5": 150500 * time.Millisecond} {
			from := time.Now()
			w := s.do(http.StatusOK, http.MethodGet, path+delay, "")
			to := time.Now()
			var maxAge, onError int
			if _, err := fmt.Sscanf(w.Header().Get("Cache-Control"), "public, max-age=%d, stale-if-error=%d", &maxAge, &onError); err != nil {
				t.Fatal(err)
			}
			left := time.Duration(maxAge+onError) * time.Second
			if left > begins.Add(later).Sub(from) || left < begins.Add(later).Sub(to)-time.Second {
				t.Errorf("%s%s may be shown for %v, and b begins in %v", path, delay, left, begins.Sub(from))
			}
		}
	}
}

func TestAPI_delay_invalid(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	for _, delay := range []string{"-1", "-0.001", "300.1", "NaN", "Inf", "-Inf", "1e999", "x", "20s", "1,5", "20&delay=30"} {
		for _, path := range []string{"/trackservice", "/trackservice/current", "/trackservice/stream", "/trackservice/day/2020-06-27"} {
			if got := s.refused(http.StatusBadRequest, http.MethodGet, path+"?delay="+delay, ""); got != "delay (query)" {
				t.Errorf("%s: %s names %q", path, delay, got)
			}
		}
		for _, path := range []string{"", "/current"} {
			if w := httpservertest.Do(s.http, http.MethodGet, "/engine/api/v1/playlog"+path+"?delay="+delay, ""); w.Code != http.StatusBadRequest {
				t.Errorf("%s: %s is answered %d", path, delay, w.Code)
			}
		}
	}
}

// TestAPI_StreamTracks_delay: the stream begins with what the listener hears.
func TestAPI_StreamTracks_delay(t *testing.T) {
	t.Parallel()
	for delay, want := range map[string]string{"0": "b", "30": "a", "200.4": ""} {
		s := newStation(t)
		s.play(ago(time.Minute), "a")
		s.play(ago(time.Second), "b")
		data := s.stream("/trackservice/stream?delay=" + delay)()
		var track *api.Track
		if err := json.Unmarshal([]byte(data), &track); err != nil {
			t.Fatal(err)
		}
		switch {
		case want == "" && track == nil:
		case track == nil || track.TrackTitle != want || string(track.OnAirUntil) != "null":
			t.Errorf("%s: begins with %s, want %q, on air", delay, data, want)
		}
	}
}
