package views_test

import (
	"encoding/json"
	"encoding/xml"
	"testing"
	"time"

	"aura.radio/engine/pkg/goldentest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web/views"
)

var now = time.Date(2026, 6, 27, 17, 16, 5, 250e6, time.UTC) // 19:16:05 in Vienna

func zone(t testing.TB, name string) *stationtime.Zone {
	t.Helper()
	z, err := stationtime.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func station(t testing.TB) views.Station {
	t.Helper()
	return views.Station{Name: "Radio Größe 94.4!", Zone: zone(t, "Europe/Vienna")}
}

func ago(d time.Duration) time.Time { return now.Add(-d).Truncate(time.Second) }

// played are entries, newest first. The last title is an attempt at a script.
func played() []model.Entry {
	return []model.Entry{
		{
			ID: 14, LogSource: 1, TrackStart: ago(125 * time.Second), Artist: "Mazzy Star", Album: "So Tonight That I Might See", Title: "Fade Into You",
			Duration: 295400 * time.Millisecond, ShowName: "Morning & more", ShowID: 7, TimeslotID: 42,
		},
		{ID: 13, LogSource: 1, TrackStart: ago(10 * time.Minute), TrackType: model.TrackTypeLine, ShowName: "Morning & more", ShowID: 7, TimeslotID: 42},
		{ID: 12, LogSource: 1, TrackStart: ago(15 * time.Minute), Title: "Of our own", ShowName: "Fallback"},
		{ID: 11, LogSource: 1, TrackStart: ago(20 * time.Minute), Artist: `<b>"AC/DC"</b>`, Title: "<script>alert('x')</script>", Duration: 4 * time.Minute, ShowName: "Night", TimeslotID: 41},
	}
}

// cover is that of an album.
func cover(e model.Entry) string {
	if e.Album == "" {
		return ""
	}
	return "https://radio.example/cover.jpg"
}

func playing() views.Moment {
	all := played()
	return views.NewMoment(now, trackservice.Track{Playing: true, Entry: all[0]}, all, cover)
}

func silent() views.Moment {
	return views.NewMoment(now, trackservice.Track{}, played()[3:], cover)
}

// planned are the shows of a studio clock, as clocks name them: the next one twice.
func planned() []status.Show {
	show := func(name string, id int64, start, end time.Time) status.Show {
		return status.Show{TimeslotID: 100 + id, ShowID: id, Name: name, Start: start, End: end}
	}
	at := func(hour int) time.Time { return time.Date(2026, 6, 27, hour, 0, 0, 0, time.UTC) }
	return []status.Show{
		show("Now", 1, at(17), at(18)), show("Soon & late", 2, at(18), at(19)),
		show("Soon & late", 2, at(18), at(19)), show("Tomorrow", 4, at(23), time.Time{}), show("Tonight", 3, at(19), time.Time{}),
	}
}

// TestGolden: each view of a station that plays, and of one that is silent. A wrong
// change of a shape is seen here. With -update the files are written.
func TestGolden(t *testing.T) {
	t.Parallel()
	s, utc := station(t), zone(t, "UTC")
	for name, m := range map[string]views.Moment{"playing": playing(), "silent": silent()} {
		shows := views.NewShows(planned(), m)
		if name == "silent" {
			shows = views.NewShows(nil, m)
		}
		for view, value := range map[string]any{
			"azuracast": views.NewAzuraCast(s, m), "connect": views.NewConnected(s, m), "pub": views.NewPublished(s, m),
			"live-info": views.NewLiveInfo(m, shows, s.Zone, 5), "live-info-v2": views.NewLiveInfoV2(m, shows, utc, 3),
			"flat": views.NewFlat(s, m),
		} {
			got, err := json.MarshalIndent(value, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, view+"-"+name+".json", append(got, '\n'))
		}
		feed, err := xml.MarshalIndent(views.NewFeed(s, m, "feed.xml"), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		goldentest.Compare(t, "feed-"+name+".xml", append(feed, '\n'))
		goldentest.Compare(t, "line-"+name+".txt", []byte(views.NewLine(m)))
	}
}
