package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/sse"
	"aura.radio/engine/pkg/trackservice"
)

// named gives the station a name.
func named(a *API) { a.Station = "Radio Test" }

// view asks for a view as a visitor from elsewhere does, without a token.
func (s *station) view(status int, target string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httpservertest.Request(http.MethodGet, target, "")
	r.RemoteAddr = "192.0.2.1:1234"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	if w.Code != status {
		s.t.Fatalf("%s is answered %d, want %d: %s", target, w.Code, status, w.Body)
	}
	return w
}

// programme plays two tracks, the second now, and tells the studio clock.
func (s *station) programme() {
	s.t.Helper()
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(4*time.Minute)+`", "track_title": "Before", "track_artist": "A & B", "track_duration": 180, "log_source": 1}`)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(time.Minute)+`", "track_title": "Now", "track_artist": "C", "track_album": "D", "track_duration": 600, "show_name": "Morning", "log_source": 1}`)
	s.do(http.StatusNoContent, http.MethodPut, "/clock", `{"engine_source": 1, "current_timeslot": {"show_name": "Morning", "show_id": 7, "timeslot_id": 70, "timeslot_start": "`+ago(time.Hour)+`", "timeslot_end": "`+ago(-time.Hour)+`"},
		"next_timeslot": {"show_name": "<b>Noon</b>", "timeslot_start": "`+ago(-time.Hour)+`", "timeslot_end": "`+ago(-2*time.Hour)+`"}}`)
}

// allViews are addresses of all views.
var allViews = []string{
	"/api/nowplaying", "/api/nowplaying/1", "/api/nowplaying/radio_test", "/api/nowplaying_static/radio_test.json",
	"/api/live-info", "/api/live-info-v2?days=1", "/nowplaying.txt", "/nowplaying.json", "/feed.xml",
}

// TestViews: both services show what plays to everybody, in every shape.
func TestViews(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...func(*API)) *station{"EngineAPI": newStation, "SyncNode": newSyncNode} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, named)
			for _, target := range allViews {
				if body := s.view(http.StatusOK, target).Body.String(); strings.Contains(body, "Now") && target != "/feed.xml" {
					t.Errorf("%s shows something: %s", target, body)
				}
			}
			s.programme()
			for _, target := range allViews {
				w := s.view(http.StatusOK, target)
				if body := w.Body.String(); !strings.Contains(body, "Now") || strings.Contains(body, "Before") == strings.HasPrefix(target, "/nowplaying.") {
					t.Errorf("%s shows %s", target, body)
				}
				if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
					t.Errorf("scripts of %q may read %s", got, target)
				}
				if control := w.Header().Get("Cache-Control"); !strings.HasPrefix(control, "public, max-age=") || strings.HasPrefix(control, "public, max-age=0") {
					t.Errorf("%s: Cache-Control is %s", target, control)
				}
				if again := s.view(http.StatusNotModified, target, "If-None-Match", w.Header().Get("Etag")); again.Body.Len() > 0 {
					t.Errorf("%s is sent again: %s", target, again.Body)
				}
			}
		})
	}
}

// TestViews_agree: every view says the same, and what the track service says.
func TestViews_agree(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t, named)
	s.programme()
	var text, flat = s.view(http.StatusOK, "/nowplaying.txt").Body.String(), api.FlatNowPlaying{}
	read(t, s.view(http.StatusOK, "/nowplaying.json"), &flat)
	var azura api.AzuraCast
	read(t, s.view(http.StatusOK, "/api/nowplaying/1"), &azura)
	var info api.LiveInfo
	read(t, s.view(http.StatusOK, "/api/live-info"), &info)
	current := get[api.Track](s, "/trackservice/current")
	want := current.TrackArtist + " - " + current.TrackTitle
	for view, got := range map[string]string{
		"text": strings.TrimSuffix(text, "\n"), "flat": flat.Artist + " - " + flat.Title, "AzuraCast": azura.NowPlaying.Song.Text, "LibreTime": info.Current.Name,
	} {
		if got != want || want != "C - Now" {
			t.Errorf("%s says %q, the track service %q", view, got, want)
		}
	}
	if azura.NowPlaying.PlayedAt != current.TrackStart.Unix() || azura.NowPlaying.ID != current.Id || *flat.Duration != 600 {
		t.Errorf("%+v and %+v are not %+v", azura.NowPlaying, flat, current)
	}
	if len(info.CurrentShow) != 1 || info.CurrentShow[0].Name != "Morning" || info.CurrentShow[0].InstanceID != 70 || len(info.NextShow) != 1 || info.NextShow[0].Name != "&lt;b&gt;Noon&lt;/b&gt;" {
		t.Errorf("shows: %+v, %+v", info.CurrentShow, info.NextShow)
	}
}

// TestViews_unknown: another station is not found, and neither is a file that is none.
func TestViews_unknown(t *testing.T) {
	t.Parallel()
	s := newStation(t, named)
	for _, target := range []string{
		"/api/nowplaying/2", "/api/nowplaying/Radio%20Test", "/api/nowplaying_static/radio_test", "/api/nowplaying_static/other.json",
		"/api/live/nowplaying/sse?cf_connect=" + `{"subs":{"station:other":{}}}`, "/api/live/nowplaying/sse?cf_connect=null",
		"/radiodns/push/1.0/fm/ce1/c201/09710", "/radiodns/push/1.0/dab/ce1/c185/c181/0",
	} {
		var p api.Problem
		if read(t, s.view(http.StatusNotFound, strings.ReplaceAll(target, `"`, "%22")), &p); p.Status != http.StatusNotFound {
			t.Errorf("%s: %+v", target, p)
		}
	}
	s.view(http.StatusBadRequest, "/api/live/nowplaying/sse")
	s.view(http.StatusBadRequest, "/api/live/nowplaying/sse?cf_connect=station:radio_test")
}

// TestViews_zone: a zone that nobody knows is no reason to show nothing.
func TestViews_zone(t *testing.T) {
	t.Parallel()
	s := newStation(t, named)
	s.programme()
	for query, want := range map[string]string{
		"": "Europe/Vienna", "?timezone=Pacific/Auckland": "Pacific/Auckland", "?timezone=Middle/Earth": "Europe/Vienna",
		"?timezone=../../../etc/passwd": "Europe/Vienna", "?timezone=Local": "Europe/Vienna", "?timezone=UTC": "UTC",
	} {
		var v1 api.LiveInfo
		read(t, s.view(http.StatusOK, "/api/live-info"+query), &v1)
		var v2 api.LiveInfoV2
		read(t, s.view(http.StatusOK, "/api/live-info-v2"+query), &v2)
		if v1.Timezone != want || v2.Station.Timezone != want || v1.CurrentShow[0].Starts != v2.Shows.Current.Starts {
			t.Errorf("%q: %+v, %+v", query, v1, v2)
		}
		if inUTC := v1.Current.Starts; (inUTC == v2.Tracks.Current.Starts) != (want == "UTC") {
			t.Errorf("%q: the track starts at %s, and in the zone at %s", query, inUTC, v2.Tracks.Current.Starts)
		}
	}
}

// TestViews_script: a script is only made of a name of a function.
func TestViews_script(t *testing.T) {
	t.Parallel()
	s := newStation(t, named)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(time.Minute)+`", "track_title": "</script>\u2028"}`)
	for _, path := range []string{"/api/live-info", "/api/live-info-v2"} {
		w := s.view(http.StatusOK, path+"?callback=jQuery19108_1.a$&_=1782580440")
		body := w.Body.String()
		if kind, sniff := w.Header().Get("Content-Type"), w.Header().Get("X-Content-Type-Options"); kind != "application/javascript; charset=utf-8" || sniff != "nosniff" {
			t.Errorf("%s is %s, %s", path, kind, sniff)
		}
		argument, begins := strings.CutPrefix(body, "/**/jQuery19108_1.a$(")
		argument, ends := strings.CutSuffix(argument, ");")
		if !begins || !ends || !json.Valid([]byte(argument)) || strings.ContainsAny(argument, "<>\u2028") {
			t.Errorf("%s: %s", path, body)
		}
		for _, callback := range []string{"alert(1)", "a b", "a;b", "1a", "a.", ".a", "a[0]", "<script>", strings.Repeat("a", 129), "a%0Ab", "ä"} {
			r := strings.NewReplacer(" ", "%20", "<", "%3C", ">", "%3E", ";", "%3B").Replace(callback)
			if body := s.view(http.StatusBadRequest, path+"?callback="+r).Body.String(); !strings.Contains(body, "callback") {
				t.Errorf("%s of %s: %s", path, callback, body)
			}
		}
	}
	if kind := s.view(http.StatusOK, "/api/live-info?callback=").Header().Get("Content-Type"); kind != "application/json" {
		t.Errorf("without a name: %s", kind)
	}
}

// counting counts what is read for views.
type counting struct {
	EntryLog
	TrackService
	lists, currents *atomic.Int64
	away            *atomic.Bool
}

func (c counting) Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error) {
	c.lists.Add(1)
	if c.away.Load() {
		return nil, model.ErrUnavailable
	}
	return c.EntryLog.Entries(ctx, q)
}

func (c counting) Current(ctx context.Context, d trackservice.Delay) (trackservice.Track, error) {
	c.currents.Add(1)
	return c.TrackService.Current(ctx, d)
}

func counted(c *counting) func(*API) {
	c.lists, c.currents, c.away = new(atomic.Int64), new(atomic.Int64), new(atomic.Bool)
	return func(a *API) {
		c.EntryLog, c.TrackService = a.OnAir, a.Current
		a.OnAir, a.Current = *c, *c
	}
}

// TestViews_reads: the log is read once for each change, however many ask in however
// many shapes, also with addresses of their own.
func TestViews_reads(t *testing.T) {
	t.Parallel()
	var c counting
	s := newStation(t, named, counted(&c))
	for change := range int64(3) {
		s.play(ago(time.Hour-time.Duration(change)*time.Minute), "x")
		for i := range 20 {
			for _, target := range allViews {
				separator := "?"
				if strings.Contains(target, "?") {
					separator = "&"
				}
				s.view(http.StatusOK, fmt.Sprintf("%s%s_=%d-%d", target, separator, change, i))
			}
		}
		if lists, currents := c.lists.Load(), c.currents.Load(); lists != change+1 || currents != change+1 {
			t.Errorf("after change %d the log was read %d and %d times", change, lists, currents)
		}
	}
}

// TestViews_delay: a view shows what was right so many seconds ago, as the track
// service does. What is read for one delay is not shown for another.
func TestViews_delay(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t, named)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(10*time.Minute)+`", "track_title": "Before", "log_source": 1}`)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(time.Minute)+`", "track_title": "Now", "track_duration": 3600, "log_source": 1}`)
	for range 2 { // read, and held
		for delay, want := range map[string]string{"0": "Now", "10": "Now", "250": "Before", "299.7": "Before"} {
			var current api.Track
			read(t, s.do(http.StatusOK, http.MethodGet, "/trackservice/current?delay="+delay, ""), &current)
			for _, target := range allViews {
				separator := "?"
				if strings.Contains(target, "?") {
					separator = "&"
				}
				body := s.view(http.StatusOK, target+separator+"delay="+delay).Body.String()
				if want == "Before" && strings.Contains(body, "Now") || !strings.Contains(body, want) || current.TrackTitle != want {
					t.Errorf("%s with a delay of %s shows %s, and the track service %+v", target, delay, body, current)
				}
			}
			var flat api.FlatNowPlaying
			read(t, s.view(http.StatusOK, "/nowplaying.json?delay="+delay), &flat)
			if begun := flat.PositionUpdatedAt.Add(-time.Duration(*flat.Position) * time.Second); begun.Sub(current.TrackStart.Time).Abs() > 2*time.Second {
				t.Errorf("with a delay of %s it began at %s, and not at %s", delay, begun, current.TrackStart)
			}
		}
	}
	if line := s.do(http.StatusOK, http.MethodGet, "/trackservice/current?delay=250", "", "Accept", "text/plain").Body.String(); line != "Before\n" {
		t.Errorf("as text it is %q", line)
	}
	s.view(http.StatusBadRequest, "/nowplaying.txt?delay=301")
}

// TestViews_cover: the station's covers are in AzuraCast's shape, and for home
// automation.
func TestViews_cover(t *testing.T) {
	t.Parallel()
	s := newStation(t, named, func(a *API) {
		a.Links = links.New(links.Config{Cover: "https://covers.example/{artist}/{title}.jpg"}, a.Zone)
	})
	s.programme()
	const want = "https://covers.example/C/Now.jpg"
	var np api.AzuraCast
	read(t, s.view(http.StatusOK, "/api/nowplaying/1"), &np)
	var flat api.FlatNowPlaying
	read(t, s.view(http.StatusOK, "/nowplaying.json"), &flat)
	if np.NowPlaying.Song.Art != want || np.SongHistory[0].Song.Art != "https://covers.example/A%20%26%20B/Before.jpg" || flat.Cover != want {
		t.Errorf("covers are %+v, %+v", np, flat)
	}
}

// TestPushes: what is pushed is rendered once for each change, and at most once a
// second for new listeners, however many there are. What a listener knows it is not
// told again.
func TestPushes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newStation(t, named, func(a *API) { a.Now = func() time.Time { return now } })
	said := func(say func(*pushes, context.Context, []*sse.Event) ([]byte, error)) []byte {
		t.Helper()
		b, err := say(&pushes{api: s.api}, t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for i, say := range []func(*pushes, context.Context, []*sse.Event) ([]byte, error){(*pushes).First, (*pushes).Next} {
		first := said(say)
		if again := said(say); &again[0] != &first[0] {
			t.Errorf("rendered again: %s", again)
		}
		s.play(ago(time.Hour-time.Duration(i)*time.Minute), fmt.Sprint(i))
		changed := said(say)
		if bytes.Equal(changed, first) {
			t.Errorf("after a change: %s", changed)
		}
		now = now.Add(time.Second)
		if later := said(say); bytes.Equal(later, changed) {
			t.Errorf("a second later: %s", later)
		}
	}
	one := &pushes{api: s.api}
	for i, want := range []bool{true, false, true} {
		if i == 2 {
			s.play(ago(time.Minute), "now")
		}
		if told, err := one.Next(t.Context(), nil); err != nil || len(told) > 0 != want {
			t.Errorf("a listener is told %q, %v", told, err)
		}
	}
}

// TestViews_away: what plays is told, too, while the list can't be read.
func TestViews_away(t *testing.T) {
	t.Parallel()
	var c counting
	s := newStation(t, named, counted(&c))
	c.away.Store(true)
	s.view(http.StatusServiceUnavailable, "/api/nowplaying/1")
	c.away.Store(false)
	s.play(ago(2*time.Minute), "old")
	s.view(http.StatusOK, "/api/nowplaying/1")
	c.away.Store(true)
	s.play(ago(time.Minute), "new")
	var np api.AzuraCast
	read(t, s.view(http.StatusOK, "/api/nowplaying/1"), &np)
	if np.NowPlaying.Song.Title != "new" || len(np.SongHistory) != 1 || np.SongHistory[0].Song.Title != "old" {
		t.Errorf("%+v", np)
	}
}

// TestViews_nothingInternal: a view has no field but those of the contract, which has
// additionalProperties: false. And no text is in it that only people with a token may
// see.
func TestViews_nothingInternal(t *testing.T) {
	t.Parallel()
	doc, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	s := newSyncNode(t, named)
	s.programme()
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(3*time.Minute)+`", "track_title": "Void", "log_source": 1, "track_isrc": "SECRETISRC", "track_composer": "SECRET", "track_label": "SECRET"}`)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(-3*time.Minute)+`", "track_title": "Future SECRET", "log_source": 1}`)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(30*time.Second)+`", "track_title": "Elsewhere SECRET", "log_source": 2}`)
	s.do(http.StatusCreated, http.MethodPost, "/playlog/3/corrections", `{"kind": "amend", "by": "SECRET", "reason": "SECRET", "changes": {"track_title": "Amended"}}`)
	s.do(http.StatusNoContent, http.MethodPost, "/source/health/1", `{"is_healthy": true, "details": {"x": "SECRET"}}`)
	s.do(http.StatusNoContent, http.MethodPut, "/clock", `{"engine_source": 1, "note": "SECRET", "current_timeslot": {"show_name": "Morning", "timeslot_start": "`+ago(time.Hour)+`", "memo": "SECRET"}, "planned_playlist": {"entries": [{"track_title": "SECRET"}]}}`)
	views := 0
	for path, item := range doc.Paths.Map() {
		op := item.Get
		if op == nil || len(op.Tags) != 1 || op.Tags[0] != "views" {
			continue
		}
		if views++; op.Security == nil || len(*op.Security) != 0 || op.Extensions["x-any-origin"] != true {
			t.Errorf("%s is not for everybody", path)
		}
		if strings.HasPrefix(op.OperationID, "Stream") {
			continue // they have what getNowPlaying has; see TestAzuraCastPage and TestRadioDNS
		}
		target := strings.NewReplacer("{station}", "radio_test", "{file}", "1.json", "/oembed", "/oembed?url=http://localhost:8008/").Replace(path)
		body := s.view(http.StatusOK, target).Body.String()
		for _, internal := range []string{"SECRET", "log_source", "fingerprint", "received_at", "doubt", "health", "Future", "Elsewhere"} {
			if strings.Contains(body, internal) {
				t.Errorf("%s shows %s: %s", target, internal, body)
			}
		}
		if !strings.Contains(body, "Amended") && path != "/nowplaying.txt" && path != "/nowplaying.json" && path != "/oembed" && !strings.Contains(path, "live-info") {
			t.Errorf("%s does not show the amended title: %s", target, body)
		}
	}
	if views != 12 {
		t.Errorf("%d views", views)
	}
}
