package handler

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/trackservice"
	"pgregory.net/rapid"
)

// ago is a start as an engine in UTC writes it.
func ago(d time.Duration) string {
	return time.Now().UTC().Add(-d).Format("2006-01-02T15:04:05.000000Z")
}

func TestAPI_ListTracks(t *testing.T) {
	t.Parallel()

	t.Run("Original", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		for i, title := range []string{"a", "b", "c", "d"} {
			s.play(ago(time.Hour-time.Duration(i)*time.Minute), title)
		}
		s.play(ago(-time.Hour), "future")
		for path, want := range map[string]string{
			"/trackservice/":                 "d c b a",
			"/trackservice":                  "d c b a",
			"/trackservice?page=0&limit=3":   "d c b",
			"/trackservice?page=1&limit=3":   "a",
			"//trackservice//?limit=3":       "d c b",
			"/trackservice?limit=3&offset=2": "b a",
		} {
			w := s.do(http.StatusOK, http.MethodGet, path, "")
			var list []api.Track
			read(t, w, &list)
			if titlesOf(list) != want {
				t.Errorf("%s: got %s, want %s", path, titlesOf(list), want)
			}
			if total := w.Header().Get("X-Total-Count"); total != "4" {
				t.Errorf("%s: total is %s, want 4", path, total)
			}
		}
	})

	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		w := newStation(t).do(http.StatusOK, http.MethodGet, "/trackservice", "")
		if body := strings.TrimSpace(w.Body.String()); body != "[]" {
			t.Errorf("got %s, want a bare array", body)
		}
	})

	t.Run("Links", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		for i := range 7 {
			s.play(ago(time.Duration(i)*time.Minute), fmt.Sprint(i))
		}
		linked := func(path string) map[string]string {
			return linksOf(t, path, s.do(http.StatusOK, http.MethodGet, path, "").Header())
		}
		for _, list := range []string{"/trackservice", "/trackservice/", "/trackservice//"} {
			links := linked(list + "?limit=3&page=1&from_date=2020-01-01T00:00:00%2B01:00")
			if want := list + "?from_date=2020-01-01T00%3A00%3A00%2B01%3A00&limit=3&page=0"; links["first"] != want || links["prev"] != want {
				t.Errorf("links are %v", links)
			}
		}
		skipping := linked("/trackservice?limit=3&offset=2&start=2020-01-01")
		if want := "/trackservice?from_date=2020-01-01&limit=3&offset=0"; skipping["first"] != want || skipping["prev"] != want || !strings.HasPrefix(skipping["next"], "/trackservice?after=") {
			t.Errorf("links with an offset are %v", skipping)
		}
		if links := linked("/trackservice"); links["first"] != "/trackservice?page=0" {
			t.Errorf("links without a query are %v", links)
		}
		next := linked("/trackservice?limit=3&page=1")["next"]
		if list := get[[]api.Track](s, next); titlesOf(list) != "6" {
			t.Errorf("next page is %s, want 6", titlesOf(list))
		}
		last := linked(next)
		if last["next"] != "" || last["prev"] != "" || last["first"] == "" {
			t.Errorf("links of the last page are %v", last)
		}
	})

	t.Run("Invalid", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		for _, after := range []string{"x", "1-", "-1", "1", "1-0", "1--1", "01-1", "+1-1", "1-1-1", "99999999999999999999-1", "9223372036854775807-1", "-5-1"} {
			if got := s.refused(http.StatusBadRequest, http.MethodGet, "/trackservice?after="+after, ""); got != "after" {
				t.Errorf("%s: names %q, want after", after, got)
			}
		}
	})
}

var linkPattern = regexp.MustCompile(`<([^>]*)>; rel="([a-z]+)"`)

// linksOf are the links of an answer, below v1. The list was asked for at that
// path below v1, and below an address of a proxy.
func linksOf(t *testing.T, at string, h http.Header) map[string]string {
	t.Helper()
	const below = "/radio/engine" + v1
	base, err := url.Parse(below + at)
	if err != nil {
		t.Fatal(err)
	}
	links := map[string]string{}
	for _, m := range linkPattern.FindAllStringSubmatch(h.Get("Link"), -1) {
		target, err := base.Parse(m[1])
		if err != nil {
			t.Fatal(err)
		}
		path, ok := strings.CutPrefix(target.String(), below)
		if !ok || m[1] == "" {
			t.Errorf("the link %q leads from %s to %s", m[1], base, target)
		}
		links[m[2]] = path
	}
	return links
}

// Following next shows every record that was there at the beginning once, in
// order, whatever is stored meanwhile. Counting pages does the same as long as
// nothing is stored, and so does following next through what was heard: that may
// change with what is stored.
func TestAPI_ListTracks_Paging(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-06-28T00:00:00Z"))
	day := moment(t, "2000-01-01T00:00:00Z")
	rapid.Check(t, func(r *rapid.T) {
		day = day.AddDate(0, 0, 1) // each check has a day of its own
		ofDay := "?from_date=" + day.Format(time.DateOnly) + "&to_date=" + day.Format(time.DateOnly)
		stored := 0
		store := func(label string, atLeast int) {
			for _, second := range rapid.SliceOfN(rapid.IntRange(0, 5), atLeast, 8).Draw(r, label) {
				stored++
				s.play(fmt.Sprintf("%sT10:00:%02dZ", day.Format(time.DateOnly), second), fmt.Sprint(stored))
			}
		}
		store("before", 1)
		limit := rapid.IntRange(1, 4).Draw(r, "limit")
		for _, list := range []string{"/trackservice" + ofDay, "/playlog" + ofDay} {
			want := titlesOf(get[[]api.Track](s, list+"&limit=1000"))
			var byPage, byLink []api.Track
			for page := 0; ; page++ {
				tracks := get[[]api.Track](s, fmt.Sprintf("%s&limit=%d&page=%d", list, limit, page))
				if len(tracks) == 0 {
					break
				}
				byPage = append(byPage, tracks...)
			}
			for next := fmt.Sprintf("%s&limit=%d", list, limit); next != ""; {
				w := s.do(http.StatusOK, http.MethodGet, next, "")
				var tracks []api.Track
				read(t, w, &tracks)
				byLink, next = append(byLink, tracks...), linksOf(t, next, w.Header())["next"]
			}
			if titlesOf(byPage) != want || titlesOf(byLink) != want {
				r.Fatalf("pages show %s, links lead to %s, want %s", titlesOf(byPage), titlesOf(byLink), want)
			}
		}
		list := "/playlog" + ofDay
		want := titlesOf(get[[]api.Track](s, list+"&limit=1000"))

		before := stored
		var seen []string
		for next := fmt.Sprintf("%s&limit=%d", list, limit); next != ""; {
			w := s.do(http.StatusOK, http.MethodGet, next, "")
			var tracks []api.Track
			read(t, w, &tracks)
			for _, track := range tracks {
				if slices.Contains(seen, track.TrackTitle) {
					r.Fatalf("%s is shown twice: %v", track.TrackTitle, seen)
				}
				seen = append(seen, track.TrackTitle)
			}
			next = linksOf(t, next, w.Header())["next"]
			store("meanwhile", 0)
			if stored > 60 {
				break
			}
		}
		old := slices.DeleteFunc(slices.Clone(seen), func(title string) bool {
			var n int
			_, _ = fmt.Sscan(title, &n)
			return n > before
		})
		if stored <= 60 && strings.Join(old, " ") != want {
			r.Fatalf("following next shows %v, want %s", old, want)
		}
	})
}

func TestAPI_ListTracks_Until(t *testing.T) {
	t.Parallel()
	var s *station
	var begins time.Time
	for ahead, got := time.Second, ""; got != "a"; ahead *= 2 {
		s, begins = newStation(t), time.Now().Add(ahead)
		s.play(ago(time.Minute), "a")
		s.play(begins.UTC().Format("2006-01-02T15:04:05.000000Z"), "b")
		if got = titlesOf(get[[]api.Track](s, "/trackservice")); got != "a" && time.Now().Before(begins) {
			t.Fatalf("got %s before b begins", got)
		}
	}
	<-time.After(time.Until(begins))
	if got := titlesOf(get[[]api.Track](s, "/trackservice")); got != "b a" {
		t.Errorf("got %s after b began: what was kept is not true any more", got)
	}
	if current := get[api.Track](s, "/trackservice/current"); current.TrackTitle != "b" {
		t.Errorf("current is %s", current.TrackTitle)
	}
}

func TestAPI_ListTracksOfDay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone, date  string
		first, last string // the day's first and last second
		hours       int
	}{
		"Summer":   {"Europe/Vienna", "2020-06-27", "2020-06-26T22:00:00Z", "2020-06-27T21:59:59Z", 24},
		"25Hours":  {"Pacific/Auckland", "2026-04-05", "2026-04-04T11:00:00Z", "2026-04-05T11:59:59Z", 25},
		"23Hours":  {"Pacific/Auckland", "2026-09-27", "2026-09-26T12:00:00Z", "2026-09-27T10:59:59Z", 23},
		"HalfHour": {"Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z", "2026-01-01T18:14:59Z", 24},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStation(t, at(t, "2027-01-01T00:00:00Z", c.zone))
			first, last := moment(t, c.first), moment(t, c.last)
			if got := last.Add(time.Second).Sub(first); got != time.Duration(c.hours)*time.Hour {
				t.Fatalf("the test means a day of %v", got)
			}
			for title, start := range map[string]time.Time{
				"before": first.Add(-time.Second), "morning": first, "noon": first.Add(12 * time.Hour), "night": last, "after": last.Add(time.Second),
			} {
				s.play(start.Format(time.RFC3339), title)
			}
			w := s.do(http.StatusOK, http.MethodGet, "/trackservice/day/"+c.date, "")
			var list []api.Track
			read(t, w, &list)
			if titlesOf(list) != "morning noon night" {
				t.Errorf("day is %s, want oldest first", titlesOf(list))
			}
			if got := w.Header().Get("X-Total-Count"); got != "3" {
				t.Errorf("total is %s", got)
			}
			if got := list[0].TrackStart.Format("2006-01-02T15:04:05"); got != c.date+"T00:00:00" {
				t.Errorf("day begins at %s", got)
			}
		})
	}

	t.Run("Today", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-27T10:00:00Z"))
		s.play("2020-06-27 09:00:00", "past")
		s.play("2020-06-27 18:00:00", "future")
		if got := titlesOf(get[[]api.Track](s, "/trackservice/day/2020-06-27")); got != "past" {
			t.Errorf("today is %s", got)
		}
		if got := get[[]api.Track](s, "/trackservice/day/2020-06-28"); len(got) > 0 {
			t.Errorf("tomorrow is %v", got)
		}
	})

	// What began before the day, and still sounds, comes first and is marked.
	t.Run("BeganBefore", func(t *testing.T) {
		t.Parallel()
		now := at(t, "2020-06-29T10:00:00Z")
		for name, s := range map[string]*station{"SQLite": newStation(t, now), "MariaDB": newStationOn(t, repotest.KindMariaDB, now), "sync-node": newSyncNode(t, now)} {
			for _, play := range []string{
				`"track_start": "2020-06-26 23:50:00", "track_duration": 300, "track_title": "over"`,
				`"track_start": "2020-06-27 09:00:00", "track_duration": 300, "track_title": "morning"`,
				`"track_start": "2020-06-27 23:58:00", "track_duration": 300, "track_title": "night"`,
				`"track_start": "2020-06-28 21:00:00", "track_type": 2, "track_title": "live"`,
			} {
				s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"log_source": 1, `+play+`}`)
			}
			for path, want := range map[string]string{
				"2020-06-27":              "morning night",
				"2020-06-28":              "(night) live",
				"2020-06-28?started=any":  "(night) live",
				"2020-06-28?started=only": "live",
				"2020-06-29":              "(live)",
				"2020-06-30":              "", // is still to come
			} {
				w := s.do(http.StatusOK, http.MethodGet, "/trackservice/day/"+path, "")
				var tracks []api.Track
				read(t, w, &tracks)
				var got []string
				for _, track := range tracks {
					if track.BeganBefore {
						track.TrackTitle = "(" + track.TrackTitle + ")"
					}
					got = append(got, track.TrackTitle)
				}
				if strings.Join(got, " ") != want || w.Header().Get("X-Total-Count") != strconv.Itoa(len(got)) {
					t.Errorf("%s: %s is %v of %s, want %s", name, path, got, w.Header().Get("X-Total-Count"), want)
				}
			}
			if got := s.refused(http.StatusBadRequest, http.MethodGet, "/trackservice/day/2020-06-28?started=before", ""); got != "started (query)" {
				t.Errorf("%s: names %q", name, got)
			}
		}
	})

	t.Run("Invalid", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		if got := s.refused(http.StatusBadRequest, http.MethodGet, "/trackservice/day/2020-02-30", ""); got != "date" {
			t.Errorf("names %q", got)
		}
		s.do(http.StatusOK, http.MethodGet, "/trackservice/day/0001-01-01", "")
		s.do(http.StatusOK, http.MethodGet, "/trackservice/day/9999-12-31", "")
		s.refused(http.StatusBadRequest, http.MethodGet, "/trackservice/day/today", "")
	})
}

func TestAPI_GetTrack(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.play(ago(time.Minute), "a")
	s.play(ago(-time.Hour), "future")
	s.play(ago(time.Hour), "void")
	s.do(http.StatusCreated, http.MethodPost, "/playlog/3/corrections", `{"kind": "void", "by": "M. Tester", "reason": "test"}`)
	if got := get[api.Track](s, "/trackservice/1"); got.TrackTitle != "a" || got.Id != 1 {
		t.Errorf("got %+v", got)
	}
	for _, id := range []string{"2", "3", "4"} {
		s.refused(http.StatusNotFound, http.MethodGet, "/trackservice/"+id, "")
	}
}

func TestAPI_GetCurrentTrack(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.do(http.StatusNoContent, http.MethodGet, "/trackservice/current", "")

	start := ago(10 * time.Minute)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+start+`", "track_title": "over", "track_duration": 60}`)
	s.do(http.StatusNoContent, http.MethodGet, "/trackservice/current", "")

	// Jingles, live titles and repetitions: history and current always agree,
	// and nothing is listed twice. What was heard for less than a second is no play.
	for _, title := range []string{"jingle", "live", "jingle", "song"} {
		start := ago(0)
		for range 2 {
			s.play(start, title)
			current := get[api.Track](s, "/trackservice/current")
			history := get[[]api.Track](s, "/trackservice?limit=1")
			if current.TrackTitle != title || history[0].Id != current.Id {
				t.Fatalf("after %s current is %s, history begins with %s", title, current.TrackTitle, history[0].TrackTitle)
			}
		}
	}
	if got := titlesOf(get[[]api.Track](s, "/trackservice")); !strings.HasPrefix(got, "song ") || !strings.HasSuffix(got, " over") || strings.Count(got, "song") != 1 {
		t.Errorf("history is %s", got)
	}
}

// stream runs the track service, and opens a stream. It returns the data of the next
// event.
func (s *station) stream(path string) (next func() string) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.api.Current.(*trackservice.Service).Run(ctx) }()
	server := httptest.NewServer(s.http)
	s.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
		server.Close()
	})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+v1+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = w.Body.Close() })
	if got := w.Header.Get("Content-Type"); got != "text/event-stream" {
		s.t.Fatalf("type is %s", got)
	}
	lines := bufio.NewScanner(w.Body)
	return func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		s.t.Fatalf("no event: %v", lines.Err())
		return ""
	}
}

func TestAPI_StreamTracks(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.play(ago(time.Minute), "a")
	next := s.stream("/trackservice/stream")
	await := func(text string) {
		for !strings.Contains(next(), text) {
		}
	}
	await(`"track_title":"a"`)
	s.play(ago(0), "b")
	await(`"track_title":"b"`)
}

// A read that fails is answered as a failure, not as an empty list. Cached
// answers continue to be served.
func TestAPI_ListTracks_Unavailable(t *testing.T) {
	t.Parallel()
	var broken brokenLog
	s := newStation(t, func(a *API) { broken.EntryLog = a.OnAir; a.OnAir = &broken })
	s.play(ago(time.Minute), "a")
	s.do(http.StatusOK, http.MethodGet, "/trackservice", "")
	s.play(ago(time.Second), "b")
	broken.err = fmt.Errorf("read entries: %w", model.ErrUnavailable)
	w := s.do(http.StatusOK, http.MethodGet, "/trackservice", "")
	if !strings.Contains(w.Body.String(), `"track_title":"a"`) || w.Header().Get("Warning") == "" {
		t.Errorf("got %s with %v", w.Body, w.Header())
	}
	for _, path := range []string{"/trackservice?limit=1", "/trackservice/day/" + time.Now().Format(time.DateOnly), "/trackservice/1"} {
		s.refused(http.StatusServiceUnavailable, http.MethodGet, path, "")
	}
}

// brokenLog fails with err once err is set.
type brokenLog struct {
	EntryLog
	err error
}

func (b *brokenLog) Entry(ctx context.Context, id int64) (model.Entry, error) {
	if b.err != nil {
		return model.Entry{}, b.err
	}
	return b.EntryLog.Entry(ctx, id)
}

func (b *brokenLog) Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.EntryLog.Entries(ctx, q)
}
