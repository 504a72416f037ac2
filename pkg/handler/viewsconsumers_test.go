package handler

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/trackservice"
)

// The clients here are written after public code of others. Each says which fields it
// needs, and fails as the original would.

// network is the station behind a network, with its stream running.
func network(t *testing.T, s *station) (address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.api.Current.(*trackservice.Service).Run(ctx) }()
	server := httptest.NewServer(s.http)
	t.Cleanup(func() {
		cancel()
		server.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return server.URL
}

// fetched is the body of an answer 200.
func fetched(t *testing.T, address string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v %s", address, w.Status, err, body)
	}
	return body
}

// eventSource is a browser's: it calls onmessage with the data of each message that
// has no other event's name.
func eventSource(t *testing.T, address string, onmessage func(data []byte) (done bool)) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if kind := w.Header.Get("Content-Type"); w.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("%s: a browser gives up on %s, %s", address, w.Status, kind)
	}
	in := bufio.NewReader(w.Body)
	var data []byte
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		if value, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			data = append(data, value...)
		}
		if len(line) == 0 && data != nil {
			if onmessage(data) {
				return
			}
			data = nil
		}
	}
}

// azuraCastPage is the script of AzuraCast's own pages (frontend/functions/
// useNowPlaying.ts). It needs connect.time, connect.subs.*.publications.*.data.np, or
// pub.data.np with pub.data.current_time, and of np: now_playing.played_at, duration,
// elapsed, song.title, artist and art.
type azuraCastPage struct {
	currentTime, duration, playedAt int64
	title, artist                   string
	shown                           int
}

type azuraCastNP struct {
	NowPlaying *struct {
		PlayedAt *int64 `json:"played_at"`
		Duration *int64 `json:"duration"`
		Elapsed  *int64 `json:"elapsed"`
		Song     struct {
			Title, Artist, Art *string
		} `json:"song"`
	} `json:"now_playing"`
}

type azuraCastPayload struct {
	Data struct {
		CurrentTime int64        `json:"current_time"`
		NP          *azuraCastNP `json:"np"`
	} `json:"data"`
}

func (p *azuraCastPage) onmessage(t *testing.T, raw []byte) {
	t.Helper()
	var message map[string]json.RawMessage
	if err := json.Unmarshal(raw, &message); err != nil {
		t.Fatalf("JSON.parse: %v: %s", err, raw)
	}
	if connect, ok := message["connect"]; ok {
		var data struct {
			Time int64
			Subs map[string]struct{ Publications []azuraCastPayload }
		}
		if err := json.Unmarshal(connect, &data); err != nil {
			t.Fatal(err)
		}
		p.currentTime = data.Time / 1000
		for _, sub := range data.Subs {
			for _, row := range sub.Publications {
				p.show(t, row.Data.NP)
			}
		}
	} else if pub, ok := message["pub"]; ok {
		var payload azuraCastPayload
		if err := json.Unmarshal(pub, &payload); err != nil {
			t.Fatal(err)
		}
		p.currentTime = payload.Data.CurrentTime
		p.show(t, payload.Data.NP)
	}
}

func (p *azuraCastPage) show(t *testing.T, np *azuraCastNP) {
	t.Helper()
	now := np.NowPlaying
	if now == nil || now.PlayedAt == nil || now.Duration == nil || now.Elapsed == nil || now.Song.Title == nil || now.Song.Artist == nil || now.Song.Art == nil {
		t.Fatalf("something is undefined: %+v", now)
	}
	p.duration, p.playedAt, p.title, p.artist = *now.Duration, *now.PlayedAt, *now.Song.Title, *now.Song.Artist
	p.shown++
}

// elapsed is what the page counts.
func (p *azuraCastPage) elapsed() int64 { return min(max(0, p.currentTime-p.playedAt), p.duration) }

func TestAzuraCastPage(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t, named)
	address := network(t, s)
	s.programme()
	connect := url.Values{"cf_connect": {`{"subs":{"station:radio_test":{"recover":true}}}`}}
	var page azuraCastPage
	eventSource(t, address+"/api/live/nowplaying/sse?"+connect.Encode(), func(data []byte) bool {
		page.onmessage(t, data)
		switch page.title {
		case "Now":
			if page.shown == 1 {
				if e := page.elapsed(); e < 60 || page.duration != 600 || page.artist != "C" {
					t.Errorf("the first message: %+v", page)
				}
				s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(0)+`", "track_title": "Next", "log_source": 1}`)
			}
		case "Next":
			return true
		default:
			t.Errorf("shows %+v", page)
		}
		return false
	})

	var late azuraCastPage
	eventSource(t, address+"/api/live/nowplaying/sse?delay=200&"+connect.Encode(), func(data []byte) bool {
		late.onmessage(t, data)
		return true
	})
	if e := late.elapsed(); late.title != "Before" || e < 40 || e > 100 {
		t.Errorf("200 seconds late: %+v", late)
	}
}

// azuraCastTypes are those that a validating client requires (zod schema of
// @undergr.network/azuracast-np): nothing is null or missing, except what may be.
func azuraCastTypes(where string, value any) (wrong []string) {
	switch value := value.(type) {
	case nil:
		if where != ".live.broadcast_start" && where != ".live.art" && where != ".playing_next" {
			wrong = append(wrong, where)
		}
	case map[string]any:
		for name, member := range value {
			wrong = append(wrong, azuraCastTypes(where+"."+name, member)...)
		}
	case []any:
		for _, member := range value {
			wrong = append(wrong, azuraCastTypes(where+"[]", member)...)
		}
	}
	return wrong
}

// codeRadio is the app of freeCodeCamp's radio (StationMetadataClient.swift): each
// field that it decodes must be there with its type.
type codeRadio struct {
	Station struct {
		Mounts *[]any `json:"mounts"`
	} `json:"station"`
	Listeners struct {
		Current *int `json:"current"`
	} `json:"listeners"`
	NowPlaying  codeRadioPlay    `json:"now_playing"`
	SongHistory *[]codeRadioPlay `json:"song_history"`
	IsOnline    *bool            `json:"is_online"`
}

type codeRadioPlay struct {
	PlayedAt *float64 `json:"played_at"`
	Song     struct {
		ID, Title, Artist, Album *string
	} `json:"song"`
}

func (p *codeRadioPlay) isComplete() bool {
	return p.PlayedAt != nil && p.Song.ID != nil && p.Song.Title != nil && p.Song.Artist != nil && p.Song.Album != nil
}

// TestAzuraCastWidgets: clients that poll. One shows another song only if its id is
// another. jQuery adds a parameter, so that nothing between answers it.
func TestAzuraCastWidgets(t *testing.T) {
	t.Parallel()
	s := newStation(t, named)
	address := network(t, s)
	shown := ""
	for i, want := range []string{"Station Offline", "Now"} {
		if i == 1 {
			s.programme()
		}
		for _, path := range []string{"/api/nowplaying/radio_test?_=", "/api/nowplaying_static/radio_test.json?_="} {
			raw := fetched(t, fmt.Sprint(address, path, time.Now().UnixNano()))
			var loose any
			var app codeRadio
			if err := errors.Join(json.Unmarshal(raw, &loose), json.Unmarshal(raw, &app)); err != nil {
				t.Fatal(err)
			}
			if wrong := azuraCastTypes("", loose); wrong != nil {
				t.Errorf("null are %v", wrong)
			}
			if app.Station.Mounts == nil || app.Listeners.Current == nil || app.IsOnline == nil || *app.IsOnline != (i == 1) || !app.NowPlaying.isComplete() || app.SongHistory == nil || len(*app.SongHistory) != i {
				t.Fatalf("the app can't decode %s", raw)
			}
			for _, past := range *app.SongHistory {
				if !past.isComplete() || *past.Song.Title != "Before" {
					t.Errorf("the app can't decode %s", raw)
				}
			}
			if title := *app.NowPlaying.Song.Title; title != want || (*app.NowPlaying.Song.ID == shown) != strings.HasPrefix(path, "/api/nowplaying_static") {
				t.Errorf("the widget shows %s after %s", raw, shown)
			}
			shown = *app.NowPlaying.Song.ID
		}
	}
	var list []codeRadio
	if err := json.Unmarshal(fetched(t, address+"/api/nowplaying"), &list); err != nil || len(list) != 1 || *list[0].NowPlaying.Song.Title != "Now" {
		t.Errorf("the list: %v %+v", err, list)
	}
}

// libreTimePlayer is LibreTime's own player (legacy/application/views/scripts/embed/
// player.phtml). It asks by JSONP and needs current and next, which may be null, with
// name and ends, and currentShow[].name. It takes the end for UTC.
func libreTimePlayer(t *testing.T, address string) (nowPlaying, next string, askAgain time.Duration) {
	t.Helper()
	const callback = "jQuery191012_1782580440"
	script := string(fetched(t, address+"/api/live-info?callback="+callback+"&type=interval&limit=5&_=1782580441"))
	argument, ok := strings.CutPrefix(script, "/**/"+callback+"(")
	argument, ended := strings.CutSuffix(argument, ");")
	if !ok || !ended {
		t.Fatalf("does not call the function: %s", script)
	}
	var data struct {
		Current, Next *struct{ Name, Ends string }
		CurrentShow   []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(argument), &data); err != nil {
		t.Fatal(err)
	}
	switch {
	case data.Current != nil:
		artist, track, _ := strings.Cut(data.Current.Name, " - ")
		nowPlaying = artist + "<span>" + track + "</span>"
		ends, err := time.Parse(time.DateTime, data.Current.Ends)
		if err != nil {
			t.Fatal(err)
		}
		askAgain = time.Until(ends)
	case len(data.CurrentShow) > 0:
		nowPlaying = "On Air<span>" + data.CurrentShow[0].Name + "</span>"
	default:
		nowPlaying = "Off Air<span>Offline</span>"
	}
	if data.Next != nil {
		next = data.Next.Name
	}
	return nowPlaying, next, askAgain
}

func TestLibreTimePlayer(t *testing.T) {
	t.Parallel()
	s := newStation(t, named)
	address := network(t, s)
	if now, next, _ := libreTimePlayer(t, address); now != "Off Air<span>Offline</span>" || next != "" {
		t.Errorf("while nothing plays it shows %s, then %s", now, next)
	}
	s.programme()
	now, next, askAgain := libreTimePlayer(t, address)
	if now != "C<span>Now</span>" || next != "&lt;b&gt;Noon&lt;/b&gt;" || askAgain < 5*time.Minute || askAgain > 9*time.Minute {
		t.Errorf("it shows %s, then %s, and asks again in %s", now, next, askAgain)
	}
}

// airtimeWidget is the widget that Airtime handed out (jquery.showinfo.js). It refuses
// another version, and needs schedulerTime, and start_timestamp, end_timestamp, name
// and url of each show. It takes all of these times for those of one zone.
func TestAirtimeWidget(t *testing.T) {
	t.Parallel()
	s := newStation(t, named)
	address := network(t, s)
	s.programme()
	var data struct {
		Version       string `json:"AIRTIME_API_VERSION"`
		SchedulerTime string
		CurrentShow   []airtimeShow
		NextShow      []airtimeShow
		Current       *struct{ Name string }
	}
	if err := json.Unmarshal(fetched(t, address+"/api/live-info/?type=endofday&limit=20"), &data); err != nil {
		t.Fatal(err)
	}
	if data.Version != "1.1" || len(data.CurrentShow) != 1 || data.Current == nil || data.Current.Name != "C - Now" {
		t.Fatalf("%+v", data)
	}
	now := airtimeTime(t, data.SchedulerTime)
	for _, show := range append(data.CurrentShow, data.NextShow...) {
		if show.URL == nil || show.Name == "" {
			t.Errorf("something is undefined: %+v", show)
		}
	}
	elapsed, remaining := now.Sub(airtimeTime(t, data.CurrentShow[0].Start)), airtimeTime(t, data.CurrentShow[0].End).Sub(now)
	if elapsed < 59*time.Minute || remaining < 50*time.Minute || elapsed+remaining != 2*time.Hour {
		t.Errorf("the show has been on for %s and goes on for %s", elapsed, remaining)
	}
}

type airtimeShow struct {
	Name  string
	URL   *string
	Start string `json:"start_timestamp"`
	End   string `json:"end_timestamp"`
}

func airtimeTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateTime, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestLibreTimeV2: clients of live-info-v2. One fills a grid with
// days=…&shows=600000000 and needs name, starts and ends of shows.current and
// shows.next. Another shows tracks.current.metadata.track_title and artist_name.
func TestLibreTimeV2(t *testing.T) {
	t.Parallel()
	s := newStation(t, named)
	address := network(t, s)
	s.programme()
	var info struct {
		Station struct{ SchedulerTime, Timezone string }
		Tracks  struct {
			Current struct {
				Metadata map[string]any
			}
		}
		Shows struct {
			Current struct{ Name, Starts, Ends string }
			Next    []struct{ Name, Starts, Ends string }
		}
	}
	if err := json.Unmarshal(fetched(t, address+"/api/live-info-v2?days=400&shows=600000000"), &info); err != nil {
		t.Fatal(err)
	}
	if m := info.Tracks.Current.Metadata; m["track_title"] != "Now" || m["artist_name"] != "C" || m["album_title"] != "D" {
		t.Errorf("metadata %v", m)
	}
	if c, n := info.Shows.Current, info.Shows.Next; c.Name != "Morning" || len(n) != 1 || n[0].Starts != c.Ends || airtimeTime(t, n[0].Ends).Sub(airtimeTime(t, n[0].Starts)) != time.Hour {
		t.Errorf("shows %+v", info.Shows)
	}
}

// TestHomeAssistant: a REST sensor takes media_title as its value, and json_attributes
// the rest. A template then counts media_position + (now - media_position_updated_at),
// for which the time needs an offset.
func TestHomeAssistant(t *testing.T) {
	t.Parallel()
	s := newStation(t, named)
	address := network(t, s)
	s.programme()
	var attributes map[string]any
	if err := json.Unmarshal(fetched(t, address+"/nowplaying.json"), &attributes); err != nil {
		t.Fatal(err)
	}
	updated, err := time.Parse(time.RFC3339Nano, fmt.Sprint(attributes["media_position_updated_at"]))
	if err != nil {
		t.Fatal(err)
	}
	position, _ := attributes["media_position"].(float64)
	if begun := updated.Add(-time.Duration(position) * time.Second); time.Since(begun) < time.Minute || attributes["media_duration"] != 600.0 ||
		attributes["media_title"] != "Now" || attributes["media_artist"] != "C" || attributes["state"] != "playing" {
		t.Errorf("%v", attributes)
	}
	for name, value := range attributes {
		if _, nested := value.(map[string]any); nested {
			t.Errorf("%s is not flat: %v", name, value)
		}
	}
}

// atomFeed is what a feed reader reads of a feed, and what RFC 4287 requires.
type atomFeed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      []string `xml:"id"`
	Title   []string `xml:"title"`
	Updated []string `xml:"updated"`
	Author  []string `xml:"author>name"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID        []string `xml:"id"`
		Title     []string `xml:"title"`
		Updated   []string `xml:"updated"`
		Published []string `xml:"published"`
		Content   []string `xml:"content"`
	} `xml:"entry"`
}

// TestFeedReader: each id, title and time is there once, ids are URIs and no two are
// equal, times are RFC 3339, and the link to itself leads to where the feed was read,
// below any path of a proxy.
func TestFeedReader(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t, named)
	address := network(t, s)
	s.programme()
	for _, path := range []string{"/feed.xml", "/feed.xml/", "//feed.xml?a=b"} {
		raw := fetched(t, address+path)
		var feed atomFeed
		if err := xml.Unmarshal(raw, &feed); err != nil || !bytes.HasPrefix(raw, []byte(`<?xml version="1.0" encoding="UTF-8"?>`)) {
			t.Fatalf("%v: %s", err, raw)
		}
		once := [][]string{feed.ID, feed.Title, feed.Updated, feed.Author}
		ids := map[string]bool{}
		for _, e := range feed.Entries {
			once = append(once, e.ID, e.Title, e.Updated, e.Published, e.Content)
			ids[e.ID[0]] = true
			if _, err := time.Parse(time.RFC3339, e.Updated[0]); err != nil || !strings.HasPrefix(e.ID[0], "urn:uuid:") {
				t.Errorf("%v: %+v", err, e)
			}
		}
		for _, values := range once {
			if len(values) != 1 || values[0] == "" {
				t.Errorf("not once: %q", values)
			}
		}
		if len(ids) != 2 || feed.Entries[0].Title[0] != "C - Now" || feed.Entries[1].Title[0] != "A & B - Before" || feed.Updated[0] != feed.Entries[0].Updated[0] {
			t.Errorf("%+v", feed.Entries)
		}
		below, err := url.Parse("https://radio.example/proxy" + path)
		if err != nil {
			t.Fatal(err)
		}
		self, err := below.Parse(feed.Links[0].Href)
		if err != nil || feed.Links[0].Rel != "self" || !strings.HasPrefix(self.String(), "https://radio.example/proxy/feed.xml") {
			t.Errorf("asked at %s, the link leads to %s: %v", below, self, err)
		}
	}
}

// TestFeed_ids: a reader that changes from the engine's host to the sync node sees no
// play as new.
func TestFeed_ids(t *testing.T) {
	t.Parallel()
	start := ago(time.Minute)
	var ids []string
	for _, s := range []*station{newStation(t, named), newSyncNode(t, named)} {
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+start+`", "track_title": "Now", "track_num": 7, "track_type": 1, "track_album": "A", "show_id": 5, "log_source": 1}`)
		var feed atomFeed
		if err := xml.Unmarshal(s.view(http.StatusOK, "/feed.xml").Body.Bytes(), &feed); err != nil || len(feed.Entries) != 1 {
			t.Fatalf("%v: %+v", err, feed)
		}
		ids = append(ids, feed.ID[0], feed.Entries[0].ID[0])
	}
	if ids[0] != ids[2] || ids[1] != ids[3] {
		t.Errorf("the ids are %q", ids)
	}
}
