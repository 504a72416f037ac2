package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"aura.radio/engine/pkg/api"
)

// startCorrecting starts a sync node on which an evening is logged whose clock is an
// hour ahead: four plays, a hole of ten minutes between the last two, and one after
// them, until the end of the month. The station is in UTC.
func startCorrecting(t *testing.T) *service {
	t.Helper()
	s := launch(t, t.TempDir(), "sync-node", "sqlite://"+filepath.Join(t.TempDir(), "sync-node.db"),
		"AURA_LOCAL_NEEDS_TOKEN=true", "AURA_STATION_TIMEZONE=UTC", "AURA_SOURCE_NAMES=1=Engine A,2=Engine B",
		"AURA_API_TOKENS=ann:admin:"+statusSecret+",mo:monitor:"+lookerSecret)
	t.Cleanup(func() { s.end(t) })
	awaitReady(t, s.url, s.exited)
	for _, p := range []struct{ start, artist, title string }{
		{"20:00:00", "Mazzie Star", "Halah"}, {"20:03:00", "Portishead", "Roads"}, {"20:06:00", "", "Jingle"}, {"20:19:00", "Can", "Vitamin C"},
	} {
		asAnn(t, s, http.MethodPost, "/api/v1/playlog", fmt.Sprintf(
			`{"track_start": "2026-06-27T%sZ", "track_artist": %q, "track_title": %q, "track_duration": 180, "show_name": "Nachtlicht", "log_source": 1}`, p.start, p.artist, p.title))
	}
	return s
}

// lookerSecret is that of a person who may look, and correct nothing.
const lookerSecret = "mo-secret-0123456789"

// opens goes to an address.
func (o operator) opens(address string) {
	o.t.Helper()
	if err := chromedp.Do(o.ctx, chromedp.Navigate(address)); err != nil {
		o.t.Fatal(err)
	}
}

// fills replaces what a field holds, with the keyboard.
func (o operator) fills(id, text string) {
	o.t.Helper()
	o.reach(fmt.Sprintf("document.getElementById(%q)", id))
	evaluate[any](o.t, o.ctx, "document.activeElement.select?.(); 0")
	o.press(text)
}

// presses reaches a button or a link, and presses it.
func (o operator) presses(selector string) {
	o.t.Helper()
	o.reach(fmt.Sprintf("document.querySelector(%q)", selector))
	o.press(kb.Enter)
}

// corrections are the kinds, people and reasons of an entry's corrections.
func corrections(t *testing.T, s *service, id int64) (all []string) {
	t.Helper()
	for _, c := range asked[[]api.Correction](t, s, fmt.Sprintf("/api/v1/playlog/%d/corrections", id)) {
		all = append(all, fmt.Sprintf("%s %s: %s", c.Kind, c.By, c.Reason))
	}
	return all
}

// asked is an answer that a program of a person gets.
func asked[T any](t *testing.T, s *service, path string) (answer T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+statusSecret)
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if err := json.NewDecoder(w.Body).Decode(&answer); err != nil || w.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d, %v", path, w.StatusCode, err)
	}
	return answer
}

// entryNamed is the number of the entry with a title.
func entryNamed(t *testing.T, s *service, title string) int64 {
	t.Helper()
	for _, e := range asked[[]api.PlaylogEntry](t, s, "/api/v1/playlog?source=all") {
		if e.TrackTitle == title {
			return e.Id
		}
	}
	t.Fatalf("there is no entry %s", title)
	return 0
}

// TestReportsPage: a person picks a month, and sees the totals of the API's report.
// Every file can be downloaded with the session.
func TestReportsPage(t *testing.T) {
	t.Parallel()
	s := startCorrecting(t)
	o := operator{t, openBrowser(t, s.url)}
	o.signIn(s)
	o.opens(s.url + "/reports")
	o.reach(`document.getElementById("period")`)
	evaluate[any](t, o.ctx, `document.activeElement.value = "2026-06"; 0`)
	o.press(kb.Enter)
	o.sees("h1", "June 2026")

	told := asked[api.Report](t, s, "/api/v1/report/2026-06")
	for id, want := range map[string]string{
		"plays": fmt.Sprint(told.Summary.Plays), "holes": fmt.Sprint(told.Summary.Holes), "length": "0:12 h",
		"withoutartist": fmt.Sprint(told.Summary.WithoutArtist), "doubtful": "0", "estimated": fmt.Sprint(told.Summary.Estimated),
	} {
		if got := evaluate[string](t, o.ctx, fmt.Sprintf(`document.getElementById(%q).firstChild.textContent.trim()`, id)); got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	if told.Summary.Plays != 4 || told.Summary.Holes != 2 || told.Summary.WithoutArtist != 1 || told.Summary.Seconds != 720 {
		t.Errorf("the report has %+v", told.Summary)
	}
	perDay := evaluate[string](t, o.ctx, `[...document.querySelectorAll("#perday tbody tr")].map(r => r.cells[1].textContent).join("")`)
	if want := strings.Repeat("0", 26) + "4" + "000"; perDay != want {
		t.Errorf("plays per day are %s, want %s", perDay, want)
	}
	if shows := evaluate[string](t, o.ctx, `document.getElementById("shows").parentElement.querySelector("tbody").textContent`); !strings.Contains(shows, "Nachtlicht") {
		t.Errorf("the shows are %s", shows)
	}
	failed := evaluate[[]string](t, o.ctx, `[...document.querySelectorAll(".files a, .parts a")].map(a => {
		const r = new XMLHttpRequest(); r.open("GET", a.href, false); r.send(); return r.status === 200 && r.responseText.length > 20 ? "" : a.href + ": " + r.status;
	}).filter(Boolean)`)
	if links := evaluate[int](t, o.ctx, `document.querySelectorAll(".files a, .parts a").length`); len(failed) > 0 || links != 8 {
		t.Errorf("%d links, of which fail %q", links, failed)
	}
	o.opens(s.url + "/reports?from=2026-06-28&to=2026-06-30")
	o.sees(".empty", "Nothing was played")
	o.opens(s.url + "/reports?period=2026")
	o.sees("h1", "2026")
	if bars := evaluate[int](t, o.ctx, `document.querySelectorAll(".columns")[0].querySelectorAll("rect").length`); bars < 6 || bars > 12 {
		t.Errorf("the year has %d columns", bars)
	}
}

// TestCorrectPage: with the keyboard alone a person finds an entry, looks at an
// amendment before it is saved, voids an entry and takes that back, and fills a hole.
func TestCorrectPage(t *testing.T) {
	t.Parallel()
	s := startCorrecting(t)
	o := operator{t, openBrowser(t, s.url)}
	o.signIn(s)
	id := entryNamed(t, s, "Halah")

	o.opens(s.url + "/correct/day/2026-06-27")
	o.sees("#found", "27 June 2026")
	o.fills("q", "mazzie"+kb.Enter)
	o.sees("main", "1 entry")
	o.presses(".entry a")
	o.sees("h1", "Mazzie Star – Halah")
	o.fills("track_artist", "Mazzy Star")
	o.fills("reason", "tag was misspelled"+kb.Enter)
	o.sees("h1", "Amend this entry?")
	o.sees(".changes", "Mazzie Star")
	o.sees(".changes ins", "Mazzy Star")
	if found := corrections(t, s, id); len(found) != 0 {
		t.Errorf("the preview has stored %q", found)
	}
	o.presses(`button[value="edit"]`)
	o.sees("#change", "Amend")
	if typed := evaluate[string](t, o.ctx, `document.getElementById("track_artist").value + ", " + document.getElementById("reason").value`); typed != "Mazzy Star, tag was misspelled" {
		t.Errorf("what was typed is now %q", typed)
	}
	o.presses(`button[value="amend"]`)
	o.sees("h1", "Amend this entry?")
	o.presses(`button[value="save"]`)
	o.sees(".notice", "The amendment is saved.")
	o.sees(".audit", "ann")
	o.sees(".audit", "tag was misspelled")
	o.sees(".audit del", "Mazzie Star")
	if found := corrections(t, s, id); len(found) != 1 || found[0] != "amend ann: tag was misspelled" {
		t.Errorf("the corrections are %q", found)
	}

	o.fills("reason", "was a test")
	o.presses(`button[value="void"]`)
	o.sees("h1", "Void this entry?")
	o.presses(`button[value="save"]`)
	o.sees(".badge.bad", "Voided")
	if plays := asked[api.Report](t, s, "/api/v1/report/2026-06").Summary.Plays; plays != 3 {
		t.Errorf("after the void the report has %d plays", plays)
	}
	o.opens(s.url + "/correct/day/2026-06-27?only=void")
	o.sees("main", "1 entry")
	o.presses(".entry a")
	o.sees("#change", "Take the void back")
	o.fills("reason", "was no test")
	o.presses(`button[value="restore"]`)
	o.sees("h1", "Take the void back?")
	o.presses(`button[value="save"]`)
	o.sees(".audit li:nth-child(3)", "Void taken back")

	o.opens(s.url + "/reports?period=2026-06")
	o.presses(".holes a")
	o.sees("h1", "Log what was missed")
	o.reads(`["log_source", "track_start", "track_duration", "show_name"].map(id => document.getElementById(id).value).join(" ")`, "1 2026-06-27T20:09 10:00 Nachtlicht")
	o.fills("track_title", "Live from the hall")
	o.fills("reason", "the engine was off"+kb.Enter)
	o.sees("h1", "Log this entry?")
	o.sees(".changes", "2026-06-27 20:09")
	o.presses(`button[value="save"]`)
	o.sees(".notice", "The entry is logged.")
	o.sees(".audit", "the engine was off")
	if told := asked[api.Report](t, s, "/api/v1/report/2026-06").Summary; told.Holes != 1 || told.Plays != 5 {
		t.Errorf("afterwards the report has %+v", told)
	}
}

// TestCorrectPage_Shift: an hour is moved, seen before, and taken back.
func TestCorrectPage_Shift(t *testing.T) {
	t.Parallel()
	s := startCorrecting(t)
	o := operator{t, openBrowser(t, s.url)}
	o.signIn(s)
	starts := func() (all []string) {
		for _, e := range asked[[]api.PlaylogEntry](t, s, "/api/v1/playlog?source=all") {
			all = append(all, e.TrackStart.UTC().Format("15:04"))
		}
		return all
	}
	o.opens(s.url + "/correct/shift?" + url.Values{"from": {"2026-06-27T20:00"}, "to": {"2026-06-27T20:10"}, "source": {"1"}, "direction": {"earlier"}}.Encode())
	o.fills("by_length", "1:00:00")
	o.fills("reason", "summer time was forgotten"+kb.Enter)
	o.sees("h1", "Move these starts?")
	o.sees("main", "3 entries will move.")
	o.sees(".changes ins", "2026-06-27 19:00:00")
	if got := fmt.Sprint(starts()); got != "[20:19 20:06 20:03 20:00]" {
		t.Errorf("after the preview: %s", got)
	}
	o.presses(`button[value="save"]`)
	o.sees(".notice", "3 entries were moved.")
	if got := fmt.Sprint(starts()); got != "[20:19 19:06 19:03 19:00]" {
		t.Errorf("after the shift: %s", got)
	}
	if found := corrections(t, s, entryNamed(t, s, "Roads")); len(found) != 1 || found[0] != "amend ann: shifted by -1h0m0s: summer time was forgotten" {
		t.Errorf("the corrections are %q", found)
	}
	o.presses(".notice a")
	o.sees("main", "Takes back")
	o.presses("main form .row button")
	o.sees("h1", "Take this move back?")
	o.presses(`button[value="save"]`)
	o.sees(".notice", "3 entries were moved back.")
	if got := fmt.Sprint(starts()); got != "[20:19 20:06 20:03 20:00]" {
		t.Errorf("after it was taken back: %s", got)
	}
}

// TestCorrectPage_Refused: a mistake is shown at its field, and nothing that was typed
// is lost. Who is not signed in, may not, or comes from another site corrects nothing.
func TestCorrectPage_Refused(t *testing.T) {
	t.Parallel()
	s := startCorrecting(t)
	id := entryNamed(t, s, "Halah")
	o := operator{t, startBrowser(t)} // its console has an error for each page that says why not
	o.signIn(s)
	o.opens(s.url + fmt.Sprintf("/correct/entry/%d", id))
	o.fills("track_title", "Blue Flower")
	o.fills("track_duration", "long")
	o.fills("reason", "heard it"+kb.Enter)
	o.sees(".notice", "That was not saved")
	o.sees("#track_duration-wrong", "seconds")
	if typed := evaluate[string](t, o.ctx, `["track_title", "track_duration", "reason"].map(id => document.getElementById(id).value).join(", ")`); typed != "Blue Flower, long, heard it" {
		t.Errorf("what was typed is now %q", typed)
	}
	for path, want := range map[string]int{"/reports": 401, "/correct": 401, fmt.Sprintf("/correct/entry/%d", id): 401} {
		if status, _, err := call(t.Context(), http.MethodGet, s.url+path, ""); err != nil || status != want {
			t.Errorf("GET %s by a stranger: %d, %v", path, status, err)
		}
	}
	form := url.Values{"kind": {"void"}, "step": {"save"}, "by": {"Eve"}, "reason": {"because"}}.Encode()
	for name, c := range map[string]struct {
		header http.Header
		want   int
	}{
		"a stranger":   {http.Header{}, 401},
		"a monitor":    {http.Header{"Authorization": {"Bearer " + lookerSecret}}, 403},
		"another site": {http.Header{"Cookie": {sessionOf(t, s)}, "Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}, 401},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+fmt.Sprintf("/correct/entry/%d", id), strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = c.header
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if w.Body.Close(); w.StatusCode != c.want {
			t.Errorf("%s: answered %d, want %d", name, w.StatusCode, c.want)
		}
	}
	if found := corrections(t, s, id); len(found) != 0 {
		t.Errorf("stored %q", found)
	}
}

// sessionOf signs in as a browser does, and returns its cookie.
func sessionOf(t *testing.T, s *service) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/signin", strings.NewReader(url.Values{"token": {statusSecret}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {s.url}}
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if len(w.Cookies()) != 1 {
		t.Fatalf("answered %d with %d cookies", w.StatusCode, len(w.Cookies()))
	}
	return w.Cookies()[0].Name + "=" + w.Cookies()[0].Value
}

// TestCorrectPage_Accessible looks at all pages on each screen.
func TestCorrectPage_Accessible(t *testing.T) {
	t.Parallel()
	s := startCorrecting(t)
	id := entryNamed(t, s, "Halah")
	o := operator{t, startBrowser(t)}
	o.signIn(s)
	for _, lang := range []string{"en", "de"} {
		for _, path := range []string{"/reports?period=2026-06&", "/correct/day/2026-06-27?", fmt.Sprintf("/correct/entry/%d?", id), "/correct/missed?", "/correct/shift?"} {
			for _, screen := range screens {
				screen.show(t, o.ctx, s.url+path+"lang="+lang)
				evaluate[any](t, o.ctx, `document.querySelectorAll("details").forEach(d => { d.open = true }); 0`)
				accessible(t, o.ctx, screen, path+lang)
			}
		}
	}
	for _, screen := range screens {
		for path, act := range map[string]string{
			fmt.Sprintf("/correct/entry/%d", id):                                                  `document.getElementById("track_artist").value = "Mazzy Star"; document.querySelector("[value=amend]")`,
			"/correct/shift?from=2026-06-27T20:00&to=2026-06-27T20:10&source=1&by_length=1:00:00": `document.querySelector("main form .row button")`,
			"/correct/missed?track_start=2026-06-27T20:10&track_title=Live&log_source=1":          `document.querySelector("main form .row button")`,
		} {
			screen.show(t, o.ctx, s.url+path)
			evaluate[any](t, o.ctx, `document.getElementById("reason").value = "a reason"; `+act+`.click(); 0`)
			o.sees("#preview", "?")
			accessible(t, o.ctx, screen, path+" previewed")
		}
	}
}
