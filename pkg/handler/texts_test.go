package handler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// TestAPI_texts: each text of a play, of an amendment and of a missed entry is one
// line, in either spelling.
func TestAPI_texts(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	const tidy = `{"track_start": "2020-06-27 19:14:00", "track_artist": "Mazzy Star", "track_title": "Fade Into You 👩‍👩‍👧", "show_name": "Größte Hits"}`
	for _, body := range []string{
		`{"trackStart": "2020-06-27T19:14:00", "trackArtist": "\u0000Mazzy \u0000 Star\u0000", "trackTitle": "\ufeffFade\u3000Into\u00a0 You 👩‍👩‍👧\u200d", "showName": "Gro\u0308ßte Hits "}`,
		`{"track_start": "2020-06-27 19:14:00", "track_artist": ["Mazzy\tStar"], "track_title": "\u202eFade\r\nInto You 👩‍👩‍👧\u202c", "show_name": "Größte Hits"}`,
		tidy,
	} {
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", body)
	}
	list := get[[]api.PlaylogEntry](s, "/playlog?corrections=raw")
	if len(list) != 1 || list[0].TrackArtist != "Mazzy Star" || list[0].TrackTitle != "Fade Into You 👩‍👩‍👧" || list[0].ShowName != "Größte Hits" {
		t.Errorf("stored %+v", list)
	}
	s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections",
		`{"kind": "amend", "by": "M. Tester", "reason": "test", "changes": {"track_album": " So Tonight\u2028That I Might See\u200b"}}`)
	if got := get[api.Track](s, "/trackservice/1").TrackAlbum; got != "So Tonight That I Might See" {
		t.Errorf("amended to %q", got)
	}
	missed := fmt.Sprintf(`{"by": "M. Tester", "reason": "test", "entry": %s}`, strings.Replace(tidy, "Star", "  Star ", 1))
	s.do(http.StatusCreated, http.MethodPost, "/playlog/corrections", missed)
	if list := get[[]api.PlaylogEntry](s, "/playlog"); len(list) != 1 {
		t.Errorf("a missed entry that an engine sent is another one: %+v", list)
	}
}

// TestAPI_texts_syncNode: what a node sends to a sync node keeps its identity. What
// a person tells it is one line.
func TestAPI_texts_syncNode(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t, at(t, "2020-06-27T18:00:00Z"))
	e := model.Entry{LogSource: 1, TrackStart: moment(t, "2020-06-27T17:14:00Z"), Artist: "Mazzy  Star ", Title: "Halah"}
	untitled := model.Entry{LogSource: 1, TrackStart: moment(t, "2020-06-27T17:20:00Z"), ShowID: 4}
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "2020-06-27 19:14:00", "track_artist": "Mazzy  Star ", "track_title": "Halah", "log_source": 1}`)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "2020-06-27 19:20:00", "show_id": 4, "log_source": 1}`)
	list := get[[]api.PlaylogEntry](s, "/playlog?source=all")
	if len(list) != 2 || list[1].Fingerprint != e.Fingerprint().String() || list[0].Fingerprint != untitled.Fingerprint().String() {
		t.Errorf("stored %+v", list)
	}
	s.do(http.StatusCreated, http.MethodPost, "/playlog/corrections",
		`{"by": "M. Tester", "reason": "test", "entry": {"track_start": "2020-06-27 19:30:00", "track_title": " a  b ", "log_source": 1}}`)
	if got := get[[]api.PlaylogEntry](s, "/playlog?source=all")[0].TrackTitle; got != "a b" {
		t.Errorf("a missed entry has the title %q", got)
	}
}

// TestAPI_untitled: two untitled plays of one start are two entries. The track service
// shows each by its show, and no answer shows what tells them apart.
func TestAPI_untitled(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-06-27T18:00:00Z"))
	for range 2 {
		for _, show := range []string{`"showId": 4, "showName": "Morning"`, `"showId": 5, "showName": "Noon", "trackArtist": " ", "trackTitle": "\u200b"`} {
			s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"trackStart": "2020-06-27T19:14:00", "timeslotId": "7", "mediaId": -1, `+show+`}`)
		}
	}
	for _, query := range []string{"", "?corrections=raw"} {
		var shows []string
		for _, e := range get[[]api.PlaylogEntry](s, "/playlog"+query) {
			shows = append(shows, e.TrackArtist+e.TrackAlbum+e.TrackTitle+e.ShowName)
		}
		if slices.Sort(shows); !slices.Equal(shows, []string{"Morning", "Noon"}) {
			t.Errorf("/playlog%s: %q", query, shows)
		}
	}
	var titles []string
	for _, track := range get[[]api.Track](s, "/trackservice") {
		titles = append(titles, track.TrackArtist+track.TrackAlbum+track.TrackTitle)
	}
	// Of two plays at one start one is heard.
	if !slices.Equal(titles, []string{"Morning"}) {
		t.Errorf("the track service shows %q", titles)
	}
	if got := shown(t, s.website("")); got != "Morning" {
		t.Errorf("AURA 1.x is shown %q", got)
	}
	if got := shown(t, s.website("?containsMusic=true")); got != "" {
		t.Errorf("AURA 1.x is shown %q as music", got)
	}
	var c api.Correction
	read(t, s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections",
		`{"kind": "amend", "by": "M. Tester", "reason": "test", "changes": {"track_title": "Halah", "track_album": "She Hangs Brightly"}}`), &c)
	if album := (*c.Before)["track_album"]; album != "" {
		t.Errorf("the album was %q", album)
	}
	csv := s.do(http.StatusOK, http.MethodGet, "/report/2020-06?format=csv", "").Body.String()
	if strings.ContainsFunc(csv, func(r rune) bool { return r >= 0xE0000 && r < 0xE0080 }) {
		t.Errorf("the report has marks: %q", csv)
	}
}
