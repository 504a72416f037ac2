package handler

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

const (
	correctArtist = `{"kind": "amend", "by": "M. Tester", "reason": "misspelled tag", "changes": {"track_artist": "Mazzy Star"}}`
	voidEntry     = `{"kind": "void", "by": "M. Tester", "reason": "logged by a test of the studio line"}`
	restoreEntry  = `{"kind": "restore", "by": "M. Tester", "reason": "was played after all"}`
)

func TestAPI_CorrectEntry(t *testing.T) {
	t.Parallel()

	t.Run("Amend", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", firstCall)
		w := s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections", correctArtist)
		if got := w.Header().Get("Location"); got != "../1" {
			t.Errorf("location is %s", got)
		}
		slashed := s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections/", correctArtist)
		if got := slashed.Header().Get("Location"); got != "../../1" {
			t.Errorf("location behind a slash is %s", got)
		}
		var c api.Correction
		read(t, w, &c)
		if (*c.Before)["track_artist"] != "Mazzie Star" || (*c.Changes)["track_artist"] != "Mazzy Star" || c.By != "M. Tester" || c.At.IsZero() {
			t.Errorf("made %+v", c)
		}
		if got := get[api.Track](s, "/trackservice/current").TrackArtist; got != "Mazzy Star" {
			t.Errorf("current artist is %s", got)
		}
		applied, raw := get[api.PlaylogEntry](s, "/playlog/1"), get[api.PlaylogEntry](s, "/playlog/1?corrections=raw")
		if applied.TrackArtist != "Mazzy Star" || !applied.IsCorrected || raw.TrackArtist != "Mazzie Star" || applied.Fingerprint != raw.Fingerprint {
			t.Errorf("shown as %+v, raw as %+v", applied, raw)
		}
		if list := get[[]api.PlaylogEntry](s, "/playlog?corrections=raw"); list[0].TrackArtist != "Mazzie Star" {
			t.Errorf("raw list is %+v", list)
		}
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", firstCall)
		if list := get[[]api.PlaylogEntry](s, "/playlog"); len(list) != 1 || list[0].TrackArtist != "Mazzy Star" {
			t.Errorf("when the engine repeats it, the log is %+v", list)
		}
		s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections", correctArtist) // its answer was lost
		if list := get[[]api.Correction](s, "/playlog/1/corrections"); len(list) != 1 {
			t.Errorf("a repeated correction is stored again: %+v", list)
		}
		again := strings.Replace(correctArtist, "misspelled tag", "another reason", 1)
		if got := s.refused(http.StatusBadRequest, http.MethodPost, "/playlog/1/corrections", again); got != "changes" {
			t.Errorf("an amend that changes nothing names %q", got)
		}
	})

	t.Run("Start", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-28T00:00:00Z"))
		s.play("2020-06-27 10:00:00", "a")
		s.play("2020-06-27 11:00:00", "b")
		s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections",
			`{"kind": "amend", "by": "M. Tester", "reason": "clock was wrong", "changes": {"track_start": "2020-06-27 12:00:00", "track_duration": null}}`)
		if got := titlesOf(get[[]api.Track](s, "/trackservice")); got != "a b" {
			t.Errorf("order is %s, want by the amended start", got)
		}
	})

	t.Run("TooMany", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", firstCall)
		amend := func(n int) string {
			return strings.Replace(correctArtist, "Mazzy Star", fmt.Sprint("Mazzy Star ", n), 1)
		}
		for n := range model.MaxCorrectionsByHand - 1 {
			s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections", amend(n))
		}
		if got := s.refused(http.StatusBadRequest, http.MethodPost, "/playlog/1/corrections", amend(99)); got != "kind" {
			t.Errorf("names %q", got)
		}
		s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections", voidEntry)
		s.refused(http.StatusBadRequest, http.MethodPost, "/playlog/1/corrections", restoreEntry)
	})

	t.Run("VoidAndRestore", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", firstCall)
		s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections", voidEntry)
		s.do(http.StatusNoContent, http.MethodGet, "/trackservice/current", "")
		if list := get[[]api.PlaylogEntry](s, "/playlog"); len(list) != 0 {
			t.Errorf("log is %+v", list)
		}
		if list := get[[]api.PlaylogEntry](s, "/playlog?corrections=raw"); len(list) != 1 || !list[0].IsVoid {
			t.Errorf("raw log is %+v", list)
		}
		if e := get[api.PlaylogEntry](s, "/playlog/1"); !e.IsVoid {
			t.Errorf("entry is %+v", e)
		}
		again := strings.Replace(voidEntry, "M. Tester", "N. Tester", 1)
		if got := s.refused(http.StatusBadRequest, http.MethodPost, "/playlog/1/corrections", again); got != "kind" {
			t.Errorf("the second void names %q", got)
		}
		s.do(http.StatusCreated, http.MethodPost, "/playlog/1/corrections", restoreEntry)
		get[api.Track](s, "/trackservice/current")
		var kinds []api.CorrectionKind
		for _, c := range get[[]api.Correction](s, "/playlog/1/corrections") {
			kinds = append(kinds, c.Kind)
		}
		if len(kinds) != 2 || kinds[0] != "void" || kinds[1] != "restore" {
			t.Errorf("corrections are %v, want oldest first", kinds)
		}
	})

	t.Run("Invalid", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", firstCall)
		for body, want := range map[string]string{
			`{"kind": "amend", "by": "a", "reason": "b", "changes": {"track_start": "soon", "track_duration": "x"}}`: "changes.track_duration changes.track_start",
			`{"kind": "amend", "by": "a", "reason": "b", "changes": {"track_start": null}}`:                          "changes.track_start",
			`{"kind": "amend", "by": "a", "reason": "b", "changes": {"track_duration": -5}}`:                         "changes.track_duration",
			`{"kind": "amend", "by": "a", "reason": "b"}`:                                                            "changes",
			`{"kind": "void", "by": "a", "reason": "b", "changes": {"track_title": "c"}}`:                            "changes",
			`{"kind": "amend", "by": "a", "reason": "b", "changes": {"log_source": 2}}`:                              "changes.log_source",
			`{"kind": "void", "by": " ", "reason": "\t"}`:                                                            "by reason",
			`{"kind": "log", "by": "a", "reason": "b"}`:                                                              "kind",
		} {
			if got := s.refused(http.StatusBadRequest, http.MethodPost, "/playlog/1/corrections", body); got != want {
				t.Errorf("%s names %q, want %q", body, got, want)
			}
		}
		s.refused(http.StatusNotFound, http.MethodPost, "/playlog/2/corrections", voidEntry)
		s.refused(http.StatusNotFound, http.MethodGet, "/playlog/2/corrections", "")
	})
}

// TestAPI_CorrectEntry_dryRun: it answers what would be stored, or why not, and
// stores nothing.
func TestAPI_CorrectEntry_dryRun(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.play("2020-06-27 19:14:00", "Halah")
	const dry = "/playlog/1/corrections?dry_run=true"
	var c api.Correction
	w := s.do(http.StatusOK, http.MethodPost, dry, `{"kind": "amend", "by": "a", "reason": "b", "changes": {"track_title": " Blue  Flower "}}`)
	if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil {
		t.Fatal(err)
	}
	if c.Id != 0 || c.Reason != "b" || (*c.Changes)["track_title"] != "Blue Flower" || (*c.Before)["track_title"] != "Halah" {
		t.Errorf("would be %s", w.Body)
	}
	if got := s.refused(http.StatusBadRequest, http.MethodPost, dry, `{"kind": "amend", "by": "a", "reason": "b", "changes": {"track_title": "Halah"}}`); got != "changes" {
		t.Errorf("no change: refused %q", got)
	}
	if got := s.refused(http.StatusBadRequest, http.MethodPost, dry, `{"kind": "restore", "by": "a", "reason": "b"}`); got != "kind" {
		t.Errorf("not void: refused %q", got)
	}
	s.refused(http.StatusNotFound, http.MethodPost, "/playlog/2/corrections?dry_run=true", voidEntry)
	if list := get[[]api.Correction](s, "/playlog/1/corrections"); len(list) != 0 {
		t.Errorf("stored %+v", list)
	}
}

func TestAPI_LogMissedEntry(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	w := s.do(http.StatusCreated, http.MethodPost, "/playlog/corrections",
		`{"by": "M. Tester", "reason": "engine was offline", "entry": {"track_start": "2020-06-27 19:19:00", "track_title": "Halah"}}`)
	if got := w.Header().Get("Location"); got != "1" {
		t.Errorf("location is %s", got)
	}
	e := get[api.PlaylogEntry](s, "/playlog/1")
	if e.TrackTitle != "Halah" || !e.IsManual || e.LogSource != 1 {
		t.Errorf("logged %+v", e)
	}
	if list := get[[]api.PlaylogEntry](s, "/playlog?corrections=raw"); len(list) != 0 {
		t.Errorf("raw log is %+v: no engine sent it", list)
	}
	if c := get[[]api.Correction](s, "/playlog/1/corrections"); len(c) != 1 || c[0].Kind != "log" || c[0].Reason != "engine was offline" {
		t.Errorf("corrections are %+v", c)
	}
	s.do(http.StatusCreated, http.MethodPost, "/playlog/corrections",
		`{"by": "M. Tester", "reason": "engine was offline", "entry": {"trackStart": "2020-06-27T19:19:00+02:00", "trackTitle": "Halah"}}`)
	if c := get[[]api.Correction](s, "/playlog/1/corrections"); len(c) != 1 {
		t.Errorf("corrections after the same request again are %+v", c)
	}
	s.do(http.StatusNoContent, http.MethodPost, "/playlog/corrections?dry_run=true",
		`{"by": "M. Tester", "reason": "engine was offline", "entry": {"track_start": "2020-06-27 19:24:00", "track_title": "Fade Into You"}}`)
	s.refused(http.StatusNotFound, http.MethodGet, "/playlog/2", "")
	for body, want := range map[string]string{
		`{"by": "a", "reason": "b", "entry": {}}`:                                                                       "entry.track_start",
		`{"by": "a", "reason": "b", "entry": {"track_start": "soon", "track_num": "x"}}`:                                "entry.track_num entry.track_start",
		`{"by": "a", "reason": "b", "entry": {"track_start": "2020-02-30 19:19:00"}}`:                                   "entry.track_start",
		`{"by": " ", "reason": "\t", "entry": {"track_start": "2020-06-27 19:19:00"}}`:                                  "by reason",
		`{"by": "a", "reason": "b", "entry": {"track_start": "2020-06-27 19:19:00", "log_source": -1}, "kind": "void"}`: "entry.log_source kind",
	} {
		for _, query := range []string{"", "?dry_run=true"} {
			if got := s.refused(http.StatusBadRequest, http.MethodPost, "/playlog/corrections"+query, body); got != want {
				t.Errorf("%s %s names %q, want %q", query, body, got, want)
			}
		}
	}
}
