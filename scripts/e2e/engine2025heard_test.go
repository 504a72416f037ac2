package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// TestEngine2025_heard: an engine-api is told what the recorded engine sent, with
// its arrivals, and tells a sync node. The track service and the report of both, and
// the on-air log, show what was heard, to a tenth of a second.
func TestEngine2025_heard(t *testing.T) {
	t.Parallel()
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../pkg/onair/heard/testdata/engine-2025.heard.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(string(text), "\n")
	begin := time.Now().In(vienna).AddDate(0, 0, -2)
	begin = time.Date(begin.Year(), begin.Month(), begin.Day(), 12, 0, 0, 0, vienna)
	day := begin.Format(time.DateOnly)
	server := privateMariaDB(t)
	for name, databases := range map[string][2]string{
		"SQLite":  {"sqlite://" + filepath.Join(t.TempDir(), "sync-node.db"), "sqlite://" + filepath.Join(t.TempDir(), "engine-api.db")},
		"MariaDB": {server.CommonURL(t), server.CommonURL(t)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logs := t.TempDir()
			syncNode := launch(t, logs, "sync-node", databases[0], "AURA_DB_AUTO_MIGRATE=true")
			defer func() { syncNode.end(t) }()
			node := launch(t, logs, "engine-api", databases[1], "AURA_DB_AUTO_MIGRATE=true", "AURA_SYNC_HOST="+syncNode.url)
			defer func() { node.end(t) }()
			awaitReady(t, syncNode.url, syncNode.exited)
			awaitReady(t, node.url, node.exited)

			arrival := func(line sentLine) time.Time { return begin.Add(time.Duration(line.AtMS) * time.Millisecond) }
			for _, line := range recording(t, begin, arrival) {
				body, err := json.Marshal(line.Body)
				if err != nil {
					t.Fatal(err)
				}
				postArrived(t, node.url, line.Path, string(body), arrival(line))
			}
			for _, shown := range []struct{ url, path string }{
				{node.url, "/trackservice/day/" + day}, {node.url, "/report?from=" + day + "&to=" + day},
				{syncNode.url, "/trackservice/day/" + day}, {syncNode.url, "/report?from=" + day + "&to=" + day},
				{syncNode.url, "/playlog?limit=50"},
			} {
				patience.Within(t, settleTimeout(), func() error {
					var answer json.RawMessage
					if _, err := read(t.Context(), shown.url+"/api/v1"+shown.path, &answer); err != nil {
						return err
					}
					if got := heardIn(t, answer, begin); got != want {
						return fmt.Errorf("%s shows\n%s\nwant\n%s", shown.path, got, want)
					}
					return nil
				})
			}
		})
	}
}

// heardIn shows the plays of an answer as the file of what was heard does.
func heardIn(t *testing.T, answer json.RawMessage, begin time.Time) (text string) {
	t.Helper()
	type play struct {
		Title string    `json:"track_title"`
		Show  string    `json:"show_name"`
		From  time.Time `json:"on_air_from"`
		Until time.Time `json:"on_air_until"`
		Start time.Time `json:"track_start"`
		End   time.Time `json:"track_end"`
	}
	var plays []play
	report := struct {
		Plays *[]play `json:"plays"`
	}{&plays}
	if json.Unmarshal(answer, &plays) != nil {
		if err := json.Unmarshal(answer, &report); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range plays {
		if p.From.IsZero() { // a report
			plays[i].From, plays[i].Until = p.Start, p.End
		}
	}
	slices.SortFunc(plays, func(a, b play) int { return a.From.Compare(b.From) })
	seconds := func(at time.Time) string {
		return strconv.FormatFloat(math.Round(at.Sub(begin).Seconds()*10)/10, 'f', -1, 64)
	}
	for _, p := range plays {
		title := cmp.Or(p.Title, p.Show)
		if title == p.Show {
			title += " (show)"
		}
		text += fmt.Sprintf("%s,%s,%s\n", seconds(p.From), seconds(p.Until), title)
	}
	return text
}
