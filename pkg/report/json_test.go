package report

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/goldentest"
	"aura.radio/engine/pkg/model"
	"pgregory.net/rapid"
)

var spec = sync.OnceValues(api.GetSpec)

// valid checks an answer against the contract and decodes it.
func valid(t rapid.TB, answer []byte) api.Report {
	t.Helper()
	contract, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(answer, &value); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	if err := contract.Components.Schemas["Report"].Value.VisitJSON(value); err != nil {
		t.Fatal(err)
	}
	var report api.Report
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&report); err != nil {
		t.Fatal(err)
	}
	return report
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		m := month(t, "2020_10")
		var out bytes.Buffer
		if err := WriteJSON(t.Context(), &out, of(m, FromOnAir(asSaid(october(t)), m, now))); err != nil {
			t.Fatal(err)
		}
		valid(t, out.Bytes())
		goldentest.Compare(t, "2020-10.json", out.Bytes())
	})

	t.Run("SpringForward", func(t *testing.T) {
		t.Parallel()
		m := month(t, "2020-03")
		log := playlog{
			{LogSource: 1, TrackStart: utc(t, "2020-03-29T00:59:00Z"), Title: "Over the skipped hour", Duration: 10 * time.Minute},
			{LogSource: 1, TrackStart: utc(t, "2020-03-29T01:01:00Z"), Title: "Summer", Duration: 3 * time.Minute},
			{LogSource: 1, TrackStart: utc(t, "2020-03-31T21:59:59.999Z"), Title: "Last", Duration: 3 * time.Minute},
			{LogSource: 1, TrackStart: utc(t, "2020-03-31T22:00:00Z"), Title: "April"},
		}
		var out bytes.Buffer
		if err := WriteJSON(t.Context(), &out, of(m, FromOnAir(asSaid(log), m, now))); err != nil {
			t.Fatal(err)
		}
		got := valid(t, out.Bytes())
		for i, want := range []struct {
			start   string
			seconds float64
		}{{"2020-03-29T01:59:00+01:00", 120}, {"2020-03-29T03:01:00+02:00", 180}, {"2020-03-31T23:59:59.999+02:00", 0.001}} {
			if p := got.Plays[i]; p.TrackStart.Format(time.RFC3339Nano) != want.start || p.Seconds != want.seconds {
				t.Errorf("play %d: %v for %v s, want %+v", i, p.TrackStart, p.Seconds, want)
			}
		}
		if got.Totals.Plays != 3 || got.Totals.Seconds != 300.001 {
			t.Errorf("totals are %+v", got.Totals)
		}
	})

	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		m := month(t, "2020-06")
		var out bytes.Buffer
		if err := WriteJSON(t.Context(), &out, of(m, FromOnAir(asSaid(playlog{}), m, now))); err != nil {
			t.Fatal(err)
		}
		got := valid(t, out.Bytes())
		if got.Month != "2020-06" || got.TimeZone != "Europe/Vienna" || len(got.Plays) != 0 || got.Totals.Plays != 0 {
			t.Errorf("got %+v", got)
		}
		if strings.Contains(out.String(), "null") {
			t.Errorf("an empty list is null in %s", out.String())
		}
	})

	t.Run("Text", func(t *testing.T) {
		t.Parallel()
		m := month(t, "2020-06")
		rapid.Check(t, func(t *rapid.T) {
			title := rapid.String().Draw(t, "title") + rapid.SampledFrom([]string{"", "\x00", "\"\\/", "\u2028<&>", "\x7f\u0085", "🎧", "\xff"}).Draw(t, "odd")
			var out bytes.Buffer
			err := WriteJSON(context.Background(), &out, of(m, FromOnAir(asSaid(playlog{{TrackStart: m.From, Title: title}}), m, now)))
			if err != nil || !utf8.Valid(out.Bytes()) {
				t.Fatalf("%v: %q", err, out.Bytes())
			}
			if got := valid(t, out.Bytes()).Plays[0].TrackTitle; got != strings.ToValidUTF8(title, "\ufffd") && utf8.ValidString(title) {
				t.Fatalf("%q became %q", title, got)
			}
		})
	})
}

// known is an ISRC.
const known = "ATX012000001"

// plays draws plays that any log may hold, in order of the starts.
func plays(m Period) *rapid.Generator[[]Play] {
	text := rapid.SampledFrom([]string{"", "a", "A", "=1+1", "-", "Größe", "🎧", "\"x\", y", " blank ", "'quoted"})
	return rapid.Custom(func(t *rapid.T) []Play {
		at := m.From
		list := make([]Play, rapid.IntRange(0, 30).Draw(t, "plays"))
		for i := range list {
			at = at.Add(time.Duration(rapid.Int64Range(0, 3600e6).Draw(t, "µs later")) * time.Microsecond)
			list[i] = Play{
				Estimated: rapid.Bool().Draw(t, "estimated"),

				From:  at,
				Until: at.Add(time.Duration(rapid.Int64Range(0, 7200e6).Draw(t, "µs long")) * time.Microsecond),
				Entry: model.Entry{
					LogSource: rapid.IntRange(1, 3).Draw(t, "source"), TrackStart: at,
					Artist: text.Draw(t, "artist"), Title: text.Draw(t, "title"), Album: text.Draw(t, "album"),
					TrackNum: rapid.IntRange(-1, 9).Draw(t, "num"), TrackType: rapid.IntRange(0, 4).Draw(t, "type"),
					Duration: time.Duration(rapid.Int64Range(0, 3).Draw(t, "ms")) * 1001 * time.Millisecond,
					ShowID:   rapid.Int64Range(0, 3).Draw(t, "show"), ShowName: text.Draw(t, "show name"),
					PlaylistID: rapid.Int64Range(0, 1).Draw(t, "playlist"), TimeslotID: rapid.Int64Range(0, 1).Draw(t, "timeslot"),
					Composer: text.Draw(t, "composer"), Label: text.Draw(t, "label"), ISRC: rapid.SampledFrom([]string{"", "-", known}).Draw(t, "isrc"),
				},
			}
		}
		return list
	})
}

// each makes Plays from a list.
func each(list []Play) Plays {
	return func(_ context.Context, fn func(Play) error) error {
		for _, p := range list {
			if err := fn(p); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestWriteJSON_totals: every total is the sum over the listed plays, to the
// millisecond. Every play is in exactly one total of each part.
func TestWriteJSON_totals(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	rapid.Check(t, func(t *rapid.T) {
		list := plays(m).Draw(t, "plays")
		var out bytes.Buffer
		if err := WriteJSON(context.Background(), &out, of(m, each(list))); err != nil {
			t.Fatal(err)
		}
		report := valid(t, out.Bytes())

		type sum struct{ plays, ms int64 }
		millis := func(seconds float64) int64 {
			ms := math.Round(seconds * 1000)
			if ms/1000 != seconds {
				t.Fatalf("%v s is finer than milliseconds", seconds)
			}
			return int64(ms)
		}
		var all sum
		titles, types, shows := map[[4]string]sum{}, map[int]sum{}, map[any]sum{}
		for _, p := range report.Plays {
			ms := millis(p.Seconds)
			all = sum{all.plays + 1, all.ms + ms}
			key := [4]string{p.TrackArtist, p.TrackTitle, p.TrackAlbum}
			if p.TrackIsrc == known {
				key = [4]string{3: known}
			}
			titles[key] = sum{titles[key].plays + 1, titles[key].ms + ms}
			kind := types[p.TrackType]
			types[p.TrackType] = sum{kind.plays + 1, kind.ms + ms}
			var show any = p.ShowName
			if p.ShowId != nil {
				show = *p.ShowId
			}
			shows[show] = sum{shows[show].plays + 1, shows[show].ms + ms}
		}
		if got := (sum{report.Totals.Plays, millis(report.Totals.Seconds)}); got != all || len(report.Plays) != len(list) || report.Summary.Plays != all.plays {
			t.Fatalf("totals are %v, the sum over the plays is %v", got, all)
		}
		if len(report.Totals.Titles) != len(titles) || len(report.Totals.Shows) != len(shows) || len(report.Totals.Types) != len(types) {
			t.Fatalf("%d titles, %d shows, %d types; want %d, %d, %d", len(report.Totals.Titles), len(report.Totals.Shows),
				len(report.Totals.Types), len(titles), len(shows), len(types))
		}
		var before []string
		for _, got := range report.Totals.Titles {
			key := [4]string{got.TrackArtist, got.TrackTitle, got.TrackAlbum}
			if got.TrackIsrc == known {
				key = [4]string{3: known}
			}
			if want := titles[key]; (sum{got.Plays, millis(got.Seconds)}) != want {
				t.Fatalf("%v: %+v, want %v", key, got, want)
			}
			place := []string{got.TrackArtist, got.TrackTitle, got.TrackAlbum, got.TrackIsrc}
			if slices.Compare(before, place) >= 0 {
				t.Fatalf("%q comes after %q", place, before)
			}
			before = place
		}
		for _, got := range report.Totals.Shows {
			var key any = got.ShowName
			if got.ShowId != nil {
				key = *got.ShowId
			}
			if want := shows[key]; (sum{got.Plays, millis(got.Seconds)}) != want {
				t.Fatalf("show %v: %+v, want %v", key, got, want)
			}
		}
		for _, got := range report.Totals.Types {
			if want := types[got.TrackType]; (sum{got.Plays, millis(got.Seconds)}) != want {
				t.Fatalf("type %d: %+v, want %v", got.TrackType, got, want)
			}
		}

		// The same plays give the same bytes.
		var again bytes.Buffer
		if err := WriteJSON(context.Background(), &again, of(m, each(list))); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
			t.Fatalf("%v: differs when written again", err)
		}
	})
}

// failingWriter fails after room bytes.
type failingWriter struct{ room int }

var errFull = errors.New("disk full")

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// formats are all writers.
var formats = map[string]func(context.Context, io.Writer, Report) error{
	"JSON":  WriteJSON,
	"XLSX":  WriteXLSX,
	"Holes": WriteHolesJSON,
	"CSV": func(ctx context.Context, w io.Writer, r Report) error {
		return WriteCSV(ctx, w, r, PartPlays)
	},
	"CSVTitles": func(ctx context.Context, w io.Writer, r Report) error {
		return WriteCSV(ctx, w, r, PartTitles)
	},
}

func TestWrite_errors(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	broken := errors.New("cable pulled")
	for name, write := range formats {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			t.Run("AtOnce", func(t *testing.T) {
				var out bytes.Buffer
				err := write(t.Context(), &out, of(m, func(context.Context, func(Play) error) error { return broken }))
				if !errors.Is(err, broken) || out.Len() != 0 {
					t.Errorf("error is %v after %d bytes, want none", err, out.Len())
				}
			})

			t.Run("InMidStream", func(t *testing.T) {
				var out bytes.Buffer
				n := 0
				err := write(t.Context(), &out, of(m, func(ctx context.Context, fn func(Play) error) error {
					err := many(m, 5000, 1)(ctx, func(p Play) error { n++; return fn(p) })
					return errors.Join(err, broken)
				}))
				if !errors.Is(err, broken) || n != 5000 {
					t.Errorf("error is %v after %d plays", err, n)
				}
				_, isZip := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
				if json.Valid(out.Bytes()) || isZip == nil {
					t.Error("looks complete")
				}
			})

			t.Run("Canceled", func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				n := 0
				source := FromOnAir(fakeLog{EachEntryFunc: func(fn func(model.Entry) error) error {
					for ; ; n++ {
						if n == 1000 {
							cancel()
						}
						start := m.From.Add(time.Duration(n) * time.Second)
						if err := fn(model.Entry{TrackStart: start, Air: &model.Airing{From: start}}); err != nil {
							return err
						}
					}
				}}, m, now)
				if err := write(ctx, io.Discard, of(m, source)); !errors.Is(err, context.Canceled) || n != 1000 {
					t.Errorf("error is %v after %d plays", err, n)
				}
			})

			t.Run("Writer", func(t *testing.T) {
				for _, room := range []int{0, 3000} {
					if err := write(t.Context(), &failingWriter{room: room}, torn(m, many(m, 5000, 1000))); !errors.Is(err, errFull) {
						t.Errorf("error is %v, want the writer's", err)
					}
				}
			})
		})
	}
}
