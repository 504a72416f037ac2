package model

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// allChanges sets every field of Changes to something else than play has.
func allChanges() Changes {
	var c Changes
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		value := reflect.New(v.Field(i).Type().Elem())
		switch elem := value.Elem(); elem.Interface().(type) {
		case string:
			elem.SetString("new")
		case time.Time:
			elem.Set(reflect.ValueOf(start.Add(time.Hour)))
		default:
			elem.SetInt(5e9)
			if elem.Kind() == reflect.Int {
				elem.SetInt(5)
			}
		}
		v.Field(i).Set(value)
	}
	return c
}

// only is c with that field alone.
func only(c Changes, field int) Changes {
	var o Changes
	reflect.ValueOf(&o).Elem().Field(field).Set(reflect.ValueOf(c).Field(field))
	return o
}

// TestChanges guards against a field that one of the methods forgets.
func TestChanges(t *testing.T) {
	t.Parallel()
	all := allChanges()
	names := reflect.TypeFor[Changes]()
	seen := map[Fingerprint]string{}
	for i := range names.NumField() {
		name, one := names.Field(i).Name, only(all, i)
		e := play()
		before := one.Of(e)
		one.apply(&e)
		if want := only(before, i); e == play() || before.IsEmpty() || before != want {
			t.Errorf("%s: changes nothing, or too much: %+v", name, before)
		}
		if got := one.Of(e); !reflect.DeepEqual(got, one) {
			t.Errorf("%s: is %+v after the change", name, got)
		}
		before.apply(&e)
		if e != play() {
			t.Errorf("%s: what was before does not come back: %+v", name, e)
		}
		if got := (Changes{}).over(one); got != one {
			t.Errorf("%s: over nothing is %+v", name, got)
		}
		if got := before.over(one); got != one {
			t.Errorf("%s: the later change does not win: %+v", name, got)
		}
		if got := one.over(Changes{}); got != one {
			t.Errorf("%s: does not stay: %+v", name, got)
		}
		for _, changes := range []Changes{one, before} {
			c := Correction{Changes: changes}
			if other, ok := seen[c.UID()]; ok {
				t.Errorf("%s: has the UID of %s", name, other)
			}
			seen[c.UID()] = name
		}
	}
	if !(Changes{}).IsEmpty() || all.IsEmpty() {
		t.Error("IsEmpty is wrong")
	}
}

func TestCorrection_UID(t *testing.T) {
	t.Parallel()
	artist, album, number, slot := "Mazzy Star", "", 3, int64(7)
	moved, duration := start.Add(5*time.Microsecond), 263*time.Second
	e := play()
	void := Correction{Entry: e.Fingerprint(), Kind: CorrectionVoid, At: start.Add(time.Minute), By: "M. Tester", Reason: "test"}
	amend := void
	amend.Kind, amend.Reason = CorrectionAmend, "tag was misspelled"
	amend.Changes = Changes{TrackStart: &moved, Artist: &artist, Album: &album, TrackNum: &number, TimeslotID: &slot, Duration: &duration}

	// As with fingerprints: computed by another program, never to change.
	for want, c := range map[string]Correction{"ee65bc346bfbb2be19e7a48a02f2f5f1": void, "0efeac72cdeccec3c5634862b9637267": amend} {
		if got := c.UID().String(); got != want {
			t.Errorf("%s: got %s, want %s", c.Kind, got, want)
		}
	}

	same := amend
	same.ID, same.Synced, same.Before = 9, true, Changes{Artist: &album}
	same.At = same.At.In(time.FixedZone("", 3600))
	if same.UID() != amend.UID() {
		t.Error("depends on what belongs to one database")
	}
	other := []Correction{amend, amend, amend, amend}
	other[0].Entry[15]++
	other[1].By += "!"
	other[2].Reason += "!"
	other[3].At = other[3].At.Add(time.Microsecond)
	for _, c := range other {
		if c.UID() == amend.UID() {
			t.Errorf("%+v is another correction", c)
		}
	}
}

func TestCorrection_Validate(t *testing.T) {
	t.Parallel()
	artist, negative, none := "Mazzy Star", -time.Second, time.Time{}
	for name, c := range map[string]struct {
		correction Correction
		want       string
	}{
		"Void":             {Correction{Kind: CorrectionVoid, By: "a", Reason: "b"}, ""},
		"Restore":          {Correction{Kind: CorrectionRestore, By: "a", Reason: "b"}, ""},
		"Log":              {Correction{Kind: CorrectionLog, By: "a", Reason: "b"}, ""},
		"Amend":            {Correction{Kind: CorrectionAmend, By: "a", Reason: "b", Changes: Changes{Artist: &artist}}, ""},
		"Nothing":          {Correction{}, "by reason kind"},
		"Blank":            {Correction{Kind: CorrectionVoid, By: " \t", Reason: "\n"}, "by reason"},
		"UnknownKind":      {Correction{Kind: "delete", By: "a", Reason: "b"}, "kind"},
		"VoidWithChanges":  {Correction{Kind: CorrectionVoid, By: "a", Reason: "b", Changes: Changes{Artist: &artist}}, "changes"},
		"AmendWithout":     {Correction{Kind: CorrectionAmend, By: "a", Reason: "b"}, "changes"},
		"AmendToNegative":  {Correction{Kind: CorrectionAmend, By: "a", Reason: "b", Changes: Changes{Duration: &negative}}, "track_duration"},
		"AmendToNoStart":   {Correction{Kind: CorrectionAmend, By: "a", Reason: "b", Changes: Changes{TrackStart: &none}}, "track_start"},
		"EverythingAtOnce": {Correction{Kind: CorrectionAmend, Changes: Changes{TrackStart: &none, Duration: &negative}}, "by reason track_start track_duration"},
	} {
		if got := wrongFields(t, c.correction.Validate(play())); got != c.want {
			t.Errorf("%s: names %q, want %q", name, got, c.want)
		}
	}
	target := play()
	c := Correction{Kind: CorrectionAmend, By: "a", Reason: "b", Changes: Changes{Artist: &artist}}
	if err := c.Validate(target); err != nil || target != play() {
		t.Errorf("checking changed the entry to %+v, %v", target, err)
	}
}

func TestCorrection_Normalize(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		artist, id, moved := strings.Repeat("🎧", MaxText+1)+"\x00", int64(-1), start.Add(1999).In(time.FixedZone("", 3600))
		c := Correction{
			At: start.Add(1999).In(time.FixedZone("", 3600)), By: "M.\tTester", Reason: strings.Repeat("ä", MaxReason+1),
			Changes: Changes{Artist: &artist, ShowID: &id, TrackStart: &moved},
		}
		c.Normalize()
		if c.At != start.Add(time.Microsecond) || c.By != "M. Tester" || c.Reason != strings.Repeat("ä", MaxReason) {
			t.Errorf("got %+v", c)
		}
		if *c.Changes.Artist != strings.Repeat("🎧", MaxText) || *c.Changes.ShowID != 0 || *c.Changes.TrackStart != start.Add(time.Microsecond) {
			t.Errorf("changes are %+v", c.Changes)
		}
		if c.Changes.Title != nil || c.Changes.Duration != nil {
			t.Error("changes more than it did")
		}
		if id != -1 {
			t.Error("writes through to the caller's value")
		}
	})

	t.Run("Idempotent", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			c := correction().Draw(t, "correction")
			c.Normalize()
			uid := c.UID()
			again := c
			again.Normalize()
			if !reflect.DeepEqual(again, c) || again.UID() != uid {
				t.Fatalf("%+v becomes %+v", c, again)
			}
		})
	})
}

// correction draws one of a few, so that ties and repetitions happen.
func correction() *rapid.Generator[Correction] {
	return rapid.Custom(func(t *rapid.T) Correction {
		c := Correction{
			Kind: rapid.SampledFrom([]string{CorrectionAmend, CorrectionVoid, CorrectionRestore, CorrectionLog}).Draw(t, "kind"),
			At:   start.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "µs")) * time.Microsecond),
			By:   rapid.SampledFrom([]string{"a", "b"}).Draw(t, "by"), Reason: anyText().Draw(t, "reason"),
		}
		if c.Kind == CorrectionAmend {
			changed := anyEntry().Draw(t, "values")
			all := allChanges().Of(changed)
			for i := range reflect.TypeFor[Changes]().NumField() {
				if rapid.Bool().Draw(t, "changes it") {
					c.Changes = c.Changes.over(only(all, i))
				}
			}
		}
		return c
	})
}

func TestFold(t *testing.T) {
	t.Parallel()
	at := func(second int, kind string, changes Changes) Correction {
		return Correction{Kind: kind, At: start.Add(time.Duration(second) * time.Second), Changes: changes}
	}
	artist, other, title := "Mazzy Star", "Somebody", "Fade Into You (live)"

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]struct {
			given []Correction
			want  Overlay
		}{
			"None":      {nil, Overlay{}},
			"Log":       {[]Correction{at(1, CorrectionLog, Changes{})}, Overlay{}},
			"Void":      {[]Correction{at(1, CorrectionVoid, Changes{})}, Overlay{Void: true}},
			"Restored":  {[]Correction{at(2, CorrectionRestore, Changes{}), at(1, CorrectionVoid, Changes{})}, Overlay{}},
			"VoidAgain": {[]Correction{at(1, CorrectionVoid, Changes{}), at(2, CorrectionRestore, Changes{}), at(3, CorrectionVoid, Changes{})}, Overlay{Void: true}},
			"LaterAmendWins": {[]Correction{at(2, CorrectionAmend, Changes{Artist: &artist}), at(1, CorrectionAmend, Changes{Artist: &other, Title: &title})},
				Overlay{Changes: Changes{Artist: &artist, Title: &title}}},
			"AmendsOutliveVoid": {[]Correction{at(1, CorrectionAmend, Changes{Artist: &artist}), at(2, CorrectionVoid, Changes{}), at(3, CorrectionRestore, Changes{})},
				Overlay{Changes: Changes{Artist: &artist}}},
		} {
			if got := Fold(c.given); got != c.want || got.IsEmpty() != (c.want == Overlay{}) {
				t.Errorf("%s: got %+v, want %+v", name, got, c.want)
			}
		}
	})

	t.Run("OneInstant", func(t *testing.T) {
		t.Parallel()
		a, b := at(1, CorrectionAmend, Changes{Artist: &artist}), at(1, CorrectionAmend, Changes{Artist: &other})
		winner := a
		if ua, ub := a.UID(), b.UID(); string(ub[:]) > string(ua[:]) {
			winner = b
		}
		if got := Fold([]Correction{a, b}); *got.Changes.Artist != *winner.Changes.Artist {
			t.Errorf("%s wins, want the one with the greater UID", *got.Changes.Artist)
		}
	})

	t.Run("AnyOrder", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			given := rapid.SliceOfN(correction(), 0, 6).Draw(t, "corrections")
			want := Fold(given)
			shuffled := rapid.Permutation(append(given, given...)).Draw(t, "in another order, twice")
			before := reflect.ValueOf(shuffled).Len()
			if got := Fold(shuffled); !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
			if len(shuffled) != before {
				t.Fatal("changes what it was given")
			}
		})
	})

	t.Run("KeepsTheOrderOfTheCaller", func(t *testing.T) {
		t.Parallel()
		given := []Correction{at(2, CorrectionRestore, Changes{}), at(1, CorrectionVoid, Changes{})}
		Fold(given)
		if given[0].Kind != CorrectionRestore {
			t.Error("sorts what it was given")
		}
	})
}

// TestOverlay_JSON: databases keep it in this form.
func TestOverlay_JSON(t *testing.T) {
	t.Parallel()

	t.Run("Golden", func(t *testing.T) {
		t.Parallel()
		artist, unknown, moved := "Mazzy Star", time.Duration(0), start.Add(500*time.Millisecond)
		for want, o := range map[string]Overlay{
			`{}`:            {},
			`{"void":true}`: {Void: true},
			`{"changes":{"track_start":"2020-06-27T17:14:00.5Z","track_artist":"Mazzy Star","duration":0}}`: {Changes: Changes{TrackStart: &moved, Artist: &artist, Duration: &unknown}},
		} {
			if got, err := json.Marshal(o); string(got) != want || err != nil {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		}
	})

	t.Run("RoundTrip", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			c := correction().Draw(t, "correction")
			c.Normalize()
			o := Overlay{Void: rapid.Bool().Draw(t, "void"), Changes: c.Changes}
			stored, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			var got Overlay
			if err := json.Unmarshal(stored, &got); err != nil || !reflect.DeepEqual(got, o) {
				t.Fatalf("%s is read as %+v, %v, want %+v", stored, got, err, o)
			}
		})
	})
}
