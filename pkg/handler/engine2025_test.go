package handler

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

// sentLine is one request of a recorded engine: its arrival after the first
// second of the programme, and the start of its play after the same moment; null
// if the engine sent the epoch.
type sentLine struct {
	AtMS   int64          `json:"at_ms"`
	Path   string         `json:"path"`
	StartS *float64       `json:"start_s"`
	Body   map[string]any `json:"body"`
}

func recordedEngine(t testing.TB) (lines []sentLine) {
	t.Helper()
	file, err := os.Open("testdata/engine-2025.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for scan := bufio.NewScanner(file); scan.Scan(); {
		var line sentLine
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// snakeCase is a name in the spelling of older engines.
func snakeCase(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// TestEngine2025: six minutes of an engine of 2025, as it speaks, are stored
// whole, in either spelling, in both databases. The track service shows what was
// heard of them, to a tenth of a second.
func TestEngine2025(t *testing.T) {
	t.Parallel()
	begin := moment(t, "2026-11-27T09:00:00Z")
	for _, kind := range []repotest.Kind{repotest.KindSQLite, repotest.KindMariaDB} {
		for name, spell := range map[string]func(string) string{"2025": func(name string) string { return name }, "2020": snakeCase} {
			t.Run(string(kind)+"/"+name, func(t *testing.T) {
				t.Parallel()
				now := begin
				s := newStationOn(t, kind, func(a *API) { a.Now = func() time.Time { return now } })
				want := map[model.Fingerprint]model.Entry{}
				s.replay(begin, &now, spell, func(line sentLine) {
					if line.Path != "/playlog" {
						return
					}
					e := sentPlay(line, begin, now)
					if before, ok := want[e.Fingerprint()]; ok {
						e.ReceivedAt = before.ReceivedAt // the last duration counts, and the first arrival
					}
					want[e.Fingerprint()] = e
				})
				now = begin.Add(time.Hour)
				s.compareRecording(begin)
				if got := statesSince(begin, get[api.Health](s, "/source/health/1?limit=50")); got != statesOf2025 {
					t.Errorf("health is\n%s\nwant\n%s", got, statesOf2025)
				}
				stored := get[[]api.PlaylogEntry](s, "/playlog?limit=50")
				if len(stored) != len(want) {
					t.Errorf("%d entries are stored, want %d", len(stored), len(want))
				}
				for _, got := range stored {
					id, err := model.ParseFingerprint(got.Fingerprint)
					if err != nil {
						t.Fatal(err)
					}
					w, ok := want[id]
					hasStart := len(got.Doubts) == 0
					switch {
					case !ok:
						t.Errorf("never sent: %+v", got)
					case got.ReceivedAt == nil || !got.ReceivedAt.Equal(w.ReceivedAt),
						valueOr(got.TrackDuration, 0) != w.Duration.Seconds(), got.ShowName != w.ShowName, valueOr(got.ShowId, 0) != w.ShowID,
						valueOr(got.TimeslotId, 0) != w.TimeslotID, valueOr(got.MediaId, 0) != w.MediaID, hasStart == w.TrackStart.Equal(w.ReceivedAt):
						t.Errorf("stored %+v, want %+v", got, w)
					}
				}
			})
		}
	}
}

// replay sends what the recorded engine sent, as if its programme began then: at its
// times, in that spelling. sent is called after each request.
func (s *station) replay(begin time.Time, now *time.Time, spell func(string) string, sent func(sentLine)) {
	s.t.Helper()
	for _, line := range recordedEngine(s.t) {
		*now = begin.Add(time.Duration(line.AtMS) * time.Millisecond)
		if line.Path == "/playlog" {
			line.Body["trackStart"] = "1970-01-01T01:00:00"
			if line.StartS != nil {
				line.Body["trackStart"] = s.api.Zone.In(begin.Add(time.Duration(*line.StartS * float64(time.Second)))).Format("2006-01-02T15:04:05")
			}
		} else {
			line.Body["logTime"] = s.api.Zone.In(*now).Format("2006-01-02 15:04:05.000")
		}
		spelled := map[string]any{}
		for name, value := range line.Body {
			spelled[spell(name)] = value
		}
		body, err := json.Marshal(spelled)
		if err != nil {
			s.t.Fatal(err)
		}
		s.do(http.StatusNoContent, http.MethodPost, line.Path, string(body))
		sent(line)
	}
}

// compareRecording fails if the track service or the report of the day shows
// anything else than what was heard of the recorded engine.
func (s *station) compareRecording(begin time.Time) {
	s.t.Helper()
	want := heardOf2025(s.t)
	day := s.api.Zone.In(begin).Format(time.DateOnly)
	if got := heardSince(begin, get[[]api.Track](s, "/trackservice/day/"+day)); got != want {
		s.t.Errorf("heard was\n%s\nwant\n%s", got, want)
	}
	if got := reportedSince(begin, get[api.Report](s, "/report?from="+day+"&to="+day)); got != want {
		s.t.Errorf("reported is\n%s\nwant\n%s", got, want)
	}
}

// heardOf2025 is what was heard of the recorded engine: from and until, in seconds,
// and what it was.
func heardOf2025(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../onair/heard/testdata/engine-2025.heard.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(string(text), "\n") // without the names of the columns
	return rows
}

// heardLine is a line of heardOf2025, to a tenth of a second.
func heardLine(begin, from, until time.Time, title, show string) string {
	seconds := func(at time.Time) string {
		return strconv.FormatFloat(math.Round(at.Sub(begin).Seconds()*10)/10, 'f', -1, 64)
	}
	if title == show {
		title += " (show)"
	}
	return fmt.Sprintf("%s,%s,%s\n", seconds(from), seconds(until), title)
}

// heardSince is what the track service shows, in the form of heardOf2025.
func heardSince(begin time.Time, tracks []api.Track) (text string) {
	for _, track := range tracks {
		until, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(track.OnAirUntil))
		if err != nil {
			return err.Error()
		}
		text += heardLine(begin, track.OnAirFrom.Time, until, track.TrackTitle, track.ShowName)
	}
	return text
}

// reportedSince is what a report counts, in the form of heardOf2025.
func reportedSince(begin time.Time, r api.Report) (text string) {
	for _, p := range r.Plays {
		title := p.TrackTitle
		if title == "" {
			title = p.ShowName
		}
		text += heardLine(begin, p.TrackStart.Time, p.TrackEnd.Time, title, p.ShowName)
	}
	return text
}

// statesOf2025 are the states of the recorded engine, as seconds from the first
// report to the last. What stands next to a fallback play is kept.
const statesOf2025 = "5-55, 65-75 fallback silence, 85-85 fallback silence, 95-105, 115-145, 155-255 frozen, " +
	"265-275 fallback silence, 285-315, 352-375 frozen"

func statesSince(begin time.Time, h api.Health) string {
	var all []string
	for _, s := range slices.Backward(*h.History) {
		text := fmt.Sprintf("%g-%g", s.LogTime.Sub(begin).Seconds(), s.LastSaidAt.Sub(begin).Seconds())
		if s.ReceivedAt == nil || !s.ReceivedAt.Equal(s.LogTime.Time) || s.LastReceivedAt != nil && !s.LastReceivedAt.Equal(s.LastSaidAt.Time) {
			text += " which arrived otherwise"
		}
		for _, sign := range []struct {
			is   *bool
			word string
		}{{s.Fallback, "fallback"}, {s.Silence, "silence"}, {&s.Frozen, "frozen"}} {
			if sign.is == nil || *sign.is {
				text += " " + sign.word
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// sentPlay is the play of a line, read independently of the code under test.
func sentPlay(line sentLine, begin, arrival time.Time) model.Entry {
	number := func(name string) int64 {
		switch v := line.Body[name].(type) {
		case float64:
			return max(int64(v), 0)
		case string:
			var n int64
			_ = json.Unmarshal([]byte(v), &n) // "" and "-1" are none
			return max(n, 0)
		}
		return 0
	}
	text := func(name string) string { s, _ := line.Body[name].(string); return s }
	seconds, _ := line.Body["trackDuration"].(float64)
	e := model.Entry{
		LogSource: 1, TrackStart: arrival, ReceivedAt: arrival, Artist: text("trackArtist"), Album: text("trackAlbum"), Title: text("trackTitle"),
		TrackNum: int(number("trackNum")), TrackType: int(number("trackType")), Duration: time.Duration(seconds * float64(time.Second)),
		TimeslotID: number("timeslotId"), ShowID: number("showId"), MediaID: number("mediaId"), ShowName: text("showName"),
	}
	if line.StartS != nil {
		e.TrackStart = begin.Add(time.Duration(*line.StartS * float64(time.Second)))
	}
	e.Distinguish()
	return e
}
