package heard_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// began is the first second of the recorded programme.
var began = time.Date(2025, 7, 17, 12, 0, 0, 0, time.UTC)

// TestDerive_engine2025 derives what was heard of a recorded engine, to a tenth
// of a second, in any order of what it said.
func TestDerive_engine2025(t *testing.T) {
	t.Parallel()
	plays, reports, names := engine2025(t)
	want := heardInCase(t)
	for range 20 {
		rand.Shuffle(len(plays), func(i, j int) { plays[i], plays[j] = plays[j], plays[i] })
		rand.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
		var got []string
		for _, h := range sorted(heard.Derive(heard.Defaults(), plays, reports)) {
			got = append(got, fmt.Sprintf("%s,%s,%s", tenths(h.From), tenths(h.Until), names[h.id]))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	}
}

type named struct {
	heard.Interval
	id model.Fingerprint
}

// sorted lists all intervals by their begin.
func sorted(all []heard.Heard) (out []named) {
	for _, h := range all {
		for _, i := range h.Intervals {
			out = append(out, named{i, h.ID})
		}
	}
	slices.SortFunc(out, func(a, b named) int { return a.From.Compare(b.From) })
	return out
}

// tenths are seconds after the begin, to a tenth.
func tenths(t time.Time) string {
	return strconv.FormatFloat(float64(t.Sub(began).Round(100*time.Millisecond).Milliseconds())/1000, 'f', -1, 64)
}

// engine2025 reads what the engine said. A play that was told again with another
// duration is one play with the last.
func engine2025(t *testing.T) ([]heard.Play, []heard.Report, map[model.Fingerprint]string) {
	t.Helper()
	file, err := os.ReadFile("testdata/engine-2025.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var reports []heard.Report
	entries := map[model.Fingerprint]model.Entry{}
	for line := range bytes.Lines(file) {
		var r struct {
			AtMS  int64    `json:"at_ms"`
			Path  string   `json:"path"`
			Start *float64 `json:"start_s"`
			Body  struct {
				Details                 string
				MediaID, ShowID         int64
				ShowName, TimeslotID    string
				TrackAlbum, TrackArtist string
				TrackTitle              string
				TrackDuration           float64
				TrackType               int
			}
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		at := began.Add(time.Duration(r.AtMS) * time.Millisecond)
		if r.Path != "/playlog" {
			var details struct{ Fallback bool }
			if err := json.Unmarshal([]byte(r.Body.Details), &details); err != nil {
				t.Fatal(err)
			}
			reports = append(reports, heard.Report{At: at, Fallback: details.Fallback})
			continue
		}
		timeslot, _ := strconv.ParseInt(r.Body.TimeslotID, 10, 64)
		e := model.Entry{
			LogSource: 1, TrackStart: at, ReceivedAt: at,
			Artist: r.Body.TrackArtist, Title: r.Body.TrackTitle, Album: r.Body.TrackAlbum,
			TrackType: r.Body.TrackType, Duration: time.Duration(r.Body.TrackDuration * float64(time.Second)),
			TimeslotID: max(timeslot, 0), ShowID: max(r.Body.ShowID, 0), MediaID: max(r.Body.MediaID, 0), ShowName: r.Body.ShowName,
		}
		if r.Start != nil {
			e.TrackStart = began.Add(time.Duration(*r.Start * float64(time.Second)))
		}
		e.Normalize()
		if stored, ok := entries[e.Fingerprint()]; ok {
			e = model.Tell(stored, e)
		}
		entries[e.Fingerprint()] = e
	}
	var plays []heard.Play
	names := map[model.Fingerprint]string{}
	for id, e := range entries {
		plays = append(plays, heard.NewPlay(e.Fingerprint(), e))
		names[id] = cmp.Or(e.Title, e.ShowName+" (show)")
	}
	return plays, reports, names
}

func heardInCase(t *testing.T) (lines []string) {
	t.Helper()
	file, err := os.Open("testdata/engine-2025.heard.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		lines = append(lines, fmt.Sprintf("%s,%s,%s", row[0], row[1], row[2]))
	}
	return lines
}
