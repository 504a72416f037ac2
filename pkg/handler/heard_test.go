package handler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
)

// hearing shows what an answer says of an entry: "title from-until (why)", in
// seconds after noon.
func hearing(t *testing.T, e api.PlaylogEntry) string {
	t.Helper()
	noon := moment(t, "2026-11-27T12:00:00Z")
	times := func(list *[]api.Hearing) (text string) {
		for _, h := range *list {
			text += fmt.Sprintf(" %g-", h.From.Sub(noon).Seconds())
			if h.Until != nil {
				text += fmt.Sprintf("%g", h.Until.Sub(noon).Seconds())
			}
			if h.Estimated {
				text += " estimated"
			}
		}
		return text
	}
	text := e.TrackTitle
	if text == "" {
		text = e.ShowName
	}
	text += times(e.Heard)
	if e.NotHeard != nil {
		text += " (" + strings.Join(*e.NotHeard, ", ") + ")"
	}
	if e.OnAir != nil {
		text += " on air" + times(e.OnAir)
	}
	return text
}

func TestAPI_Heard(t *testing.T) {
	t.Parallel()

	// Every reason, by the rule of what was heard.
	t.Run("Reasons", func(t *testing.T) {
		t.Parallel()
		now := moment(t, "2026-11-27T12:00:00Z")
		s := newStation(t, func(a *API) { a.Now = func() time.Time { return now } })
		send := func(arrival, start float64, fields string) {
			t.Helper()
			noon := moment(t, "2026-11-27T12:00:00Z")
			after := func(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }
			now = after(arrival)
			s.do(http.StatusNoContent, http.MethodPost, "/playlog",
				fmt.Sprintf(`{"track_start": %q, "track_album": "A", %s}`, after(start).Format(time.RFC3339), fields))
		}
		health := func(at float64, fallback bool) {
			t.Helper()
			now = moment(t, "2026-11-27T12:00:00Z").Add(time.Duration(at * float64(time.Second)))
			s.do(http.StatusNoContent, http.MethodPost, "/source/health/1", fmt.Sprintf(`{"is_healthy": true, "details": {"fallback": %t}}`, fallback))
		}
		send(0, 0, `"track_title": "one", "track_artist": "x", "track_duration": 100`)      // 1
		send(10, 10, `"track_title": "one", "track_artist": "x", "track_duration": 90`)     // 2
		send(100, 100, `"track_title": "lost", "track_artist": "x", "track_duration": 60`)  // 3
		send(102, 100, `"track_title": "next", "track_artist": "x", "track_duration": 60`)  // 4
		send(130, 130, `"show_name": "Fallback", "track_duration": 10`)                     // 5
		send(200, 200, `"track_title": "void", "track_artist": "x", "track_duration": 20`)  // 6
		send(220, 900, `"track_title": "ahead", "track_artist": "x", "track_duration": 20`) // 7
		send(300, 300, `"track_title": "long", "track_artist": "x", "track_type": 0`)       // 8
		health(395, false)
		send(400, 400, `"show_name": "Fallback", "track_num": 2, "track_duration": 60`) // 9
		health(405, false)
		send(1300, 1300, `"track_title": "on", "track_artist": "x", "track_duration": 200`) // 10
		s.do(http.StatusCreated, http.MethodPost, "/playlog/6/corrections", `{"kind": "void", "by": "M. Tester", "reason": "test"}`)
		want := []string{
			1: "one 0-100", 2: "one (repetition of 1)", 3: "lost 100-102 (replaced by 4)", 4: "next 102-130 140-160 (covered by fallback)",
			5: "Fallback 130-140", 6: "void (void)", 7: "ahead (doubtful start)", 8: "long 300-1200 estimated",
			9: "Fallback (contradicted by health)", 10: "on 1300-",
		}
		for id := 1; id < len(want); id++ {
			e := get[api.PlaylogEntry](s, fmt.Sprintf("/playlog/%d", id))
			if got := hearing(t, e); got != want[id] {
				t.Errorf("entry %d is %s, want %s", id, got, want[id])
			}
			raw := get[api.PlaylogEntry](s, fmt.Sprintf("/playlog/%d?corrections=raw", id))
			bears := func(e api.PlaylogEntry) bool {
				return slices.ContainsFunc(e.Doubts, func(d api.Doubt) bool { return d.Field == "show_name" })
			}
			if bears(e) != (id == 9) || bears(raw) {
				t.Errorf("entry %d bears the doubts %v, raw %v", id, e.Doubts, raw.Doubts)
			}
		}
		list := func(query string) (shown []string, total, link string) {
			t.Helper()
			w := s.do(http.StatusOK, http.MethodGet, "/playlog?heard=false"+query, "")
			var entries []api.PlaylogEntry
			read(t, w, &entries)
			for _, e := range entries {
				shown = append(shown, hearing(t, e))
			}
			return shown, w.Header().Get("X-Total-Count"), w.Header().Get("Link")
		}
		all := []string{want[7], want[9], want[6], want[2]}
		if got, total, link := list(""); !slices.Equal(got, all) || total != "4" || strings.Contains(link, "next") {
			t.Errorf("not heard were %q, %s in total, %s", got, total, link)
		}
		if got, total, _ := list("&from_date=2026-11-27T12:00:10Z&to_date=2026-11-27T12:03:20Z"); !slices.Equal(got, all[2:]) || total != "2" {
			t.Errorf("between two times %q, %s in total", got, total)
		}
		if got, total, _ := list("&from_date=2026-10-28&limit=1&page=1"); !slices.Equal(got, all[1:2]) || total != "4" {
			t.Errorf("the second page is %q, %s in total", got, total)
		}
		var pages []string
		for query := "&limit=3"; query != ""; {
			got, _, link := list(query)
			pages = append(pages, got...)
			_, rest, _ := strings.Cut(link, `rel="first", <?`)
			next, _, isNext := strings.Cut(rest, `>; rel="next"`)
			if query = ""; isNext {
				query = "&" + strings.ReplaceAll(next, "heard=false&", "")
			}
		}
		if !slices.Equal(pages, all) {
			t.Errorf("page by page not heard were %q, want %q", pages, all)
		}
	})

	t.Run("Refused", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2026-11-27T12:00:00Z"))
		for query, want := range map[string]string{
			"heard=true":                                          "heard (query)",
			"heard=false&skip_synced=true":                        "skip_synced",
			"heard=false&from_date=2026-10":                       "from_date",
			"heard=false&from_date=2026-10-01":                    "from_date",
			"heard=false&from_date=2026-10-01&to_date=2026-11-02": "from_date",
		} {
			if got := s.refused(http.StatusBadRequest, http.MethodGet, "/playlog?"+query, ""); got != want {
				t.Errorf("%s names %q, want %q", query, got, want)
			}
		}
		// A month with the hour that a daylight saving change repeats.
		s.do(http.StatusOK, http.MethodGet, "/playlog?heard=false&from_date=2026-10-01&to_date=2026-10-31", "")
		s.do(http.StatusNotFound, http.MethodGet, "/playlog/1", "")
	})

	// On the sync node an entry may be heard at its source, and not be on air.
	t.Run("OnAir", func(t *testing.T) {
		t.Parallel()
		s := twoSources(t)
		for title, want := range map[string]string{"one": "[12:00] on air [12:00]", "cut": "[12:03] on air [12:03]", "never": "[12:07] on air []", "joined": "[12:04] on air [12:05]"} {
			for _, e := range get[[]api.PlaylogEntry](s, "/playlog?source=all") {
				if e.TrackTitle != title {
					continue
				}
				one := get[api.PlaylogEntry](s, fmt.Sprintf("/playlog/%d", e.Id))
				var times [2][]string
				for i, list := range []*[]api.Hearing{one.Heard, one.OnAir} {
					for _, h := range *list {
						times[i] = append(times[i], h.From.Format("15:04"))
					}
				}
				if got := fmt.Sprintf("%v on air %v", times[0], times[1]); got != want {
					t.Errorf("%s was heard %s, want %s", title, got, want)
				}
			}
		}
		if got := get[[]api.PlaylogEntry](s, "/playlog?heard=false&from_date=2020-06-27"); len(got) > 0 {
			t.Errorf("not heard were %v", got)
		}
	})
}
