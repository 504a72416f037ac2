package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/goldentest"
	"aura.radio/engine/pkg/model"
	"pgregory.net/rapid"
)

// table writes a part as CSV and reads it again.
func table(t rapid.TB, r Report, part Part) [][]string {
	t.Helper()
	var out bytes.Buffer
	if err := WriteCSV(context.Background(), &out, r, part); err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(out.String(), byteOrderMark)
	if !ok {
		t.Fatalf("begins with %q, want the byte order mark", out.String()[:3])
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// goldenHeader are the names of the columns in a golden file.
func goldenHeader(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	header, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), byteOrderMark))).Read()
	if err != nil {
		t.Fatal(err)
	}
	return header
}

func TestWriteCSV(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		m := month(t, "2020-10")
		for _, part := range []Part{PartPlays, PartTitles, PartShows, PartTypes, PartSummary} {
			var out bytes.Buffer
			if err := WriteCSV(t.Context(), &out, of(m, FromOnAir(asSaid(october(t)), m, now)), part); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, "2020-10-"+string(part)+".csv", out.Bytes())
			if got := out.String(); strings.Count(got, "\n") != strings.Count(got, "\r\n") || !strings.HasSuffix(got, "\r\n") {
				t.Errorf("%s: lines end in %q, RFC 4180 wants CRLF", part, got)
			}
		}
	})

	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		m := month(t, "2020-06")
		columns := goldenHeader(t, "2020-10-plays.csv")
		for part, want := range map[Part]string{
			PartTitles: "track_artist track_title plays seconds track_album track_label track_isrc track_composer", PartShows: "show_id show_name plays seconds", PartTypes: "track_type plays seconds",
			PartPlays: strings.Join(columns, " "),
		} {
			rows := table(t, of(m, FromOnAir(asSaid(playlog{}), m, now)), part)
			if len(rows) != 1 || strings.Join(rows[0], " ") != want {
				t.Errorf("%s: got %v, want the header alone", part, rows)
			}
		}
	})

	t.Run("Formulas", func(t *testing.T) {
		t.Parallel()
		m := month(t, "2020-06")
		for in, want := range map[string]string{
			"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "  =1": "'  =1",
			"＝1": "'＝1", "＋": "'＋", "": "", " ": " ", "a=1": "a=1", "a; b": "a; b", "x;=cmd|1!A0;+y": "x;'=cmd|1!A0;'+y", "x; -1": "x;' -1", "1-1": "1-1", "'Til Tuesday": "'Til Tuesday", "'=1": "''=1", "Åse": "Åse", "\ufffd": "\ufffd",
		} {
			e := model.Entry{TrackStart: m.From, Duration: time.Minute, Artist: in, Title: in, Album: in, ShowName: in, Composer: in, Label: in, ISRC: in, TrackNum: -1}
			r := of(m, FromOnAir(asSaid(playlog{e}), m, now))
			for part, columns := range map[Part][]int{PartPlays: {3, 4, 5, 12, 13, 14, 15}, PartTitles: {0, 1, 4, 5, 6, 7}, PartShows: {1}} {
				for _, r.GuardFormulas = range []bool{false, true} {
					want := want
					if !r.GuardFormulas {
						want = in
					}
					row := table(t, r, part)[1]
					for _, i := range columns {
						if row[i] != want {
							t.Errorf("%s: column %d of %q is %q, want %q", part, i, in, row[i], want)
						}
					}
					if part == PartPlays && row[8] != "-1" {
						t.Errorf("a number is written as %q", row[8])
					}
				}
			}
		}
	})

	// Every text is known again.
	t.Run("Told", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.StringMatching(`['=; a-]{0,8}`).Draw(t, "text")
			if got := Told(harmless(text)); got != text {
				t.Fatalf("%q is guarded as %q, and told as %q", text, harmless(text), got)
			}
		})
	})

	t.Run("ErrNoSuchPart", func(t *testing.T) {
		t.Parallel()
		m := month(t, "2020-06")
		var out bytes.Buffer
		if err := WriteCSV(t.Context(), &out, of(m, FromOnAir(asSaid(playlog{}), m, now)), "labels"); err == nil || out.Len() > 0 {
			t.Errorf("error is %v after %q", err, out.String())
		}
	})
}
