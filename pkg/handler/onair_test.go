package handler

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
)

// twoSources is a sync node at 12:10. Both sources played from noon on. The
// active source was switched from 1 to 2 at 12:05, in the middle of a long
// track.
func twoSources(t *testing.T) *station {
	t.Helper()
	s := newSyncNode(t, at(t, "2020-06-27T12:10:00Z", "UTC"))
	play := func(source int, start, title string, seconds int) {
		t.Helper()
		s.do(http.StatusNoContent, http.MethodPost, "/playlog",
			fmt.Sprintf(`{"log_source": %d, "track_start": "2020-06-27 %s", "track_title": %q, "track_duration": %d}`, source, start, title, seconds))
	}
	play(1, "12:00:00", "one", 180)
	play(1, "12:03:00", "cut", 240)
	play(1, "12:07:00", "never", 60)
	play(2, "12:04:00", "joined", 180)
	play(2, "12:07:00", "now", 240)
	s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", `{"at": "2020-06-27T12:05:00Z"}`)
	return s
}

func TestAPI_OnAir(t *testing.T) {
	t.Parallel()

	t.Run("Tracks", func(t *testing.T) {
		t.Parallel()
		s := twoSources(t)
		var got []string
		for _, track := range get[[]api.Track](s, "/trackservice") {
			got = append(got, fmt.Sprintf("%s of %d at %s from %s to %s", track.TrackTitle, track.LogSource,
				track.TrackStart.Format("15:04"), track.OnAirFrom.Format("15:04"), track.OnAirUntil))
		}
		want := `now of 2 at 12:07 from 12:07 to null, joined of 2 at 12:04 from 12:05 to "2020-06-27T12:07:00+00:00", ` +
			`cut of 1 at 12:03 from 12:03 to "2020-06-27T12:05:00+00:00", one of 1 at 12:00 from 12:00 to "2020-06-27T12:03:00+00:00"`
		if strings.Join(got, ", ") != want {
			t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
		}
		joined := get[[]api.Track](s, "/trackservice?limit=2")[1]
		if one := get[api.Track](s, fmt.Sprintf("/trackservice/%d", joined.Id)); string(one.OnAirUntil) != `"2020-06-27T12:07:00+00:00"` {
			t.Errorf("alone it is %+v", one)
		}
		if day := get[[]api.Track](s, "/trackservice/day/2020-06-27"); len(day) != 4 || day[3].OnAirFrom == nil {
			t.Errorf("the day is %+v", day)
		}
		s.do(http.StatusNotFound, http.MethodGet, "/trackservice/3", "") // was never on air
		// Nothing is stored, but the end has come.
		s.setNow("2020-06-27T12:11:00Z")
		if now := get[api.Track](s, "/trackservice/5"); string(now.OnAirUntil) != `"2020-06-27T12:11:00+00:00"` {
			t.Errorf("when it is over it is shown until %s", now.OnAirUntil)
		}
	})

	// The full records: those that were on air, or all that every source sent.
	t.Run("Playlog", func(t *testing.T) {
		t.Parallel()
		s := twoSources(t)
		list := func(query string) (got string) {
			for _, e := range get[[]api.PlaylogEntry](s, "/playlog"+query) {
				got += fmt.Sprintf("%s %t %s, ", e.TrackTitle, e.OnAirFrom != nil, e.OnAirUntil)
			}
			return got
		}
		for query, want := range map[string]string{
			"?limit=2":                    `now true null, joined true "2020-06-27T12:07:00+00:00", `,
			"?limit=2&corrections=raw":    `now true null, joined true "2020-06-27T12:07:00+00:00", `,
			"?limit=3&source=all":         `now false , never false , joined false , `,
			"?skip_synced=true":           ``,
			"?from_date=2020-06-27T12:06": `now true null, `,
		} {
			if got := list(query); got != want {
				t.Errorf("%s: got %s, want %s", query, got, want)
			}
		}
		if got := s.refused(http.StatusBadRequest, http.MethodGet, "/playlog?source=1", ""); got != "source (query)" {
			t.Errorf("names %q", got)
		}
		if e := get[api.PlaylogEntry](s, "/playlog/3"); e.TrackTitle != "never" || e.OnAirFrom != nil || !e.IsSynced {
			t.Errorf("the record is %+v", e)
		}
		s.do(http.StatusCreated, http.MethodPost, "/playlog/3/corrections", `{"kind": "void", "by": "M. Tester", "reason": "test"}`)
	})

	// The track service of an engine-api says from when until when something was
	// heard. Its full records are as they were sent.
	t.Run("EngineAPI", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", firstCall)
		for path, says := range map[string]bool{
			"/trackservice": true, "/trackservice/current": true, "/trackservice/1": true, "/trackservice/day/2020-06-27": true,
			"/playlog": false, "/playlog?source=all": false, "/playlog/1": false,
		} {
			body := s.do(http.StatusOK, http.MethodGet, path, "").Body.String()
			if strings.Contains(body, `"on_air_until":"2020-06-27T19:29:00+02:00"`) != says || strings.Contains(body, "on_air") != says {
				t.Errorf("%s: %s", path, body)
			}
		}
	})

	t.Run("Report", func(t *testing.T) {
		t.Parallel()
		s := twoSources(t)
		var got []string
		r := get[api.Report](s, "/report/2020-06")
		for _, p := range r.Plays {
			got = append(got, fmt.Sprintf("%s %s-%s %v", p.TrackTitle, p.TrackStart.Format("15:04"), p.TrackEnd.Format("15:04"), p.Seconds))
		}
		if want := "one 12:00-12:03 180, cut 12:03-12:05 120, joined 12:05-12:07 120, now 12:07-12:10 180"; strings.Join(got, ", ") != want {
			t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
		}
	})

	// The sync node plays nothing itself.
	t.Run("NoSource", func(t *testing.T) {
		t.Parallel()
		s := newSyncNode(t)
		for body, want := range map[string]string{
			`{"track_start": "2020-06-27 19:14:00"}`:                        "log_source",
			`{"track_start": "2020-06-27 19:14:00", "log_source": 0}`:       "log_source",
			`{"track_start": "2020-06-27 19:14:00", "log_source": null}`:    "log_source",
			`{"track_start": "2020-06-27 19:14:00", "log_source": "first"}`: "log_source",
		} {
			w := s.do(http.StatusBadRequest, http.MethodPost, "/playlog/store", body)
			if !strings.Contains(w.Body.String(), "source that played it") {
				t.Errorf("%s is answered %s", body, w.Body)
			}
			if got := s.refused(http.StatusBadRequest, http.MethodPost, "/playlog", body); got != want {
				t.Errorf("%s names %q, want %q", body, got, want)
			}
		}
		s.refused(http.StatusBadRequest, http.MethodPut, "/clock", `{"current_track": null}`)
	})

	t.Run("Clock", func(t *testing.T) {
		t.Parallel()
		s := newSyncNode(t)
		if c := get[api.Clock](s, "/clock"); c.EngineSource != 1 || c.SentAt != nil {
			t.Errorf("before any came it is %+v", c)
		}
		for _, source := range []int{1, 2} {
			s.do(http.StatusNoContent, http.MethodPut, "/clock", fmt.Sprintf(`{"engine_source": %d}`, source))
		}
		for _, source := range []int{2, 1} {
			s.do(http.StatusNoContent, http.MethodPut, fmt.Sprintf("/source/active/%d", source), "")
			if c := get[api.Clock](s, "/clock"); c.EngineSource != source {
				t.Errorf("source %d is active, but the clock is that of %d", source, c.EngineSource)
			}
		}
	})
}

// An end that comes without anything being stored is seen, although answers are
// cached.
func TestAPI_OnAir_endSeen(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t)
	const long = 300 * time.Millisecond
	start := time.Now().UTC()
	short := record.NewEntry(model.Record{Entry: model.Entry{LogSource: 1, TrackStart: start, Title: "short", Duration: long}})
	s.send(map[string]any{"records": []any{short}})
	paths := []string{"/trackservice", "/trackservice/1", "/trackservice/current", "/trackservice/day/" + s.api.Zone.In(start).Format(time.DateOnly)}
	for deadline := start.Add(patience.Limit()); len(paths) > 0; {
		body := s.do(http.StatusOK, http.MethodGet, paths[0], "").Body.String()
		switch shown := !strings.Contains(body, `"on_air_until":null`); {
		case shown && time.Now().Before(start.Add(long-time.Microsecond)):
			t.Fatalf("%s: the end is shown before it came: %s", paths[0], body)
		case shown:
			paths = paths[1:]
		case time.Now().After(deadline):
			t.Fatalf("%s: the end is never shown: %s", paths[0], body)
		case time.Now().Before(start.Add(long)):
			for _, path := range paths[1:] { // so that all are cached before the end
				s.do(http.StatusOK, http.MethodGet, path, "")
			}
		}
	}
}

func TestTrack_onAir(t *testing.T) {
	t.Parallel()
	noon := moment(t, "2020-06-27T12:00:00Z")
	for name, c := range map[string]struct {
		until time.Time
		now   time.Time
		want  string
	}{
		"NoEnd":       {time.Time{}, noon.Add(time.Hour), `null`},
		"EndToCome":   {noon.Add(time.Minute), noon.Add(time.Minute - 1), `null`},
		"AtItsEnd":    {noon.Add(time.Minute), noon.Add(time.Minute), `"2020-06-27T14:01:00+02:00"`},
		"WithSeconds": {noon.Add(time.Minute + time.Microsecond), noon.Add(time.Hour), `"2020-06-27T14:01:00.000001+02:00"`},
	} {
		e := model.Entry{LogSource: 2, TrackStart: noon.Add(-time.Minute), Air: &model.Airing{From: noon, Until: c.until}}
		got, err := json.Marshal(Track(zone(t, "Europe/Vienna"), links.Links{}, e, c.now))
		for _, part := range []string{`"log_source":2,`, `"on_air_from":"2020-06-27T14:00:00+02:00","on_air_until":` + c.want + `,`, `"track_start":"2020-06-27T13:59:00+02:00"`} {
			if err != nil || !strings.Contains(string(got), part) {
				t.Errorf("%s: %v, no %s in %s", name, err, part, got)
			}
		}
	}
}
