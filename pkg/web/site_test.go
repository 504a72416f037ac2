package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/web"
)

// station answers operations from a list of tracks, the first one first.
type station struct {
	zone   *stationtime.Zone
	tracks []api.Track
	err    error
	// asked is for which charts was asked last.
	asked api.ListTopTitlesParams
}

func (s *station) ListTracks(_ context.Context, r api.ListTracksRequestObject) (api.ListTracksResponseObject, error) {
	if s.err != nil {
		return nil, s.err
	}
	var list []api.Track
	from, to := bound(s.zone.From, r.Params.FromDate), bound(s.zone.To, r.Params.ToDate)
	for i := len(s.tracks) - 1; i >= 0 && len(list) < *r.Params.Limit; i-- {
		start := s.tracks[i].TrackStart.Time
		if !start.Before(from) && (to.IsZero() || !start.After(to)) {
			list = append(list, s.tracks[i])
		}
	}
	link := `<?page=0>; rel="first", <?after=12-3&limit=5>; rel="next"`
	return api.ListTracks200JSONResponse{TracksJSONResponse: api.TracksJSONResponse{Body: list, Headers: api.TracksResponseHeaders{Link: &link}}}, nil
}

func bound(read func(string) (time.Time, error), s *string) time.Time {
	if s == nil {
		return time.Time{}
	}
	at, err := read(*s)
	if err != nil {
		panic(err)
	}
	return at
}

func (s *station) ListTracksOfDay(_ context.Context, r api.ListTracksOfDayRequestObject) (api.ListTracksOfDayResponseObject, error) {
	from, to, err := s.zone.Day(r.Date)
	if err != nil {
		return nil, model.Invalid("date", r.Date, err.Error())
	}
	var list []api.Track
	for _, t := range s.tracks {
		if !t.TrackStart.Before(from) && t.TrackStart.Before(to) {
			list = append(list, t)
		}
	}
	return api.ListTracksOfDay200JSONResponse{TracksJSONResponse: api.TracksJSONResponse{Body: list}}, s.err
}

func (s *station) GetTrack(context.Context, api.GetTrackRequestObject) (api.GetTrackResponseObject, error) {
	return nil, model.ErrNotFound
}

func (s *station) GetCurrentTrack(context.Context, api.GetCurrentTrackRequestObject) (api.GetCurrentTrackResponseObject, error) {
	if n := len(s.tracks); n > 0 && s.err == nil {
		return api.GetCurrentTrack200JSONResponse(s.tracks[n-1]), nil
	}
	return api.GetCurrentTrack204Response{}, s.err
}

func (s *station) ListTitles(_ context.Context, r api.ListTitlesRequestObject) (api.ListTitlesResponseObject, error) {
	if *r.Params.Q != "halah" {
		return api.ListTitles200JSONResponse{}, nil
	}
	return api.ListTitles200JSONResponse{{TitleId: "00000000000000ab", TrackArtist: "Mazzy Star", TrackTitle: "Halah", Plays: 3}}, nil
}

func (s *station) GetTitle(_ context.Context, r api.GetTitleRequestObject) (api.GetTitleResponseObject, error) {
	if r.Id != "00000000000000ab" {
		return nil, model.ErrNotFound
	}
	return api.GetTitle200JSONResponse{Body: api.TitlePlays{TitleId: r.Id, TrackArtist: "Mazzy Star", TrackTitle: "Halah", Plays: int64(len(s.tracks)), Tracks: s.tracks}}, nil
}

func (s *station) ListTopTitles(_ context.Context, r api.ListTopTitlesRequestObject) (api.ListTopTitlesResponseObject, error) {
	s.asked = r.Params
	return api.ListTopTitles200JSONResponse{
		{TitleId: "00000000000000ab", TrackArtist: "Mazzy Star", TrackTitle: "Halah", PlaysInPeriod: 8, IsNew: true},
		{TitleId: "00000000000000ac", TrackArtist: "Portishead", TrackTitle: "Roads", PlaysInPeriod: 2},
	}, nil
}

// noon is the time of the tests, at the station.
const noon = "2026-11-27T12:00:00+01:00"

func at(t *testing.T, s string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// track is one that was played for three minutes.
func (s *station) track(t *testing.T, id int64, start, artist, title string) {
	t.Helper()
	from, length := at(t, start), 180.0
	until, err := json.Marshal(s.zone.Stamp(from.Add(3 * time.Minute)))
	if err != nil {
		t.Fatal(err)
	}
	on := s.zone.Stamp(from)
	s.tracks = append(s.tracks, api.Track{
		Id: id, TrackStart: on, OnAirFrom: &on, OnAirUntil: until, TrackDuration: &length,
		TrackArtist: artist, TrackTitle: title, ShowName: "Nachtlicht",
	})
}

// pages serves the pages of a station.
func pages(t *testing.T, s *station, cfg web.Config) http.Handler {
	t.Helper()
	return pagesWith(t, s, cfg, func(*web.Options) {})
}

// pagesWith serves pages with other options.
func pagesWith(t *testing.T, s *station, cfg web.Config, change func(*web.Options)) http.Handler {
	t.Helper()
	zone, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	s.zone = zone
	server, err := httpserver.New(httpserver.Config{}, httpserver.Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Language == "" {
		cfg.Language = "en"
	}
	if cfg.Color == "" {
		cfg.Color = "#c2410c"
	}
	options := web.Options{Config: cfg, Station: "Radio <Beispiel>", Zone: zone, Operations: s, CoverOrigin: "https://covers.example", Now: func() time.Time { return at(t, noon) }}
	change(&options)
	site, err := web.New(options)
	if err != nil {
		t.Fatal(err)
	}
	site.Mount(server)
	return server.Handler()
}

// get asks for a page, and wants a status.
func get(t *testing.T, pages http.Handler, address string, status int) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httpservertest.Request(http.MethodGet, address, "")
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	pages.ServeHTTP(w, r)
	if w.Code != status {
		t.Fatalf("GET %s: %d, want %d\n%s", address, w.Code, status, w.Body)
	}
	return w
}

func newStation(t *testing.T) *station {
	t.Helper()
	zone, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	return &station{zone: zone}
}

// TestSite_home: what plays is announced, and not listed again. What stations send is
// text, whatever it looks like.
func TestSite_home(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.track(t, 1, "2026-11-27T11:50:00+01:00", "Mazzy Star", "<script>alert(1)</script>")
	s.track(t, 2, "2026-11-27T11:58:00+01:00", "Portishead", "Roads")
	answer := get(t, pages(t, s, web.Config{}), "/", http.StatusOK)
	body := answer.Body.String()
	for _, want := range []string{
		"<title>Radio &lt;Beispiel&gt;</title>", `<html lang="en">`, "Now playing: Portishead – Roads",
		"&lt;script&gt;alert(1)&lt;/script&gt;", `href="./?after=12-3"`, `<h3>Nachtlicht</h3>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s\n%s", want, body)
		}
	}
	if n := strings.Count(body, ">Roads<"); n != 1 {
		t.Errorf("what plays is shown %d times", n)
	}
	policy := answer.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
}

// TestSite_home_nothing: while nothing plays there is a picture nevertheless.
func TestSite_home_nothing(t *testing.T) {
	t.Parallel()
	body := get(t, pages(t, newStation(t), web.Config{}), "/", http.StatusOK).Body.String()
	if !strings.Contains(body, `data-part="cover"><svg class="cover"`) {
		t.Error("there is no picture")
	}
}

// TestSite_untitled: of a track without a title the artist is shown in its place, once.
func TestSite_untitled(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.track(t, 1, "2026-11-27T11:50:00+01:00", "Ana Beispiel", "")
	s.track(t, 2, "2026-11-27T11:58:00+01:00", "Ben Beispiel", "")
	handler := pages(t, s, web.Config{})
	for path, want := range map[string]string{
		"/":                         `data-part="title">Ben Beispiel</p>`,
		"/?after=x":                 `">Ana Beispiel</a></span></span>`,
		"/at?time=2026-11-27T11:51": `">Ana Beispiel</a></h2>`,
		"/embed/now":                `<p class="title" dir="auto">Ben Beispiel</p>`,
		"/embed/last":               `<span class="title" dir="auto">Ana Beispiel</span></span>`,
	} {
		if body := get(t, handler, path, http.StatusOK).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s lacks %s", path, want)
		}
	}
}

// TestSite_relative: every reference of every page leads to something that exists,
// also below a proxy's sub-path, which no server knows.
func TestSite_relative(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.track(t, 1, "2026-11-27T11:50:00+01:00", "Mazzy Star", "Halah")
	handler := pages(t, s, web.Config{})
	reference := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	for _, page := range []string{"/", "/day/2026-11-27", "/at?time=2026-11-27T11:51", "/?lang=de", "/embed", "/embed?way=frame&kind=last&lang=de", "/embed/now?lang=de", "/embed/last", "//day/2026-11-27/", "/none/at/all"} {
		w := httptest.NewRecorder()
		r := httpservertest.Request(http.MethodGet, page, "")
		r.Header.Set("Accept", "text/html")
		handler.ServeHTTP(w, r)
		found := reference.FindAllStringSubmatch(w.Body.String(), -1)
		if len(found) < 4 {
			t.Errorf("%s has %d references", page, len(found))
		}
		for _, ref := range found {
			link := strings.ReplaceAll(ref[1], "&amp;", "&")
			if strings.HasPrefix(link, "/") || strings.Contains(link, "://") || strings.Contains(link, "Zgotmpl") {
				t.Errorf("%s refers to %s", page, link)
				continue
			}
			target, err := r.URL.Parse(link)
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if strings.HasPrefix(target.Path, "/title/") {
				continue
			}
			to := httptest.NewRecorder()
			handler.ServeHTTP(to, httpservertest.Request(http.MethodGet, target.RequestURI(), ""))
			if to.Code >= http.StatusBadRequest && !strings.HasPrefix(page, "/none") {
				t.Errorf("%s leads to %s: %d", page, target, to.Code)
			}
		}
	}
}

// TestSite_cover: pages show the station's covers, and the policy allows their site.
func TestSite_cover(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.track(t, 1, "2026-11-27T11:50:00+01:00", "Mazzy Star", "Halah")
	s.tracks[0].Cover = `https://covers.example/?a="><script>`
	handler := pages(t, s, web.Config{})
	answer := get(t, handler, "/", http.StatusOK)
	if body := answer.Body.String(); !strings.Contains(body, `src="https://covers.example/?a=&#34;&gt;&lt;script&gt;"`) {
		t.Errorf("the page has no cover\n%s", body)
	}
	if policy := answer.Header().Get("Content-Security-Policy"); !strings.HasSuffix(policy, "img-src 'self' https://covers.example") {
		t.Errorf("the policy is %q", policy)
	}
}

// TestSite_language: the station's, unless the address names another; links keep it.
func TestSite_language(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	german := pages(t, s, web.Config{Language: "de"})
	if body := get(t, german, "/", http.StatusOK).Body.String(); !strings.Contains(body, "Gerade läuft nichts") || !strings.Contains(body, `<html lang="de">`) {
		t.Errorf("not German:\n%s", body)
	}
	if body := get(t, german, "/?lang=en", http.StatusOK).Body.String(); !strings.Contains(body, "Nothing is playing") || !strings.Contains(body, `href="at?lang=en"`) {
		t.Errorf("not English:\n%s", body)
	}
	if body := get(t, german, "/?lang=tlh", http.StatusBadRequest).Body.String(); !strings.Contains(body, "Das ging nicht") || !strings.Contains(body, "must be one of en, de") {
		t.Errorf("refused with:\n%s", body)
	}
}

// TestSite_day: the picker leads to a day, and a day to those around it.
func TestSite_day(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.track(t, 1, "2026-10-25T02:30:00+02:00", "Mazzy Star", "Halah") // an hour that comes twice
	handler := pages(t, s, web.Config{})
	for address, want := range map[string]string{"/day?date=2026-10-25": "day/2026-10-25", "/day": "day/2026-11-27", "/day?date=2026-10-25&lang=de": "day/2026-10-25?lang=de"} {
		if got := get(t, handler, address, http.StatusSeeOther).Header().Get("Location"); got != want {
			t.Errorf("%s leads to %s, want %s", address, got, want)
		}
	}
	body := get(t, handler, "/day/2026-10-25", http.StatusOK).Body.String()
	for _, want := range []string{"Sunday, 25 October 2026", "1 title<", `href="2026-10-24"`, `href="2026-10-26"`, `href="../at?time=2026-10-25T02:30:00"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the day lacks %s\n%s", want, body)
		}
	}
	if body := get(t, handler, "/day/2026-11-27", http.StatusOK).Body.String(); strings.Contains(body, `rel="next"`) {
		t.Errorf("today leads to tomorrow\n%s", body)
	}
	get(t, handler, "/day/2026-02-30", http.StatusBadRequest)
	get(t, handler, "/day?date=yesterday", http.StatusBadRequest)
}

// TestSite_at finds a song, and what is around it.
func TestSite_at(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	for i := range 10 {
		s.track(t, int64(i), fmt.Sprintf("2026-11-27T10:%02d:00+01:00", 3*i), "Mazzy Star", fmt.Sprint("Song ", i))
	}
	handler := pages(t, s, web.Config{})
	for address, want := range map[string]string{
		"/at?time=2026-11-27T10:13":                  "Song 4",
		"/at?time=2026-11-27T10:12":                  "Song 4",
		"/at?time=2026-11-27+10:14:59":               "Song 4",
		"/at?time=2026-11-27T09:13:00Z":              "Song 4",
		"/at?time=2026-11-27T10:00":                  "Song 0",
		"/at?time=2026-11-27T10:29:59":               "Song 9",
		"/at?time=2026-11-27T10%3A13%3A00%2B01%3A00": "Song 4",
	} {
		body := get(t, handler, address, http.StatusOK).Body.String()
		if !strings.Contains(body, "<title>Mazzy Star – "+want+" ·") {
			t.Errorf("%s: not %s\n%s", address, want, body)
		}
	}
	around := get(t, handler, "/at?time=2026-11-27T10:13", http.StatusOK).Body.String()
	for i := range 10 {
		if got, want := strings.Contains(around, fmt.Sprint(">Song ", i, "<")), i >= 1 && i <= 7; got != want {
			t.Errorf("song %d is shown: %v", i, got)
		}
	}
	if found := regexp.MustCompile(`(?s)<li class="track" aria-current="true">(?:[^\n]*)`).FindAllString(around, -1); len(found) != 1 || !strings.Contains(found[0], ">Song 4<") {
		t.Errorf("in the list stand out %q", found)
	}
	if body := get(t, handler, "/at?time=2026-11-27T10:45", http.StatusOK).Body.String(); !strings.Contains(body, "Nothing was on air") || !strings.Contains(body, "Song 9") {
		t.Errorf("after the last song:\n%s", body)
	}
	if body := get(t, handler, "/at?time=2026-11-28T10:45", http.StatusOK).Body.String(); !strings.Contains(body, "That is in the future") {
		t.Errorf("tomorrow:\n%s", body)
	}
	get(t, handler, "/at", http.StatusOK)
	get(t, handler, "/at?time=noon", http.StatusBadRequest)
}

// TestSite_titles: a search leads to a title, and that to each of its plays.
func TestSite_titles(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.track(t, 1, "2026-11-27T11:50:00+01:00", "Mazzy Star", "Halah")
	s.track(t, 2, "2026-11-26T11:50:00+01:00", "Mazzy Star", "Halah")
	handler := pages(t, s, web.Config{})
	if body := get(t, handler, "/search?q=halah", http.StatusOK).Body.String(); !strings.Contains(body, `href="title/00000000000000ab"`) || !strings.Contains(body, "3 plays") {
		t.Errorf("found:\n%s", body)
	}
	if body := get(t, handler, "/search?q=x%22%3E", http.StatusOK).Body.String(); !strings.Contains(body, `No title with “x&#34;&gt;” was played`) {
		t.Errorf("found nothing:\n%s", body)
	}
	get(t, handler, "/search", http.StatusOK)
	body := get(t, handler, "/title/00000000000000ab", http.StatusOK).Body.String()
	for _, want := range []string{"Friday, 27 November 2026", "Thursday, 26 November 2026", `href="../at?time=2026-11-26T11:50:00"`, "2 plays"} {
		if !strings.Contains(body, want) {
			t.Errorf("the title lacks %s\n%s", want, body)
		}
	}
	get(t, handler, "/title/00000000000000ac", http.StatusNotFound)
}

// TestSite_top: the charts of a period of the station.
func TestSite_top(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	handler := pages(t, s, web.Config{})
	for address, want := range map[string][2]string{
		"/top":                               {"2026-10-29", ""},
		"/top?period=week":                   {"2026-11-21", ""},
		"/top?period=ever":                   {"", ""},
		"/top?from=2026-01-01&to=2026-01-31": {"2026-01-01", "2026-01-31"},
	} {
		body := get(t, handler, address, http.StatusOK).Body.String()
		if !strings.Contains(body, "8 plays") || !strings.Contains(body, `<rect width="25"`) {
			t.Errorf("%s:\n%s", address, body)
		}
		if got := [2]string{valueOf(s.asked.FromDate), valueOf(s.asked.ToDate)}; got != want {
			t.Errorf("%s asks for %v, want %v", address, got, want)
		}
		if isNew := s.asked.New != nil && *s.asked.New; isNew != (want[0] != "") {
			t.Errorf("%s asks for new ones: %v", address, isNew)
		}
	}
	for _, address := range []string{"/top?period=day", "/top?from=2026-01-01", "/top?from=x&to=2026-01-01"} {
		get(t, handler, address, http.StatusBadRequest)
	}
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestSite_problems: people see a page, programs a problem document.
func TestSite_problems(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.err = fmt.Errorf("read entry: %w", model.ErrUnavailable)
	handler := pages(t, s, web.Config{})
	if body := get(t, handler, "/", http.StatusServiceUnavailable).Body.String(); !strings.Contains(body, "Something is broken here") {
		t.Errorf("without a database:\n%s", body)
	}
	if body := get(t, handler, "/nothing", http.StatusNotFound).Body.String(); !strings.Contains(body, "There is no such page") {
		t.Errorf("nothing there:\n%s", body)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httpservertest.Request(http.MethodGet, "/nothing", ""))
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("a program gets %s", got)
	}
}

// TestSite_assets: an asset's address changes with its content, so it is kept for
// ever. A module is one file: it imports nothing.
func TestSite_assets(t *testing.T) {
	t.Parallel()
	handler := pages(t, newStation(t), web.Config{})
	body := get(t, handler, "/", http.StatusOK).Body.String()
	module := regexp.MustCompile(`assets/live-[0-9a-f]{12}\.js`).FindString(body)
	answer := get(t, handler, "/"+module, http.StatusOK)
	if got := answer.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control: %s", got)
	}
	for _, asset := range regexp.MustCompile(`assets/[a-z]+-[0-9a-f]{12}\.js`).FindAllString(body, -1) {
		if script := get(t, handler, "/"+asset, http.StatusOK).Body.String(); strings.Contains(script, "\nimport ") {
			t.Errorf("%s imports:\n%s", asset, script)
		}
	}
	if !strings.Contains(answer.Body.String(), "\nexport class Follower ") {
		t.Errorf("the module has not what it imports:\n%s", answer.Body)
	}
	get(t, handler, "/assets/live-000000000000.js", http.StatusNotFound)
	r := httpservertest.Request(http.MethodGet, "/"+module, "")
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() >= answer.Body.Len() {
		t.Errorf("%s, %d bytes of %d", w.Header().Get("Content-Encoding"), w.Body.Len(), answer.Body.Len())
	}
}
