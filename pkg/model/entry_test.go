package model

import (
	"errors"
	"iter"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// start is the time in the first call of the original's documentation.
var start = time.Date(2020, 6, 27, 17, 14, 0, 0, time.UTC)

func play() Entry {
	return Entry{LogSource: 1, TrackStart: start, Artist: "Mazzie Star", Title: "Fade Into You"}
}

// wrongFields are the names of the refused fields.
func wrongFields(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("error is %T: %v", err, err)
	}
	var names []string
	for _, f := range invalid.Fields {
		if f.Rule == "" {
			t.Errorf("%s is refused without a rule", f.Field)
		}
		names = append(names, f.Field)
	}
	return strings.Join(names, " ")
}

// TestEntry_Fingerprint: another program computed the vectors from the
// description of the encoding. They must never change, because every database
// in the field identifies its entries by them.
func TestEntry_Fingerprint(t *testing.T) {
	t.Parallel()

	t.Run("Golden", func(t *testing.T) {
		t.Parallel()
		for want, e := range map[string]Entry{
			"9ecf871efef427d8b403cd2f3df3f200": play(),
			"505077124f152fd65862ee29b772c795": {
				LogSource: 2, TrackStart: start.Add(123456 * time.Microsecond), Artist: "Björk 🎧", Album: "Début", Title: "Human Behaviour", TrackNum: -1, TrackType: 3,
			},
			"ebd3069b69c2531e8a0c32cd598f8e48": {
				LogSource: math.MaxInt32, TrackStart: time.UnixMicro(-1), Album: strings.Repeat("x", 256), TrackNum: math.MaxInt32, TrackType: math.MinInt32,
			},
		} {
			if got := e.Fingerprint().String(); got != want {
				t.Errorf("%+v: got %s, want %s", e, got, want)
			}
		}
	})

	t.Run("Identity", func(t *testing.T) {
		t.Parallel()
		identity := []string{"LogSource", "TrackStart", "Artist", "Album", "Title", "TrackNum", "TrackType"}
		e := play()
		for field, changed := range eachFieldChanged(e) {
			isIdentity := strings.Contains(strings.Join(identity, " "), field)
			if same := changed.Fingerprint() == e.Fingerprint(); same == isIdentity {
				t.Errorf("%s: a change keeps the fingerprint: %t", field, same)
			}
		}
	})

	t.Run("Zone", func(t *testing.T) {
		t.Parallel()
		e, same := play(), play()
		same.TrackStart = same.TrackStart.In(time.FixedZone("", 2*60*60))
		if e.Fingerprint() != same.Fingerprint() {
			t.Error("depends on the zone in which the instant is written")
		}
	})

	t.Run("FieldsDoNotRunTogether", func(t *testing.T) {
		t.Parallel()
		seen := map[Fingerprint]Entry{}
		for _, e := range []Entry{
			{Artist: "ab", Album: "c"}, {Artist: "a", Album: "bc"}, {Artist: "abc"}, {Album: "abc"}, {Title: "abc"},
			{Artist: "ab", Title: "c"}, {Artist: "a\x01b", Album: "c"}, {TrackNum: 1}, {TrackType: 1}, {LogSource: 1},
		} {
			if other, ok := seen[e.Fingerprint()]; ok {
				t.Errorf("%+v and %+v are the same", e, other)
			}
			seen[e.Fingerprint()] = e
		}
	})
}

// eachFieldChanged returns copies of e that differ from it in one field each.
func eachFieldChanged(e Entry) map[string]Entry {
	changed := map[string]Entry{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Entry]()) {
		c := e
		v := reflect.ValueOf(&c).Elem().FieldByIndex(f.Index)
		switch value := v.Interface().(type) {
		case string:
			v.SetString(value + "+")
		case int, int64, time.Duration:
			v.SetInt(v.Int() + 1e6)
		case bool:
			v.SetBool(!value)
		case time.Time:
			v.Set(reflect.ValueOf(value.Add(time.Microsecond)))
		case Tellings:
			v.SetString(string(tellings{Again: []time.Time{e.TrackStart}}.encode()))
		case Doubts:
			v.SetString(string(NewDoubts(Doubt{Field: "track_num", Sent: "x", Why: "y"})))
		case Overlay:
			v.Set(reflect.ValueOf(Overlay{Void: true}))
		case *Airing:
			v.Set(reflect.ValueOf(&Airing{From: e.TrackStart.Add(time.Minute)}))
		default:
			panic("no change for " + f.Name)
		}
		changed[f.Name] = c
	}
	return changed
}

// anyText draws text as tags may hold it: of any length, with control
// characters, emoji and bytes that are not UTF-8.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", " ", "\x00", "a\x00b", "\xff\xfe", "👩‍👩‍👧", "\u0085\u2028", strings.Repeat("🎧", 300), strings.Repeat("\xff", 600), strings.Repeat("é\xc3", 200)}),
		rapid.String(),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) }),
		rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat(string(rapid.Rune().Draw(t, "rune")), rapid.IntRange(250, 260).Draw(t, "n"))
		}),
	)
}

// texts are the texts of an entry by their names, in the order of the table.
func texts(e *Entry) iter.Seq2[string, *string] {
	return func(yield func(string, *string) bool) {
		for _, f := range Fields {
			if text, ok := f.Of(e).(*string); ok && !yield(f.Name(), text) {
				return
			}
		}
	}
}

// anyEntry draws an entry as it may arrive, before it is normalized.
func anyEntry() *rapid.Generator[Entry] {
	return rapid.Custom(func(t *rapid.T) (e Entry) {
		for _, f := range Fields {
			switch v := f.Of(&e).(type) {
			case *string:
				*v = anyText().Draw(t, f.Name())
			case *int:
				*v = rapid.OneOf(rapid.IntRange(-1, 5), rapid.Int()).Draw(t, f.Name())
			case *int64:
				*v = rapid.Int64().Draw(t, f.Name())
			case *time.Time:
				*v = time.Unix(rapid.Int64Range(-1e10, 2e11).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns"))
			case *time.Duration:
				*v = time.Duration(rapid.Int64().Draw(t, f.Name()))
			}
		}
		return e
	})
}

func TestEntry_Normalize(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		e := play()
		e.TrackStart = start.Add(123456789 * time.Nanosecond).In(time.FixedZone("CEST", 2*60*60))
		e.Duration = 263*time.Second + 1499600*time.Nanosecond
		e.Artist, e.Title = "Mazzy Star\x00David Roback", "Fade\r\nInto\tYou\xff"
		e.PlaylistID, e.TimeslotID, e.ShowID = -1, 0, 7
		if cut := e.Normalize(); cut != nil {
			t.Errorf("cuts %v", cut)
		}
		want := Entry{
			LogSource: 1, TrackStart: start.Add(123456 * time.Microsecond), Artist: "Mazzy Star David Roback", Title: "Fade  Into You\ufffd",
			Duration: 263001 * time.Millisecond, ShowID: 7,
		}
		if e != want { // also the same location, so that entries compare with ==
			t.Errorf("got  %+v\nwant %+v", e, want)
		}
	})

	t.Run("Cut", func(t *testing.T) {
		t.Parallel()
		long := strings.Repeat("x", MaxText+1)
		e := Entry{Artist: long, Album: long, Title: long, ShowName: long, Composer: long, Label: long, ISRC: long}
		want := "track_artist track_album track_title show_name track_composer track_label track_isrc"
		if got := strings.Join(e.Normalize(), " "); got != want {
			t.Errorf("says that it cut %s, want %s", got, want)
		}
		for name, value := range texts(&e) {
			if *value != long[:MaxText] {
				t.Errorf("%s is not cut", name)
			}
		}
	})

	t.Run("Idempotent", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			e := anyEntry().Draw(t, "entry")
			e.Normalize()
			again := e
			if cut := again.Normalize(); cut != nil || again != e || again.Fingerprint() != e.Fingerprint() {
				t.Fatalf("cuts %v: %+v becomes %+v", cut, e, again)
			}
		})
	})
}

func TestEntry_Validate(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for name, change := range map[string]func(*Entry){
			"Example":         func(*Entry) {},
			"NothingButStart": func(e *Entry) { *e = Entry{LogSource: 1, TrackStart: start} },
			"UnknownType":     func(e *Entry) { e.TrackType = 99 },
			"OddNumbers":      func(e *Entry) { e.TrackNum, e.TrackType = -7, math.MinInt32 },
			"LongestDuration": func(e *Entry) { e.Duration = maxDuration },
			"GreatestSource":  func(e *Entry) { e.LogSource = math.MaxInt32 },
			"Earliest":        func(e *Entry) { e.TrackStart = minTime },
			"Latest":          func(e *Entry) { e.TrackStart = maxTime },
		} {
			e := play()
			change(&e)
			if err := e.Validate(); err != nil {
				t.Errorf("%s: is refused: %v", name, err)
			}
		}
	})

	t.Run("ErrInvalid", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]struct {
			change func(*Entry)
			want   string
		}{
			"NoStart":           {func(e *Entry) { e.TrackStart = time.Time{} }, "track_start"},
			"ClockNeverSet":     {func(e *Entry) { e.TrackStart = time.Unix(60, 0) }, "track_start"},
			"AfterAllDatabases": {func(e *Entry) { e.TrackStart = maxTime.Add(1) }, "track_start"},
			"NegativeDuration":  {func(e *Entry) { e.Duration = -time.Millisecond }, "track_duration"},
			"EndlessDuration":   {func(e *Entry) { e.Duration = maxDuration + 1 }, "track_duration"},
			"NoSource":          {func(e *Entry) { e.LogSource = 0 }, "log_source"},
			"NegativeSource":    {func(e *Entry) { e.LogSource = -1 }, "log_source"},
			"HugeSource":        {func(e *Entry) { e.LogSource = math.MaxInt32 + 1 }, "log_source"},
			"HugeNumbers":       {func(e *Entry) { e.TrackNum, e.TrackType = math.MaxInt32+1, math.MinInt32-1 }, "track_num track_type"},
			"Everything": {func(e *Entry) { *e = Entry{Duration: -1, TrackNum: math.MaxInt, TrackType: math.MinInt} },
				"track_start track_duration log_source track_num track_type"},
		} {
			e := play()
			c.change(&e)
			if got := wrongFields(t, e.Validate()); got != c.want {
				t.Errorf("%s: names %q, want %q", name, got, c.want)
			}
		}
	})

	t.Run("Value", func(t *testing.T) {
		t.Parallel()
		e := play()
		e.Duration = -90 * 24 * time.Hour
		var invalid *InvalidError
		if err := e.Validate(); !errors.As(err, &invalid) || invalid.Fields[0].Value != "-7776000" {
			t.Errorf("shows %+v, want the seconds that came", err)
		}
	})
}

func TestEntry_Effective(t *testing.T) {
	t.Parallel()
	moved, artist, unknown := start.Add(time.Hour), "Mazzy Star", time.Duration(0)
	e := play()
	e.Duration = time.Minute
	if got := e.Effective(); got != e || !e.PlayedAt().Equal(start) {
		t.Errorf("without corrections: %+v", got)
	}
	e.Overlay.Changes = Changes{TrackStart: &moved, Artist: &artist, Duration: &unknown}
	got := e.Effective()
	if !got.TrackStart.Equal(moved) || got.Artist != artist || got.Duration != 0 || got.Title != e.Title {
		t.Errorf("corrected: %+v", got)
	}
	if e.Artist != "Mazzie Star" || !e.TrackStart.Equal(start) {
		t.Error("the raw entry changed")
	}
	if got.Effective() != got || !got.PlayedAt().Equal(moved) || !e.PlayedAt().Equal(moved) {
		t.Error("applying the corrections again changes something")
	}
}
