package views_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web/views"
)

// TestSongID: the first id is the example of AzuraCast's documentation, and the
// second is a constant in its code.
func TestSongID(t *testing.T) {
	t.Parallel()
	const offline = "5a6a865199cf5df73b1417326d2ff24f"
	for text, want := range map[string]string{
		"Chet Porter - Aluko River":             "9f33bbc912c19603e51be8e0987d076b",
		"Station Offline":                       offline,
		"":                                      offline,
		" - ":                                   offline,
		"CHET \"Porter\" -\tAluko\r\n'River'":   "9f33bbc912c19603e51be8e0987d076b",
		strings.Repeat("ö", 150) + "not hashed": views.SongID(strings.Repeat("Ö", 150)),
	} {
		if got := views.SongID(text); got != want {
			t.Errorf("%q has the id %s, want %s", text, got, want)
		}
	}
	if views.SongID("a") == views.SongID("b") {
		t.Error("two songs have one id")
	}
}

func TestStation_Shortcode(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"AURA": "aura", "Radio Größe 94.4!": "radio_größe_94.4", "AzuraTest Radio": "azuratest_radio",
		"94.4": "station_94.4", "...": "station_.", "!": "station", "": "station", "a/b?c#d%": "abcd", "Радио": "радио",
	} {
		if got := (views.Station{Name: name}).Shortcode(); got != want {
			t.Errorf("%q is %q in addresses, want %q", name, got, want)
		}
	}
}

// TestNewAzuraCast_stream: players play the default mount, or listen_url.
func TestNewAzuraCast_stream(t *testing.T) {
	t.Parallel()
	s := station(t)
	s.Stream = "https://radio.example:8000/live.mp3?a=b"
	v := views.NewAzuraCast(s, silent()).Station
	if v.ListenURL != s.Stream || len(v.Mounts) != 1 || !v.Mounts[0].IsDefault || v.Mounts[0].URL != s.Stream || v.Mounts[0].Path != "/live.mp3" {
		t.Errorf("%+v", v)
	}
}

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	for address, isValid := range map[string]bool{
		"": true, "https://radio.example/live.mp3": true, "http://192.0.2.1:8000/;": true,
		"radio.example/live": false, "rtmp://radio.example": false, "https:///live": false, "https://a:b@radio.example/live": false, "https://%zz": false,
		"https://radio.example/" + strings.Repeat("x", 2000): false, "javascript:alert(1)": false,
	} {
		cfg := views.Config{StreamURL: address}
		if err := cfg.Validate(); (err == nil) != isValid || err != nil && strings.Contains(err.Error(), "a:b") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// TestNewMoment: the current track is not also in the history, whether the log is
// ahead of the track service or behind it.
func TestNewMoment(t *testing.T) {
	t.Parallel()
	all := played()
	for name, test := range map[string]struct {
		current trackservice.Track
		latest  []model.Entry
		want    string
	}{
		"in the log":         {trackservice.Track{Playing: true, Entry: all[0]}, all[:2], "Morning & more"},
		"not in the log yet": {trackservice.Track{Playing: true, Entry: all[0]}, all[1:3], "Morning & more Of our own"},
		"the log is ahead":   {trackservice.Track{Playing: true, Entry: all[1]}, all[:3], "Of our own"},
		"over":               {trackservice.Track{Entry: all[0]}, all[:1], "Fade Into You"},
		"nothing ever":       {trackservice.Track{}, nil, ""},
	} {
		m := views.NewMoment(now, test.current, test.latest, cover)
		var titles []string
		for _, p := range m.Before {
			titles = append(titles, p.Title)
		}
		if got := strings.Join(titles, " "); got != test.want || (m.Playing != nil) != test.current.Playing {
			t.Errorf("%s: before were %q, want %q", name, got, test.want)
		}
	}
}

// TestPlay_times: what went on air in its middle is over when its title is.
func TestPlay_times(t *testing.T) {
	t.Parallel()
	e := played()[0]
	e.Air = &model.Airing{From: ago(65 * time.Second)}
	m := views.NewMoment(now, trackservice.Track{Playing: true, Entry: e}, nil, cover)
	np := views.NewAzuraCast(station(t), m).NowPlaying
	if np.PlayedAt != ago(65*time.Second).Unix() || np.Duration != 235 || np.Elapsed != 65 || np.Remaining != 170 {
		t.Errorf("on air since a minute: %+v", np)
	}
	m.Now = now.Add(time.Hour)
	if np := views.NewAzuraCast(station(t), m).NowPlaying; np.Elapsed != np.Duration || np.Remaining != 0 {
		t.Errorf("behind its end: %+v", np)
	}
	m.Now = e.TrackStart.Add(-time.Hour) // a clock that was set
	if np := views.NewAzuraCast(station(t), m).NowPlaying; np.Elapsed != 0 || np.Remaining != np.Duration {
		t.Errorf("before its start: %+v", np)
	}
}

// TestNewShows: a clock that names no show that is on is no reason to show none.
func TestNewShows(t *testing.T) {
	t.Parallel()
	shows := views.NewShows(nil, playing())
	if c := shows.Current; c == nil || c.Name != "Morning & more" || c.ShowID != 7 || c.TimeslotID != 42 || !c.Start.Equal(ago(10*time.Minute)) {
		t.Errorf("the show of the play is %+v", c)
	}
	over := []status.Show{{Name: "Over", Start: ago(2 * time.Hour), End: ago(time.Hour)}}
	if c := views.NewShows(over, playing()).Current; c == nil || c.Name != "Morning & more" {
		t.Errorf("while the clock is old the show is %+v", c)
	}
	fallback := played()[2]
	m := views.NewMoment(now, trackservice.Track{Playing: true, Entry: fallback}, nil, cover)
	if c := views.NewShows(nil, m).Current; c != nil {
		t.Errorf("the fallback is shown as the show %+v", c)
	}
	shows = views.NewShows(planned(), playing())
	var next []string
	for _, s := range shows.Within(now, zone(t, "Europe/Vienna"), 2).Next {
		next = append(next, s.Name)
	}
	if got := strings.Join(next, ", "); got != "Soon & late, Tonight, Tomorrow" {
		t.Errorf("next are %s", got)
	}
	if n := len(shows.Within(now, zone(t, "Europe/Vienna"), 1).Next); n != 2 {
		t.Errorf("%d shows begin today", n)
	}
	if n := len(shows.Within(now, zone(t, "UTC"), 1).Next); n != 3 {
		t.Errorf("%d shows begin today in UTC", n)
	}
}

// TestLibreTime_escaped: widgets of LibreTime put texts into pages as they are.
func TestLibreTime_escaped(t *testing.T) {
	t.Parallel()
	all := played()[3:]
	m := views.NewMoment(now, trackservice.Track{Playing: true, Entry: all[0]}, nil, cover)
	clock := []status.Show{{Name: "<img src=x>", Start: ago(time.Hour)}, {Name: "<i>", Start: now.Add(time.Hour)}}
	info := views.NewLiveInfo(m, views.NewShows(clock, m), station(t).Zone, 5)
	for _, text := range []string{
		info.Current.Name, info.Current.Metadata.TrackTitle, info.Current.Metadata.ArtistName, info.CurrentShow[0].Name, info.NextShow[0].Name,
	} {
		if strings.ContainsAny(text, `<>"'`) || !strings.Contains(text, "&lt;") {
			t.Errorf("a widget would show %s", text)
		}
	}
}

// TestLibreTime_ends: LibreTime's player asks again when the track is said to end. So
// there is always an end, and none that has passed.
func TestLibreTime_ends(t *testing.T) {
	t.Parallel()
	live := played()[1]
	m := views.NewMoment(now, trackservice.Track{Playing: true, Entry: live}, nil, cover)
	for name, test := range map[string]struct {
		clock []status.Show
		want  string
	}{
		"the show's":      {[]status.Show{{Name: "a", Start: ago(time.Hour), End: now.Add(time.Hour)}}, "2026-06-27 18:16:05"},
		"the next show's": {[]status.Show{{Name: "a", Start: now.Add(time.Hour)}}, "2026-06-27 18:16:05"},
		"not known":       {nil, "2026-06-27 17:17:05"},
	} {
		info := views.NewLiveInfo(m, views.NewShows(test.clock, m), station(t).Zone, 5)
		if info.Current.Ends != test.want || info.Current.Type != "livestream" || info.SourceEnabled != "Live" {
			t.Errorf("%s: %+v", name, info.Current)
		}
	}
}

// TestNewFeed: ids don't change with amended titles or databases, and no two plays have
// the same id, even if a title went on air twice. No text breaks the document.
func TestNewFeed(t *testing.T) {
	t.Parallel()
	e := played()[0]
	feedOf := func(entries ...model.Entry) views.Feed {
		return views.NewFeed(station(t), views.NewMoment(now, trackservice.Track{}, entries, cover), "feed.xml")
	}
	corrected := e
	corrected.ID, corrected.Overlay.Changes.Title = 99, new("Another\x00 & <title>")
	again, first := e, feedOf(e).Entries[0]
	again.Air = &model.Airing{From: e.TrackStart.Add(time.Minute)}
	second := feedOf(corrected).Entries[0]
	if first.ID != second.ID || first.Title == second.Title {
		t.Errorf("corrected: %+v, before: %+v", second, first)
	}
	if third := feedOf(again).Entries[0]; third.ID == first.ID {
		t.Errorf("two plays have the id %s", third.ID)
	}
	raw, err := xml.Marshal(feedOf(corrected))
	if err != nil {
		t.Fatal(err)
	}
	var read views.Feed
	if err := xml.Unmarshal(raw, &read); err != nil || !strings.HasSuffix(read.Entries[0].Title, "Another\uFFFD & <title>") {
		t.Errorf("%v: %s", err, raw)
	}
	if many := feedOf(make([]model.Entry, 60)...); len(many.Entries) != views.MaxFeed {
		t.Errorf("%d entries", len(many.Entries))
	}
	if empty := feedOf(); empty.Updated != "1970-01-01T01:00:00+01:00" || empty.ID != feedOf(e).ID {
		t.Errorf("without plays: %+v", empty)
	}
}
