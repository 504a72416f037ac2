package model

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

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

// TestOverlay_JSON: databases keep overlays in this form.
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
