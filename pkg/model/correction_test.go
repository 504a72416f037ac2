package model

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCorrection_UID(t *testing.T) {
	t.Parallel()
	artist, album, number, slot := "Mazzy Star", "", 3, int64(7)
	moved, duration := start.Add(5*time.Microsecond), 263*time.Second
	e := play()
	void := Correction{Entry: e.Fingerprint(), Kind: CorrectionVoid, At: start.Add(time.Minute), By: "M. Tester", Reason: "test"}
	amend := void
	amend.Kind, amend.Reason = CorrectionAmend, "tag was misspelled"
	amend.Changes = Changes{TrackStart: &moved, Artist: &artist, Album: &album, TrackNum: &number, TimeslotID: &slot, Duration: &duration}

	// As with fingerprints: computed by another program; they must never
	// change.
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

// correction draws one of a few corrections, so that ties and repetitions
// happen.
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
