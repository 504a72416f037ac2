package handler

import (
	"net/http"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/links"
)

// TestAPI_ListChapters: both services tell the chapters of a recording, in each
// format, by what was heard and with its corrections.
func TestAPI_ListChapters(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...func(*API)) *station{"EngineAPI": newStation, "SyncNode": newSyncNode} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, at(t, "2020-06-27T21:00:00+02:00"), func(a *API) {
				a.Station = "Radio X"
				a.Links = links.New(links.Config{Cover: "/covers/{artist}.jpg"}, a.Zone)
			})
			for _, play := range []string{
				`"track_start": "2020-06-27 18:58:00", "track_duration": 180, "track_artist": "a", "track_title": "before"`,
				`"track_start": "2020-06-27 19:01:00", "track_duration": 60, "track_artist": "b", "track_title": "mistaken", "timeslot_id": 7, "show_name": "Morning"`,
				`"track_start": "2020-06-27 19:03:00", "track_duration": 120, "track_title": "no artist", "timeslot_id": 7, "show_name": "Morning"`,
				`"track_start": "2020-06-27 19:59:00", "track_duration": 180, "track_artist": "d", "track_title": "goes on"`,
				`"track_start": "2020-06-27 20:30:00", "track_duration": 3600, "track_artist": "e", "track_title": "now"`,
			} {
				s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"log_source": 1, `+play+`}`)
			}
			s.do(http.StatusCreated, http.MethodPost, "/playlog/2/corrections", `{"kind": "amend", "by": "M. Tester", "reason": "test", "changes": {"track_title": "\"c\""}}`)

			const hour = "/trackservice/chapters?from=2020-06-27T19:00&to=2020-06-27T20:00"
			for query, want := range map[string]struct{ mime, body string }{
				"": {"application/json+chapters", `{"version":"1.2.0","podcastName":"Radio X","chapters":[` +
					`{"startTime":0,"endTime":60,"title":"a – before","img":"/covers/a.jpg"},{"startTime":60,"endTime":120,"title":"b – \"c\"","img":"/covers/b.jpg"},` +
					`{"startTime":180,"endTime":300,"title":"no artist"},{"startTime":3540,"endTime":3600,"title":"d – goes on","img":"/covers/d.jpg"}]}`},
				"&timeslot_id=7": {"application/json+chapters", `{"version":"1.2.0","title":"Morning","podcastName":"Radio X","chapters":[` +
					`{"startTime":0,"endTime":60,"title":"b – \"c\"","img":"/covers/b.jpg"},{"startTime":120,"endTime":240,"title":"no artist"}]}`},
				"&timeslot_id=7&format=vtt": {"text/vtt; charset=utf-8", "WEBVTT\n\n1\n00:00:00.000 --> 00:01:00.000\nb – \"c\"\n\n2\n00:02:00.000 --> 00:04:00.000\nno artist\n"},
				"&timeslot_id=7&format=cue&file=x.wav": {"application/x-cue; charset=utf-8", "TITLE \"Morning\"\nPERFORMER \"Radio X\"\nFILE \"x.wav\" WAVE\n" +
					"  TRACK 01 AUDIO\n    TITLE \"'c'\"\n    PERFORMER \"b\"\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    TITLE \"no artist\"\n    INDEX 01 02:00:00\n"},
			} {
				w := s.do(http.StatusOK, http.MethodGet, hour+query, "")
				if got := w.Header().Get("Content-Type"); got != want.mime || w.Body.String() != want.body {
					t.Errorf("%s: %s\n%s\nwant\n%s", query, got, w.Body, want.body)
				}
				if w.Header().Get("Etag") == "" {
					t.Errorf("%s: it is not kept in memory", query)
				}
			}
			if w := s.do(http.StatusOK, http.MethodGet, hour+"&format=cue", ""); !strings.Contains(w.Body.String(), `FILE "recording.mp3" MP3`) {
				t.Errorf("without a name it is %s", w.Body)
			}
			s.do(http.StatusNotFound, http.MethodGet, hour+"&timeslot_id=8", "")

			// What is on air now is a chapter until now, and what is to come is none.
			for query, want := range map[string]string{
				"from=2020-06-27T20:30&to=2020-06-27T22:00":           `"startTime":0,"endTime":1800,"title":"e – now"`,
				"from=2020-06-27T19:30:00Z&to=2020-06-28":             `"chapters":[]`,
				"from=2020-06-27T18:30:00Z&to=2020-06-27T19:30:00Z":   `"startTime":0,"endTime":1800,"title":"e – now"`,
				"from=2020-06-27&to=2020-06-28":                       `"startTime":68280,"endTime":68460,"title":"a – before"`,
				"from=2020-06-27T21:00&to=2020-06-27T21:00:00.000001": `"chapters":[]`,
			} {
				if w := s.do(http.StatusOK, http.MethodGet, "/trackservice/chapters?"+query, ""); !strings.Contains(w.Body.String(), want) {
					t.Errorf("%s: got %s, want %s", query, w.Body, want)
				}
			}
		})
	}
}

// TestAPI_ListChapters_now: what is still being recorded is told up to the last ten
// full seconds.
func TestAPI_ListChapters_now(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-06-27T20:00:19.9Z"))
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "2020-06-27T20:00:01Z", "track_title": "a", "track_duration": 180}`)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "2020-06-27T20:00:12Z", "track_title": "b", "track_duration": 180}`)
	const path = "/trackservice/chapters?from=2020-06-27T20:00:00Z&to=2020-06-27T21:00:00Z"
	for now, want := range map[string]string{
		"2020-06-27T20:00:19.9Z": `[{"startTime":1,"endTime":10,"title":"a"}]`,
		"2020-06-27T20:00:20Z":   `[{"startTime":1,"endTime":12,"title":"a"},{"startTime":12,"endTime":20,"title":"b"}]`,
		"2020-06-27T20:10:20Z":   `[{"startTime":1,"endTime":12,"title":"a"},{"startTime":12,"endTime":192,"title":"b"}]`,
	} {
		s.setNow(now)
		s.changed()
		if w := s.do(http.StatusOK, http.MethodGet, path, ""); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %s, want %s", now, w.Body, want)
		}
	}
}

func TestAPI_ListChapters_invalid(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	for query, want := range map[string]string{
		"from=2020-06-27":                                "to (query)",
		"from=&to=":                                      "from (query) to (query)",
		"from=x&to=y":                                    "from to",
		"from=2020-06-27&to=2020-06-27":                  "to",
		"from=2020-06-27&to=2020-06-26":                  "to",
		"from=2020-06-27&to=2020-06-28T01:00:01":         "to",
		"from=2020-06-27&to=2020-06-28&timeslot_id=0":    "timeslot_id (query)",
		"from=2020-06-27&to=2020-06-28&format=xml":       "format (query)",
		"from=2020-06-27&to=2020-06-28&file=/etc/passwd": "file (query)",
		"from=2020-06-27&to=2020-06-28&file=a%5Cb":       "file (query)",
		"from=2020-06-27&to=2020-06-28&file=a%0AFILE":    "file (query)",
		"from=2020-06-27&to=9999-12-31T23:59:59":         "to",
		"from=0001-01-01&to=0001-01-01T00:00:01&format=": "to",
	} {
		if got := s.refused(http.StatusBadRequest, http.MethodGet, "/trackservice/chapters?"+query, ""); got != want {
			t.Errorf("%s names %q, want %q", query, got, want)
		}
	}
	s.do(http.StatusOK, http.MethodGet, "/trackservice/chapters?from=2026-10-25&to=2026-10-26", "") // 25 hours
}

// TestAPI_links: tracks have the addresses that are configured, and nobody who may
// not know where recordings are is told.
func TestAPI_links(t *testing.T) {
	t.Parallel()
	cfg := links.Config{Cover: "/covers/{artist}.jpg", Recording: "/r?{from_unix}&{until_unix}"}
	play := func(cfg links.Config) *station {
		s := newStation(t, at(t, "2020-06-27T21:00:00Z"), func(a *API) { a.Links = links.New(cfg, a.Zone) })
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "2020-06-27T20:00:00Z", "track_artist": "a", "track_title": "b", "track_duration": 180}`)
		return s
	}
	none, some := play(links.Config{}), play(cfg)
	cfg.RecordingPublic = true
	public := play(cfg)
	const recording = "/r?1593288000&1593288180"
	for name, c := range map[string]struct {
		*station
		cover, recording, full string
	}{"None": {station: none}, "Some": {some, "/covers/a.jpg", "", recording}, "Public": {public, "/covers/a.jpg", recording, recording}} {
		for _, path := range []string{"/trackservice", "/trackservice/day/2020-06-27"} {
			if got := get[[]api.Track](c.station, path)[0]; got.Cover != c.cover || got.Recording != c.recording {
				t.Errorf("%s: %s shows %q and %q", name, path, got.Cover, got.Recording)
			}
		}
		if got := get[api.Track](c.station, "/trackservice/1"); got.Cover != c.cover || got.Recording != c.recording {
			t.Errorf("%s: the track has %q and %q", name, got.Cover, got.Recording)
		}
		for _, query := range []string{"", "?corrections=raw"} {
			if got := get[[]api.PlaylogEntry](c.station, "/playlog"+query)[0].Recording; got != c.full {
				t.Errorf("%s: the record%s has %q, want %q", name, query, got, c.full)
			}
		}
		if body := c.do(http.StatusOK, http.MethodGet, "/trackservice", "").Body.String(); name == "None" && (strings.Contains(body, "cover") || strings.Contains(body, "recording")) {
			t.Errorf("without a configuration a track is %s", body)
		}
	}
}
