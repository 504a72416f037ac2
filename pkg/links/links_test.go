package links_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

var from = time.Date(2026, 11, 30, 23, 5, 7, 900_000_000, time.UTC)

func withConfig(t testing.TB, c links.Config) links.Links {
	t.Helper()
	zone, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return links.New(c, zone)
}

func TestLinks_Cover(t *testing.T) {
	t.Parallel()
	work := model.Entry{Artist: "AC/DC & Söhne", Title: "50% + 1?", ISRC: "USEM39400001"}
	whole := work
	whole.Album = "a b"
	amended := work
	amended.Overlay.Changes.Artist = new("Mazzy Star")
	for name, c := range map[string]struct {
		template string
		entry    model.Entry
		want     string
	}{
		"NotConfigured":     {"", whole, ""},
		"Path":              {"/covers/{isrc}.jpg", whole, "/covers/USEM39400001.jpg"},
		"Encoded":           {"https://c.example/{artist}/{album}", whole, "https://c.example/AC%2FDC%20%26%20S%C3%B6hne/a%20b"},
		"Query":             {"https://c.example/s?a={artist}&t={title}", whole, "https://c.example/s?a=AC%2FDC%20%26%20S%C3%B6hne&t=50%25%20%2B%201%3F"},
		"Corrected":         {"/c/{artist}", amended, "/c/Mazzy%20Star"},
		"LacksInThePath":    {"https://c.example/{artist}/{album}", work, ""},
		"LacksInTheQuery":   {"/c?a={artist}&b={album}", work, "/c?a=AC%2FDC%20%26%20S%C3%B6hne&b="},
		"LacksAll":          {"/c?b={album}", work, ""},
		"Untitled":          {"/c?a={artist}&t={title}", model.Entry{}, ""},
		"Show":              {"/c?a={artist}&t={title}", model.Entry{ShowName: "Morning"}, "/c?a=&t=Morning"},
		"LeadsNowhereElse":  {"/c/{artist}/{title}.jpg", model.Entry{Artist: "..", Title: "x"}, ""},
		"LeadsNowhereElse2": {"/c/{artist}{title}/x", model.Entry{Artist: ".", Title: "."}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := withConfig(t, links.Config{Cover: c.template}).Cover(c.entry); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	if got := (links.Links{}).Cover(whole); got != "" {
		t.Errorf("without a configuration it is %s", got)
	}
}

// TestLinks_Cover_property: an address leads to the host and the folder of the
// template, and its query has exactly what was said.
func TestLinks_Cover_property(t *testing.T) {
	t.Parallel()
	l := withConfig(t, links.Config{Cover: "https://covers.example/of/{artist}/x?t={title}&b={album}#{isrc}"})
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[./\\?#&=%+:@{}a]*`))
		e := model.Entry{Artist: text.Draw(r, "artist"), Title: text.Draw(r, "title"), Album: text.Draw(r, "album"), ISRC: text.Draw(r, "isrc")}
		address := l.Cover(e)
		if address == "" {
			return
		}
		base, _ := url.Parse("https://radio.example/page")
		u, err := base.Parse(address)
		if err != nil || u.Host != "covers.example" || strings.Count(u.EscapedPath(), "/") != 3 || !strings.HasPrefix(u.Path, "/of/") || len(u.Query()) != 2 {
			r.Fatalf("%v: %s", err, address)
		}
	})
}

func TestLinks_Recording(t *testing.T) {
	t.Parallel()
	until := from.Add(3 * time.Minute)
	for name, c := range map[string]struct {
		template string
		until    time.Time
		want     string
	}{
		"NotConfigured": {"", until, ""},
		"ISO":           {"https://r.example/?from={from}&until={until}", until, "https://r.example/?from=2026-11-30T23%3A05%3A07Z&until=2026-11-30T23%3A08%3A07Z"},
		"Unix":          {"/r/{from_unix}-{until_unix}", until, "/r/1796079907-1796080087"},
		"Hourly":        {"/archive/{date}/{hour}.mp3#t={second_of_hour}", until, "/archive/2026-12-01/00.mp3#t=307"},
		"Local":         {"/{date}_{hour}-{minute}-{second}", time.Time{}, "/2026-12-01_00-05-07"},
		"NoEnd":         {"https://r.example/?from={from}&until={until}", time.Time{}, ""},
		"NoUnixEnd":     {"https://r.example/?from={from}&until={until_unix}", time.Time{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := withConfig(t, links.Config{Recording: c.template}).Recording(from, c.until); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLinks_RecordingOf(t *testing.T) {
	t.Parallel()
	c := links.Config{Recording: "/r?{from_unix}&{until_unix}"}
	for name, test := range map[string]struct {
		e    model.Entry
		want string
	}{
		"OnAir":           {model.Entry{TrackStart: from, Air: &model.Airing{From: from.Add(time.Second), Until: from.Add(60 * time.Second)}}, "/r?1796079908&1796079967"},
		"OnAirStill":      {model.Entry{TrackStart: from, Air: &model.Airing{From: from, Until: from.Add(2 * time.Hour)}}, ""},
		"OnAirWithoutEnd": {model.Entry{TrackStart: from, Duration: time.Minute, Air: &model.Airing{From: from}}, ""},
		"AsSaid":          {model.Entry{TrackStart: from, Duration: time.Minute}, "/r?1796079907&1796079967"},
		"Unknown":         {model.Entry{TrackStart: from}, ""},
		"Amended":         {model.Entry{TrackStart: from, Overlay: model.Overlay{Changes: model.Changes{Duration: new(time.Second)}}}, "/r?1796079907&1796079908"},
	} {
		now := from.Add(time.Hour)
		if got := withConfig(t, c).RecordingOf(test.e, now); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if got := withConfig(t, c).PublicRecordingOf(test.e, now); got != "" {
			t.Errorf("%s: everybody may know %s", name, got)
		}
		open := c
		open.RecordingPublic = true
		if got := withConfig(t, open).PublicRecordingOf(test.e, now); got != test.want {
			t.Errorf("%s: for everybody it is %q, want %q", name, got, test.want)
		}
	}
	if got := withConfig(t, links.Config{Recording: "/r/{from_unix}"}).RecordingOf(model.Entry{TrackStart: from}, from.Add(-1)); got != "" {
		t.Errorf("before it begins it is %s", got)
	}
	if got := (links.Links{}).RecordingOf(model.Entry{TrackStart: from}, from); got != "" {
		t.Errorf("without a configuration it is %s", got)
	}
}

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	for template, rule := range map[string]string{
		"":                                 "",
		"/covers/{isrc}.jpg":               "",
		"https://c.example/?a={artist}":    "",
		"https://c.example:8443/{artist}":  "",
		"http://c.example/{artist}":        "must begin with https://",
		"covers/{artist}":                  "must begin with https://",
		"//c.example/{artist}":             "must begin with https://",
		`/\c.example/{artist}`:             "must begin with https://",
		"javascript:alert({artist})":       "must begin with https://",
		"https:c.example/{artist}":         "must begin with https://",
		"https://{artist}.example/":        "must begin with https://",
		"https://c.example{artist}/":       "must begin with https://",
		"https://{artist}/":                "must begin with https://",
		"{artist}":                         "must begin with https://",
		"https://name:pw@c.example/{isrc}": "must begin with https://",
		"https://c.example/a b/{artist}":   "must begin with https://",
		"https://c.example/ü/{artist}":     "must begin with https://",
		"https://c.example/%zz/{artist}":   "must begin with https://",
		"https://c.example/cover.jpg":      "must have at least one of the placeholders {isrc}, {artist}, {album}, {title}",
		"https://c.example/{composer}":     "must have no other placeholders than {isrc}",
		"https://c.example/{artist":        "must have no other placeholders than {isrc}",
		"https://c.example/{}":             "must have no other placeholders than {isrc}",
		"https://c.example/{Artist}":       "must have no other placeholders than {isrc}",
	} {
		err := (&links.Config{Cover: template}).Validate()
		if (err == nil) != (rule == "") || err != nil && (!strings.Contains(err.Error(), rule) || !strings.Contains(err.Error(), "AURA_COVER_URL")) {
			t.Errorf("%s: %v, want %q", template, err, rule)
		}
	}
	err := (&links.Config{Cover: "x", Recording: "/{title}"}).Validate()
	if err == nil || !strings.Contains(err.Error(), "AURA_COVER_URL") || !strings.Contains(err.Error(), "AURA_RECORDING_URL") {
		t.Errorf("does not name both: %v", err)
	}
}
