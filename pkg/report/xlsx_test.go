package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
)

// open writes a workbook and opens it again.
func open(t rapid.TB, r Report, maxRows int) *excelize.File {
	t.Helper()
	var out bytes.Buffer
	if err := writeXLSX(context.Background(), &out, &r, maxRows); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// rows are the raw values of a sheet, each row as long as the header.
func rows(t rapid.TB, f *excelize.File, sheet string) [][]string {
	t.Helper()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		for len(rows[i]) < len(rows[0]) {
			rows[i] = append(rows[i], "")
		}
	}
	return rows
}

const clock = "2006-01-02 15:04:05.999"

// date is what a spreadsheet shows for a number of days, to the millisecond.
func date(t rapid.TB, serial string) time.Time {
	t.Helper()
	days, err := strconv.ParseFloat(serial, 64)
	if err != nil {
		t.Fatal(err)
	}
	day, fraction := math.Modf(days)
	at := time.Date(1899, 12, 30+int(day), 0, 0, 0, 0, time.UTC)
	return at.Add(time.Duration(fraction * 24 * float64(time.Hour))).Round(time.Millisecond)
}

func TestWriteXLSX(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		if err := WriteXLSX(t.Context(), &out, of(m, FromOnAir(asSaid(october(t)), m, now))); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&out)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.GetSheetList(); !slices.Equal(got, []string{"Plays", "Titles", "Shows", "Types", "Summary"}) {
			t.Errorf("sheets are %v", got)
		}
		// The second 02:30 of the night in which the clocks went back.
		shown, err := f.GetRows("Plays")
		if err != nil || len(shown) != 7 {
			t.Fatalf("%d rows, %v", len(shown), err)
		}
		if got, want := strings.Join(shown[4][:8], "|"), "2020-10-25 02:30:00|2020-10-25T02:30:00+01:00|2020-10-25 03:00:00|2020-10-25T03:00:00+01:00|1800|Mazzy Star||Fade Into You"; got != want {
			t.Errorf("row 5 is %s, want %s", got, want)
		}
		if got, want := strings.Join(shown[3][:2], "|"), "2020-10-25 02:30:00|2020-10-25T02:30:00+02:00"; got != want {
			t.Errorf("row 4 is %s, want %s", got, want)
		}
		for _, c := range []struct {
			cell string
			want excelize.CellType
		}{
			{"A2", excelize.CellTypeUnset}, // a plain number, which the style shows as a date
			{"B2", excelize.CellTypeInlineString},
			{"C2", excelize.CellTypeUnset},
			{"D2", excelize.CellTypeInlineString},
			{"E2", excelize.CellTypeUnset},
			{"F2", excelize.CellTypeInlineString}, // =HYPERLINK(…)
			{"G2", excelize.CellTypeInlineString}, // -1
		} {
			if got, err := f.GetCellType("Plays", c.cell); got != c.want || err != nil {
				t.Errorf("%s has the type %v, %v, want %v", c.cell, got, err, c.want)
			}
			if formula, err := f.GetCellFormula("Plays", c.cell); formula != "" || err != nil {
				t.Errorf("%s has the formula %q, %v", c.cell, formula, err)
			}
		}
		if got, _ := f.GetCellValue("Plays", "F2"); got != `=HYPERLINK("http://example.org")` {
			t.Errorf("F2 is %q", got)
		}
		if got, err := f.GetCellValue("Plays", "A3", excelize.Options{RawCellValue: true}); err != nil || date(t, got).Format(clock) != "2020-10-25 01:59:58.5" {
			t.Errorf("A3 is %v, %v", date(t, got), err)
		}
		for _, sheet := range f.GetSheetList() {
			if panes, err := f.GetPanes(sheet); err != nil || !panes.Freeze || panes.YSplit != 1 {
				t.Errorf("%s: the header is not frozen: %+v, %v", sheet, panes, err)
			}
			id, err := f.GetCellStyle(sheet, "A1")
			if err != nil {
				t.Fatal(err)
			}
			if style, err := f.GetStyle(id); err != nil || style.Font == nil || !style.Font.Bold {
				t.Errorf("%s: the header is not bold: %+v, %v", sheet, style, err)
			}
		}
	})

	t.Run("Author", func(t *testing.T) {
		t.Parallel()
		r := of(m, many(m, 3, 2))
		r.Station, r.Made = "Radio Helsinki", time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
		props, err := open(t, r, 100).GetDocProps()
		if err != nil || props.Creator != "Radio Helsinki" || props.LastModifiedBy != "Radio Helsinki" || props.Title != "Report 2020-10" ||
			props.Created != "2026-11-01T08:00:00Z" || props.Modified != props.Created {
			t.Errorf("%+v, %v", props, err)
		}
	})

	t.Run("Widths", func(t *testing.T) {
		t.Parallel()
		title := strings.Repeat("ü", 40)
		f := open(t, of(m, func(_ context.Context, fn func(Play) error) error {
			for i := range 1500 { // more than the columns fit
				e := model.Entry{LogSource: 1, TrackStart: m.From, Title: "short", ShowName: strings.Repeat("x", 500)}
				if i == 900 {
					e.Title = title
				}
				if err := fn(Play{Entry: e, From: m.From.Add(time.Duration(i) * time.Second), Until: m.From.Add(time.Duration(i+1) * time.Second)}); err != nil {
					return err
				}
			}
			return nil
		}), 1200)
		for _, c := range []struct {
			sheet, header string
			want          float64
		}{
			{"Plays", "track_start", 21}, {"Plays", "track_start_iso", 27}, {"Plays", "track_title", 42}, {"Plays", "show_name", 62}, {"Plays", "seconds", 10},
			{"Plays 2", "track_title", 13}, {"Titles", "track_title", 42}, {"Types", "track_type", 12},
		} {
			r := rows(t, f, c.sheet)
			column, err := excelize.ColumnNumberToName(slices.Index(r[0], c.header) + 1)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := f.GetColWidth(c.sheet, column); err != nil || got != c.want {
				t.Errorf("%s: %s is %v wide, %v, want %v", c.sheet, c.header, got, err, c.want)
			}
		}
		if plays, more := rows(t, f, "Plays"), rows(t, f, "Plays 2"); len(plays) != 1200 || len(more) != 302 || more[1][1] != m.Zone.In(m.From.Add(1199*time.Second)).Format(time.RFC3339) {
			t.Errorf("%d and %d rows, the second begin with %v", len(plays), len(more), more[1])
		}
	})

	t.Run("FurtherSheets", func(t *testing.T) {
		t.Parallel()
		f := open(t, of(m, many(m, 25, 12)), 11) // a header and ten rows
		if got := f.GetSheetList(); !slices.Equal(got, []string{"Plays", "Plays 2", "Plays 3", "Titles", "Titles 2", "Shows", "Types", "Summary"}) {
			t.Fatalf("sheets are %v", got)
		}
		var starts []string
		for _, sheet := range []string{"Plays", "Plays 2", "Plays 3"} {
			r := rows(t, f, sheet)
			if r[0][1] != "track_start_iso" || len(r) > 11 {
				t.Errorf("%s: %d rows under %v", sheet, len(r), r[0])
			}
			for _, row := range r[1:] {
				starts = append(starts, row[1])
			}
		}
		if len(starts) != 25 || !slices.IsSorted(starts) || len(slices.Compact(starts)) != 25 {
			t.Errorf("the plays are %v", starts)
		}
		for _, sheet := range f.GetSheetList() {
			if panes, err := f.GetPanes(sheet); err != nil || !panes.Freeze {
				t.Errorf("%s: the header is not frozen", sheet)
			}
		}
	})

	t.Run("FullSheet", func(t *testing.T) {
		t.Parallel()
		if got := open(t, of(m, many(m, 10, 10)), 11).GetSheetList(); len(got) != 5 {
			t.Errorf("sheets are %v, but all fits on five", got)
		}
	})

	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		f := open(t, of(m, each(nil)), excelize.TotalRows)
		for _, sheet := range f.GetSheetList() {
			want := 1 // the header
			if sheet == "Summary" {
				want = 2
			}
			if r := rows(t, f, sheet); len(r) != want || len(r[0]) < 3 {
				t.Errorf("%s: %v, want %d rows", sheet, r, want)
			}
		}
	})
}

// TestWrite_agree: all formats say the same.
func TestWrite_agree(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	rapid.Check(t, func(t *rapid.T) {
		list := each(plays(m).Draw(t, "plays"))
		var out bytes.Buffer
		if err := WriteJSON(context.Background(), &out, of(m, list)); err != nil {
			t.Fatal(err)
		}
		var report struct {
			Plays   []map[string]any
			Totals  map[string]any
			Summary map[string]any
		}
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		book := open(t, of(m, list), excelize.TotalRows)
		for part, sheet := range map[Part]string{PartPlays: "Plays", PartTitles: "Titles", PartShows: "Shows", PartTypes: "Types", PartSummary: "Summary"} {
			var want []map[string]any
			switch part {
			case PartPlays:
				want = report.Plays
			case PartSummary:
				want = append(want, report.Summary)
			default:
				for _, row := range report.Totals[string(part)].([]any) {
					want = append(want, row.(map[string]any))
				}
			}
			inCSV, inXLSX := table(t, of(m, list), part), rows(t, book, sheet)
			if len(inCSV) != len(want)+1 || len(inXLSX) != len(want)+1 {
				t.Fatalf("%s: %d rows in JSON, %d in CSV, %d in XLSX with the header", part, len(want), len(inCSV), len(inXLSX))
			}
			for i, fields := range want {
				if len(fields) != len(inCSV[0]) {
					t.Fatalf("%s: %d fields, but %d columns", part, len(fields), len(inCSV[0]))
				}
				for j, name := range inCSV[0] {
					value, ok := fields[name]
					if !ok {
						t.Fatalf("%s: JSON has no field %s", part, name)
					}
					plain, isTrue := "", false
					switch value := value.(type) {
					case string:
						plain = value
					case float64:
						plain = strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", value), "0"), ".")
					case bool:
						isTrue = value
					}
					wantCSV := plain
					if isTrue {
						plain, wantCSV = "1", "true"
					}
					if inCSV[i+1][j] != wantCSV {
						t.Fatalf("%s: %s is %q in CSV, want %q", part, name, inCSV[i+1][j], wantCSV)
					}
					column := slices.Index(inXLSX[0], name)
					if name == "track_start" || name == "track_end" {
						real := inXLSX[i+1][column]
						column = slices.Index(inXLSX[0], name+"_iso")
						local, err := time.Parse("2006-01-02T15:04:05.999999", plain[:len(plain)-len("+02:00")])
						if at := date(t, real); err != nil || at.Sub(local).Abs() > time.Millisecond {
							t.Fatalf("%s is the date %v, %v", plain, at, err)
						}
					}
					if inXLSX[i+1][column] != plain {
						t.Fatalf("%s: %s is %q in XLSX, want %q", part, name, inXLSX[i+1][column], plain)
					}
				}
			}
		}
	})
}
