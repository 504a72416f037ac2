package playfile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/engine-api/internal/playfile"
)

// read returns the rows as JSON, or what is wrong with them.
func read(t *testing.T, name, content string) (rows []string, numbers []int, _ error) {
	t.Helper()
	err := playfile.Read(name, strings.NewReader(content), func(r playfile.Row) error {
		numbers = append(numbers, r.Number)
		if r.Wrong != nil {
			rows = append(rows, "wrong: "+r.Wrong.Error())
			return nil
		}
		text, err := json.Marshal(r.Play)
		rows = append(rows, string(text))
		return err
	})
	return rows, numbers, err
}

func TestRead(t *testing.T) {
	t.Parallel()
	const play = `{"track_start":"2026-11-27 19:14:00","track_title":"Halah"}`
	for name, c := range map[string]struct {
		file, content string
		want          []string
		numbers       []int
	}{
		"CSV":            {"a.csv", "track_start,track_title\n2026-11-27 19:14:00,Halah\n", []string{play}, []int{2}},
		"Excel":          {"A.CSV", "\ufefftrackStart; trackTitle\r\n2026-11-27 19:14:00;Halah\r\n", []string{play}, []int{2}},
		"report":         {"a.csv", "track_start,track_end,seconds,track_title,received_at\n2026-11-27 19:14:00,x,1,Halah,y\n", []string{play}, []int{2}},
		"formula":        {"a.csv", "track_title\n\"'=1;'-2;'a\"\n", []string{`{"track_title":"=1;-2;'a"}`}, []int{2}},
		"empty cells":    {"a.csv", "track_start,track_title,track_num\n2026-11-27 19:14:00,Halah, \n2026-11-27 19:14:00,Halah\n", []string{play, play}, []int{2, 3}},
		"too many cells": {"a.csv", "track_title\na,b\nc\n", []string{"wrong: has 2 cells, and the header has 1", `{"track_title":"c"}`}, []int{2, 3}},
		"lines in cells": {"a.csv", "track_title\n\"a\nb\"\nc", []string{`{"track_title":"a\nb"}`, `{"track_title":"c"}`}, []int{2, 3}},
		"JSON":           {"a.jsonl", "\ufeff" + play + "\n\n  " + `{"trackNum": 3, "log_source": "2"}`, []string{play, `{"trackNum":3,"log_source":"2"}`}, []int{1, 3}},
		"no object":      {"a.jsonl", "[]\nnull\n{\n", []string{"wrong: must be a JSON object", "wrong: must be a JSON object", "wrong: must be a JSON object"}, []int{1, 2, 3}},
		"nothing":        {"a.jsonl", "", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, numbers, err := read(t, c.file, c.content)
			if err != nil || !slices.Equal(rows, c.want) || !slices.Equal(numbers, c.numbers) {
				t.Errorf("%q, %v, %v", rows, numbers, err)
			}
		})
	}
	for name, content := range map[string]string{
		"a.csv": "", "b.csv": "track_start,titel\nx,y\n", "c.csv": "track_start,trackStart\n", "d.csv": "track_title\n\"a", "e.xlsx": "x",
	} {
		if rows, _, err := read(t, name, content); err == nil || rows != nil {
			t.Errorf("%s: %q, %v", name, rows, err)
		}
	}
	if rows, _, err := read(t, "a.jsonl", `{"track_titel": "x"}`); err != nil || !strings.Contains(rows[0], `"track_titel" is no field`) {
		t.Errorf("%q, %v", rows, err)
	}
	stop := errors.New("stop")
	if err := playfile.Read("a.csv", strings.NewReader("track_title\na\nb\n"), func(playfile.Row) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// TestRead_report: what a report has of a play is read back.
func TestRead_report(t *testing.T) {
	t.Parallel()
	vienna, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	period, err := report.NewPeriod(vienna, "2026-11")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 27, 18, 14, 0, 500000000, time.UTC)
	e := model.Entry{LogSource: 2, TrackStart: start, Artist: "=1", Title: "a;-b", Duration: 178500 * time.Millisecond, ShowID: 4, MediaID: 501, ReceivedAt: start}
	var file bytes.Buffer
	plays := func(_ context.Context, fn func(report.Play) error) error {
		return fn(report.Play{Entry: e, From: start, Until: start.Add(time.Minute)})
	}
	if err := report.WriteCSV(t.Context(), &file, report.Report{Period: period, Plays: plays}, report.PartPlays); err != nil {
		t.Fatal(err)
	}
	rows, _, err := read(t, "report.csv", file.String())
	want := `{"track_start":"2026-11-27T19:14:00.500000+01:00","track_artist":"=1","track_title":"a;-b","track_duration":"178.5","track_type":"0","track_num":"0","show_id":"4","log_source":"2","media_id":"501"}`
	if err != nil || len(rows) != 1 || rows[0] != want {
		t.Errorf("%q, %v", rows, err)
	}
}
