package heard_test

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// recorded reads the engine that was recorded.
func recorded(t *testing.T) (plays []heard.Play, reports []heard.Report) {
	t.Helper()
	file, err := os.Open("testdata/engine-2025.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var line struct {
			AtMs   int      `json:"at_ms"`
			Path   string   `json:"path"`
			StartS *float64 `json:"start_s"`
			Body   struct {
				Details                             string
				MediaID, ShowID                     int64
				ShowName, TimeslotID                string
				TrackAlbum, TrackArtist, TrackTitle string
				TrackDuration                       float64
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		b, at := line.Body, clock(moment(line.AtMs)*time.Millisecond)
		if strings.HasPrefix(line.Path, "/source") {
			reports = append(reports, heard.Report{At: at, Fallback: strings.Contains(b.Details, `"fallback":true`)})
			continue
		}
		slot, _ := strconv.ParseInt(b.TimeslotID, 10, 64)
		p := heard.Play{
			Start: at, Duration: seconds(b.TrackDuration), ReceivedAt: at,
			Artist: b.TrackArtist, Title: b.TrackTitle, Album: b.TrackAlbum,
			ShowName: b.ShowName, ShowID: max(0, b.ShowID), MediaID: max(0, b.MediaID), TimeslotID: max(0, slot),
		}
		if line.StartS != nil {
			p.Start = clock(seconds(*line.StartS))
		}
		told := slices.IndexFunc(plays, func(q heard.Play) bool { return q.Start.Equal(p.Start) && q.Title == p.Title })
		if told >= 0 {
			plays[told].Duration = p.Duration
			continue
		}
		p.ID = model.Fingerprint{byte(len(plays) + 1)}
		plays = append(plays, p)
	}
	return plays, reports
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// wasHeard reads what was heard of it: tenths of seconds and what.
func wasHeard(t *testing.T) (lines []string) {
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
		from, _ := strconv.ParseFloat(row[0], 64)
		until, _ := strconv.ParseFloat(row[1], 64)
		lines = append(lines, fmt.Sprintf("%.1f–%.1f %s", from, until, row[2]))
	}
	return lines
}

func TestOracleHearsTheRecordedEngine(t *testing.T) {
	plays, reports := recorded(t)
	verdicts := ask(plays, reports, heard.Defaults())
	type line struct {
		span
		what string
	}
	var lines []line
	for _, p := range plays {
		for _, s := range verdicts[p.ID].intervals {
			lines = append(lines, line{s, cmp.Or(p.Title, p.ShowName+" (show)")})
		}
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.from, b.from) })
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%.1f–%.1f %s", l.from.Seconds(), l.until.Seconds(), l.what))
	}
	if want := wasHeard(t); !slices.Equal(got, want) {
		t.Errorf("the oracle heard\n%s\nwanted\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
