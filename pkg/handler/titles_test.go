package handler

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/titles"
)

// onBoth runs fn on an engine-api, and on the sync node.
func onBoth(t *testing.T, fn func(t *testing.T, s *station)) {
	t.Helper()
	t.Parallel()
	for name, start := range map[string]func(testing.TB, ...func(*API)) *station{"engine-api": newStation, "sync-node": newSyncNode} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t, start(t))
		})
	}
}

// playBy is play with an artist.
func (s *station) playBy(start, artist, title string) {
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"log_source": 1, "track_start": "`+start+`", "track_artist": "`+artist+`", "track_title": "`+title+`", "track_duration": 30}`)
}

// minutesAgo plays, a minute after one another, what is "artist - title".
func (s *station) minutesAgo(plays ...string) {
	for i, play := range plays {
		artist, title, _ := strings.Cut(play, " - ")
		s.playBy(ago(time.Duration(len(plays)-i)*time.Minute), artist, title)
	}
}

// foundTitles are titles as "title×plays".
func foundTitles(list []api.Title) string {
	var all []string
	for _, title := range list {
		all = append(all, title.TrackTitle+"×"+string(rune('0'+title.Plays)))
	}
	return strings.Join(all, " ")
}

func TestAPI_ListTitles(t *testing.T) {
	onBoth(t, func(t *testing.T, s *station) {
		s.minutesAgo("Björk - Jóga", "Bjork - JOGA", "Björk - Army of Me", "Mazzy Star - Fade", "Bjork - Jóga", " - Ärger", " - ")
		s.playBy(ago(-time.Hour), "Björk", "in the future")
		for query, want := range map[string]string{
			"bjork":           "Jóga×3 Army of Me×1",
			"BJÖRK%20j":       "Jóga×3",
			"army%20bjo":      "Army of Me×1",
			"rmy":             "",
			"arger":           "Ärger×1",
			"bjork&limit=1":   "Jóga×3",
			"future":          "",
			"100%25%20_mazzy": "",
		} {
			var list []api.Title
			read(t, s.do(http.StatusOK, http.MethodGet, "/titles?q="+query, ""), &list)
			if got := foundTitles(list); got != want {
				t.Errorf("%s finds %q, want %q", query, got, want)
			}
		}
		for _, query := range []string{"", "?q=", "?q=%20", "?q=a&limit=101", "?q=a&limit=0"} {
			s.do(http.StatusBadRequest, http.MethodGet, "/titles"+query, "")
		}
	})
}

func TestAPI_GetTitle(t *testing.T) {
	onBoth(t, func(t *testing.T, s *station) {
		s.minutesAgo("Björk - Jóga", "a - b", "BJORK - joga", "a - b", "Bjork - Joga", "a - b")
		path := "/titles/" + titles.ID("björk", "jóga").String()
		var title api.TitlePlays
		w := s.do(http.StatusOK, http.MethodGet, path+"?limit=2", "")
		read(t, w, &title)
		if title.TrackArtist != "Bjork" || title.TrackTitle != "Joga" || title.Plays != 3 || titlesOf(title.Tracks) != "Joga joga" || path != "/titles/"+title.TitleId {
			t.Errorf("got %+v", title)
		}
		if !title.FirstPlayed.Before(title.Tracks[1].TrackStart.Time) || !title.LastPlayed.Equal(title.Tracks[0].TrackStart.Time) {
			t.Errorf("played from %v until %v: %+v", title.FirstPlayed, title.LastPlayed, title.Tracks)
		}
		if total := w.Header().Get("X-Total-Count"); total != "3" {
			t.Errorf("total is %s", total)
		}
		next := linksOf(t, path, w.Header())["next"]
		read(t, s.do(http.StatusOK, http.MethodGet, next, ""), &title)
		if titlesOf(title.Tracks) != "Jóga" {
			t.Errorf("%s is %s", next, titlesOf(title.Tracks))
		}
		read(t, s.do(http.StatusOK, http.MethodGet, path+"?limit=1&page=1", ""), &title)
		if titlesOf(title.Tracks) != "joga" {
			t.Errorf("the second is %s", titlesOf(title.Tracks))
		}
		s.do(http.StatusNotFound, http.MethodGet, "/titles/"+titles.ID("nobody", "nothing").String(), "")
		s.do(http.StatusNotFound, http.MethodGet, "/titles/0000000000000000", "")
		s.do(http.StatusBadRequest, http.MethodGet, "/titles/1", "")
		s.do(http.StatusBadRequest, http.MethodGet, path+"?offset=5001", "")
	})
}

// TestAPI_GetTitle_corrected: a corrected play is one of another title, and a title
// without plays is not found.
func TestAPI_GetTitle_corrected(t *testing.T) {
	onBoth(t, func(t *testing.T, s *station) {
		s.minutesAgo("a - tpyo", "a - b")
		wrong, right := "/titles/"+titles.ID("a", "tpyo").String(), "/titles/"+titles.ID("a", "typo").String()
		s.do(http.StatusOK, http.MethodGet, wrong, "")
		s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections", `{"kind": "amend", "by": "M. Tester", "reason": "misspelled", "changes": {"track_title": "Typo"}}`)
		s.do(http.StatusNotFound, http.MethodGet, wrong, "")
		var title api.TitlePlays
		read(t, s.do(http.StatusOK, http.MethodGet, right, ""), &title)
		if title.Plays != 1 || titlesOf(title.Tracks) != "Typo" {
			t.Errorf("got %+v", title)
		}
		s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections", `{"kind": "void", "by": "M. Tester", "reason": "not played"}`)
		s.do(http.StatusNotFound, http.MethodGet, right, "")
	})
}

func TestAPI_ListTracks_found(t *testing.T) {
	onBoth(t, func(t *testing.T, s *station) {
		s.minutesAgo("Björk - 1", "x - 2", "Bjork - 3", "x - 4", "x - Bjørk", "BJÖRK - 6", "x - 7")
		for query, want := range map[string]string{
			"bjork":                "6 Bjørk 3 1",
			"bjork&limit=2":        "6 Bjørk",
			"bjork&limit=2&page=1": "3 1",
			"bjork&limit=2&page=2": "",
			"x":                    "7 Bjørk 4 2",
			"nothing":              "",
			"":                     "7 6 Bjørk 4 3 2 1",
			"bjork&to_date=2020":   "400",
			"bjork&offset=1001":    "400",
			"bjork&from_date=" + ago(150*time.Second): "6",
		} {
			if want == "400" {
				s.do(http.StatusBadRequest, http.MethodGet, "/trackservice?q="+query, "")
				continue
			}
			var list []api.Track
			w := s.do(http.StatusOK, http.MethodGet, "/trackservice?q="+query, "")
			read(t, w, &list)
			if titlesOf(list) != want {
				t.Errorf("%s finds %q, want %q", query, titlesOf(list), want)
			}
			if total := w.Header().Get("X-Total-Count"); total != "" && query != "" {
				t.Errorf("%s: total is %s", query, total)
			}
		}
		var walked []string
		for path := "/trackservice?q=bjork&limit=1"; path != ""; {
			var list []api.Track
			w := s.do(http.StatusOK, http.MethodGet, path, "")
			read(t, w, &list)
			walked = append(walked, titlesOf(list))
			path = linksOf(t, "/trackservice", w.Header())["next"]
		}
		if !slices.Equal(walked, []string{"6", "Bjørk", "3", "1"}) {
			t.Errorf("the links lead to %v", walked)
		}
	})
}

func TestAPI_ListTopTitles(t *testing.T) {
	onBoth(t, func(t *testing.T, s *station) {
		s.playBy("2020-06-27T12:00:00Z", "x", "old")
		s.playBy("2020-06-27T12:05:00Z", "x", "older")
		s.playBy("2020-06-27T12:10:00Z", "x", "old")
		s.minutesAgo("x - a", "x - old", "x - b", "x - A", "x - old", "x - old", "x - Á", "x - á")
		recent := "from_date=" + ago(time.Hour)
		for query, want := range map[string]string{
			"":                   "old 5/5, á 4/4",
			recent:               "á 4/4 new, old 3/5",
			recent + "&new=true": "á 4/4 new, b 1/1 new",
			"from_date=2020-06-27&to_date=2020-06-27": "old 2/5 new, older 1/1 new",
			"from_date=2019-06-27&to_date=2019-06-27": "",
		} {
			var list []api.TopTitle
			read(t, s.do(http.StatusOK, http.MethodGet, "/trackservice/top?limit=2&"+query, ""), &list)
			if got := topTitles(list); got != want {
				t.Errorf("%s: got %s, want %s", query, got, want)
			}
		}
		for _, query := range []string{"new=true", "to_date=2020-06-27", "from_date=2020-06-27", "limit=101", "from_date=nonsense"} {
			s.do(http.StatusBadRequest, http.MethodGet, "/trackservice/top?"+query, "")
		}
	})
}

// topTitles are titles as "title plays in the period/plays".
func topTitles(list []api.TopTitle) string {
	var all []string
	for _, t := range list {
		text := t.TrackTitle + " " + string(rune('0'+t.PlaysInPeriod)) + "/" + string(rune('0'+t.Plays))
		if t.IsNew {
			text += " new"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}
