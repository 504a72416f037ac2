package command

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"aura.radio/engine/pkg/cli"
)

// TestLog: missed plays are logged from files, with a line for each row. To log
// them again changes nothing.
func TestLog(t *testing.T) {
	t.Parallel()
	environ := database(t)
	s := serve(t, environ)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	write := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plays := write("plays.csv", "trackStart;trackTitle;track_duration\n2026-11-27 19:14:00;Halah;225\n2026-11-27 25:00:00;\x1bb;1\n2026-11-27T18:20:00Z;c;215.5\n")
	more := write("more.jsonl", `{"track_start": "2026-11-27 19:30:00", "trackTitle": "d", "logSource": 2}`+"\nno JSON\n"+`{"track_titel": "e"}`+"\n")
	log := func(args ...string) (int, string, string) {
		return run(t, environ, append([]string{"log", "--by", "M. Tester", "--reason", "engine was offline", "--service", s.URL}, args...)...)
	}

	code, out, errOut := log("--dry-run", plays)
	if code != cli.ExitFailed || !strings.Contains(out, "row 3: wrong: invalid: entry.track_start") || strings.ContainsRune(out, '\x1b') ||
		!strings.Contains(out, "row 4: would be stored\nwould be stored: ") || !strings.Contains(errOut, "rows that are wrong: ") {
		t.Errorf("dry run: %d %s %s", code, out, errOut)
	}
	if entries := storedPlays(t, s); len(entries) > 0 {
		t.Errorf("a dry run stored %+v", entries)
	}
	for range 2 {
		if code, out, errOut = log(plays); code != cli.ExitFailed || !strings.Contains(out, "row 4: stored\n") {
			t.Errorf("%d %s %s", code, out, errOut)
		}
		if code, out, errOut = log(more); code != cli.ExitFailed || !strings.HasPrefix(out, "row 1: stored\nrow 2: wrong: must be a JSON object\nrow 3: wrong: \"track_titel\" is no field") ||
			!strings.HasSuffix(out, "stored: 1, wrong: 2\n") {
			t.Errorf("%d %s %s", code, out, errOut)
		}
	}
	good := write("good.csv", "track_start,track_title\n2026-11-27 19:40:00,e\n")
	if code, out, errOut = log(good); code != cli.ExitOK || out != "row 2: stored\nstored: 1, wrong: 0\n" {
		t.Errorf("%d %s %s", code, out, errOut)
	}
	entries := storedPlays(t, s)
	for _, e := range entries {
		if _, corrections := s.Call(http.MethodGet, "/api/v1/playlog/"+strconv.FormatInt(e.Id, 10)+"/corrections", ""); !e.IsManual || strings.Count(corrections, `"kind":"log"`) != 1 {
			t.Errorf("%s has %s", e.TrackTitle, corrections)
		}
	}
	last := entries[len(entries)-1]
	if last.TrackStart.Format("2006-01-02T15:04:05Z07:00") != "2026-11-27T19:14:00+01:00" || last.TrackTitle != "Halah" || last.ReceivedAt != nil {
		t.Errorf("stored %+v", last)
	}

	for _, args := range [][]string{{"log"}, {"log", good}, {"log", good, "--by", "a"}, {"log", good, plays, "--by", "a", "--reason", "b"}} {
		if code, _, errOut := run(t, environ, args...); code != cli.ExitUsage || errOut == "" {
			t.Errorf("%v: %d %s", args, code, errOut)
		}
	}
	for _, args := range [][]string{{good + ".csv"}, {write("plays.txt", "x")}, {write("empty.csv", "")}, {write("unknown.csv", "titel\nx\n")}, {good, "--service", "http://127.0.0.1:1"}} {
		if code, _, errOut := log(args...); code != cli.ExitFailed || errOut == "" {
			t.Errorf("%v: %d %s", args, code, errOut)
		}
	}
}
