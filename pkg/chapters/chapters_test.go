package chapters_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/chapters"
	"aura.radio/engine/pkg/goldentest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/report"
)

var evening = time.Date(2026, 12, 1, 19, 0, 0, 0, time.UTC)

// at is that many seconds after the beginning of the recording.
func at(seconds float64) time.Time {
	return evening.Add(time.Duration(seconds * float64(time.Second)))
}

func play(from, until float64, artist, title string) report.Play {
	return report.Play{Entry: model.Entry{Artist: artist, Title: title, ShowName: "Morning"}, From: at(from), Until: at(until)}
}

func noCover(model.Entry) string { return "" }

var hour = chapters.Recording{From: evening, To: at(3600)}

// text shows chapters in one line each.
func text(list []chapters.Chapter) string {
	var lines []string
	for _, c := range list {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%v-%v %s %s", c.Start.Seconds(), c.End.Seconds(), c.Artist, c.Title)))
	}
	return strings.Join(lines, "\n")
}

func TestRecording_Chapters(t *testing.T) {
	t.Parallel()
	show := report.Play{Entry: model.Entry{ShowName: "Live"}, From: at(10), Until: at(20)}
	amended := play(10, 20, "a", "b")
	amended.Entry.Overlay.Changes.Title = new("c")
	for name, c := range map[string]struct {
		plays []report.Play
		want  string
	}{
		"None":             {},
		"Within":           {[]report.Play{play(10, 20, "a", "b"), play(30, 40, "c", "d")}, "10-20 a b\n30-40 c d"},
		"BeganBefore":      {[]report.Play{play(-10, 20, "a", "b")}, "0-20 a b"},
		"OverBefore":       {[]report.Play{play(-10, 0, "a", "b")}, ""},
		"GoesOnBeyond":     {[]report.Play{play(3590, 3700, "a", "b")}, "3590-3600 a b"},
		"BeginsAtTheEnd":   {[]report.Play{play(3600, 3700, "a", "b")}, ""},
		"Whole":            {[]report.Play{play(-10, 3700, "a", "b")}, "0-3600 a b"},
		"UnknownEnd":       {[]report.Play{play(10, 10, "a", "b"), play(50, 60, "c", "d"), play(70, 70, "e", "f")}, "10-50 a b\n50-60 c d\n70-3600 e f"},
		"UnknownBefore":    {[]report.Play{play(-10, -10, "a", "b"), play(50, 60, "c", "d")}, "50-60 c d"},
		"Overlap":          {[]report.Play{play(10, 30, "a", "b"), play(20, 40, "c", "d")}, "10-20 a b\n20-40 c d"},
		"LessThanASecond":  {[]report.Play{play(-10, 0.9, "a", "b"), play(5, 6, "c", "d"), play(3599.1, 3700, "e", "f")}, "5-6 c d"},
		"NamesTheShow":     {[]report.Play{show}, "10-20  Live"},
		"NamesNothing":     {[]report.Play{{From: at(10), Until: at(20)}}, ""},
		"OneNameOnly":      {[]report.Play{play(10, 20, "a", ""), play(20, 30, "", "b")}, "10-20 a\n20-30  b"},
		"Corrected":        {[]report.Play{amended}, "10-20 a c"},
		"ControlCharacter": {[]report.Play{play(10, 20, "a\r\nb", "c\u2028d\x00e")}, "10-20 a b c d e"},
	} {
		if got := text(hour.Chapters(c.plays, noCover)); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestRecording_SoFar(t *testing.T) {
	t.Parallel()
	for now, want := range map[float64]struct {
		to    float64
		until time.Time
	}{
		-0.5: {-10, at(0)}, 0: {0, at(10)}, 19.9: {10, at(20)}, 20: {20, at(30)},
		3599.9: {3590, at(3600)}, 3600: {3600, time.Time{}}, 1e6: {3600, time.Time{}},
	} {
		got, until := hour.SoFar(at(now))
		if got != (chapters.Recording{From: evening, To: at(want.to)}) || !until.Equal(want.until) {
			t.Errorf("at %v it is %v until %v", now, got, until)
		}
	}
}

// edges is a log that fails.
type edges struct{ err error }

func (e edges) LatestEntry(context.Context, time.Time) (model.Entry, error) {
	return model.Entry{}, e.err
}
func (e edges) NextEntry(context.Context, time.Time) (model.Entry, error) {
	return model.Entry{}, e.err
}

func TestRecording_Plays_fails(t *testing.T) {
	t.Parallel()
	broken := errors.New("a test's")
	plays := func(err error) func(report.Period) report.Plays {
		return func(report.Period) report.Plays {
			return func(context.Context, func(report.Play) error) error { return err }
		}
	}
	if _, err := hour.Plays(t.Context(), edges{broken}, plays(nil)); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	if _, err := hour.Plays(t.Context(), edges{model.ErrNotFound}, plays(broken)); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	if _, err := (chapters.Recording{From: at(1), To: at(1)}).Plays(t.Context(), edges{broken}, plays(broken)); err != nil {
		t.Errorf("of nothing it is %v", err)
	}
}

func TestRecording_Timeslot(t *testing.T) {
	t.Parallel()
	of := func(id int64, from, until float64) report.Play {
		p := play(from, until, "a", "b")
		p.Entry.TimeslotID = id
		return p
	}
	plays := []report.Play{of(1, -60, -30), of(2, -30, 30), of(0, 30, 40), of(2, 40, 90), of(3, 90, 4000)}
	for id, want := range map[int64]chapters.Recording{2: {From: evening, To: at(90)}, 3: {From: at(90), To: at(3600)}, 1: {}, 4: {}} {
		part, heard := hour.Timeslot(plays, id)
		if part != want || heard != (want != chapters.Recording{}) {
			t.Errorf("timeslot %d is %v, %t; want %v", id, part, heard, want)
		}
	}
	part, _ := hour.Timeslot(plays, 2)
	if got := text(part.Chapters(plays, noCover)); got != "0-30 a b\n30-40 a b\n40-90 a b" {
		t.Errorf("its chapters are\n%s", got)
	}
}

// sheet has everything that could break a file.
func sheet() chapters.Sheet {
	covers := func(e model.Entry) string {
		if e.Artist == "Mazzy Star" {
			return "/covers/fade.jpg"
		}
		return ""
	}
	plays := []report.Play{
		play(1.5, 295.04, "Mazzy Star", "Fade Into You"),
		play(295.04, 300, `"Weird Al"`, `<b>&amp;</b> --> x`),
		play(300, 1000, "", "Ćevapčići 😀"),
		play(1000, 4000, "FILE", "\"\nREM x"),
	}
	return chapters.Sheet{Station: `Radio "X"`, Chapters: hour.Chapters(plays, covers)}
}

func TestSheet_Golden(t *testing.T) {
	t.Parallel()
	js, err := sheet().JSON()
	if err != nil {
		t.Fatal(err)
	}
	empty, err := chapters.Sheet{Station: "AURA"}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{
		"chapters.json": js, "chapters.vtt": sheet().VTT(), "chapters.cue": sheet().Cue(`a "b".mp3`),
		"none.json": empty, "none.vtt": chapters.Sheet{}.VTT(), "none.cue": chapters.Sheet{Station: "AURA"}.Cue("x.flac"),
	} {
		goldentest.Compare(t, name, got)
	}
}

// TestSheet_Cue_long: a cue sheet has 99 tracks, and says how many there are more.
func TestSheet_Cue_long(t *testing.T) {
	t.Parallel()
	var plays []report.Play
	day := chapters.Recording{From: evening, To: at(24 * 3600)}
	for i := range 200 {
		plays = append(plays, play(float64(i)*400, float64(i)*400+400, "a", fmt.Sprint(i)))
	}
	cue := string(chapters.Sheet{Chapters: day.Chapters(plays, noCover)}.Cue("x.MP3"))
	for text, count := range map[string]int{"  TRACK ": 99, "REM 101 more tracks": 1, "INDEX 00": 0, `FILE "x.MP3" MP3`: 1, "TRACK 99 AUDIO\n    TITLE \"98\"\n    PERFORMER \"a\"\n    INDEX 01 653:20:00\n": 1} {
		if got := strings.Count(cue, text); got != count {
			t.Errorf("%q is there %d times, want %d:\n%s", text, got, count, cue)
		}
	}
	for file, kind := range map[string]string{"a.aiff": "AIFF", "b.wav": "WAVE", "c.opus": "WAVE", "d": "WAVE"} {
		if cue := string(chapters.Sheet{}.Cue(file)); !strings.Contains(cue, fmt.Sprintf("FILE %q %s\n", file, kind)) {
			t.Errorf("%s: %s", file, cue)
		}
	}
}

var (
	cueLine = regexp.MustCompile(`^(TITLE|PERFORMER|FILE|  TRACK \d\d AUDIO|    TITLE|    PERFORMER|    INDEX 0[01] \d{2,}:[0-5]\d:(?:[0-6]\d|7[0-4]))(?: "[^"]*")?(?: MP3)?$`)
	vttTime = regexp.MustCompile(`(?m)^(\d{2}):(\d{2}):(\d{2})\.(\d{3}) --> (\d{2}):(\d{2}):(\d{2})\.(\d{3})$`)
)

// TestSheet_property: whatever was heard, and however it is called, the times of
// every format lie within the recording and ascend, and there is one for each
// chapter.
func TestSheet_property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var plays []report.Play
		from := rapid.Float64Range(-500, 0).Draw(r, "from")
		for i := range rapid.IntRange(0, 30).Draw(r, "plays") {
			from += rapid.Float64Range(0, 300).Draw(r, fmt.Sprint("gap ", i))
			lasts := rapid.Float64Range(0, 400).Draw(r, fmt.Sprint("lasts ", i))
			plays = append(plays, play(from, from+lasts, rapid.String().Draw(r, "artist"), rapid.String().Draw(r, "title")))
		}
		list := hour.Chapters(plays, noCover)
		end := time.Duration(0)
		for _, c := range list {
			if c.Start < end || c.End < c.Start+time.Second || c.End > time.Hour {
				r.Fatalf("chapter %v-%v after %v", c.Start, c.End, end)
			}
			end = c.End
		}
		sheet := chapters.Sheet{Station: rapid.String().Draw(r, "station"), Chapters: list}
		js, err := sheet.JSON()
		var read struct {
			Chapters []struct{ StartTime, EndTime float64 }
		}
		if err != nil || json.Unmarshal(js, &read) != nil || len(read.Chapters) != len(list) {
			r.Fatalf("%v: %s", err, js)
		}
		times := vttTime.FindAllString(string(sheet.VTT()), -1)
		if len(times) != len(list) || strings.Count(string(sheet.VTT()), "-->") != len(list) {
			r.Fatalf("%d cues of %d:\n%s", len(times), len(list), sheet.VTT())
		}
		last := 0.0
		for i, c := range read.Chapters {
			if c.StartTime < last || c.EndTime <= c.StartTime || c.EndTime > 3600 || i > 0 && times[i] <= times[i-1] {
				r.Fatalf("%s\n%s", js, times)
			}
			last = c.EndTime
		}
		cue := strings.TrimSuffix(string(sheet.Cue(rapid.String().Draw(r, "file")+".mp3")), "\n")
		for l := range strings.SplitSeq(cue, "\n") {
			if !cueLine.MatchString(l) {
				r.Fatalf("line %q of\n%s", l, cue)
			}
		}
		if got := strings.Count(cue, "\n    INDEX 01 "); got != len(list) {
			r.Fatalf("%d tracks of %d:\n%s", got, len(list), cue)
		}
	})
}
