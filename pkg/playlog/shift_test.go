package playlog

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
)

// corrected applies amendments of the start to an entry, as a store does.
type corrected struct {
	entry   model.Entry
	earlier []model.Correction
}

func (c *corrected) shown() model.Entry {
	e := c.entry
	e.Overlay = model.Fold(c.earlier)
	return e.Effective()
}

func (c *corrected) apply(t *rapid.T, amendment model.Correction) {
	e := c.entry
	e.Overlay = model.Fold(c.earlier)
	amendment.By, amendment.At = "M. Tester", now.Add(time.Duration(len(c.earlier))*time.Second)
	amendment.Normalize()
	stored, err := admit(amendment, e, c.earlier)
	if err != nil {
		t.Fatal(err)
	}
	c.earlier = append(c.earlier, stored)
}

// TestShift_properties: a shift moves each play once, however often it is
// interrupted and repeated, and to take it back gives the starts of before.
func TestShift_properties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := now.UTC().Truncate(time.Second)
		to := from.Add(2 * time.Hour)
		s := Shift{By: time.Duration(rapid.IntRange(-7200, 7200).Filter(func(n int) bool { return n != 0 }).Draw(t, "by")) * time.Second, Reason: "wrong zone"}
		plays := make([]corrected, rapid.IntRange(1, 8).Draw(t, "plays"))
		before := make([]time.Time, len(plays))
		for i := range plays {
			e := play()
			e.TrackStart = from.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "start")) * time.Second)
			e.Normalize()
			plays[i].entry = e
			if rapid.Bool().Draw(t, "earlier shift") {
				shown := plays[i].shown()
				c, left := Shift{By: time.Minute, Reason: "another"}.Of(&shown, nil)
				if left != "" {
					t.Fatal(left)
				}
				plays[i].apply(t, c)
			}
			before[i] = plays[i].shown().TrackStart
		}
		inRange := func(at time.Time) bool { return !at.Before(from) && !at.After(to) }
		// run looks at the entries that are shown in the range, until it is cut off.
		run := func(undo bool, n int) {
			for i := range plays[:n] {
				shown := plays[i].shown()
				var c model.Correction
				var left string
				switch {
				case !undo && inRange(shown.TrackStart):
					c, left = s.Of(&shown, plays[i].earlier)
				case undo && inRange(shown.TrackStart.Add(-s.By)):
					c, left = s.Undo(&shown, plays[i].earlier, from, to)
				default:
					continue
				}
				if left == "" {
					plays[i].apply(t, c)
				}
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "interrupted") {
			run(false, rapid.IntRange(0, len(plays)).Draw(t, "done"))
		}
		run(false, len(plays))
		for i := range plays {
			want := before[i]
			if inRange(want) {
				want = want.Add(s.By)
			}
			if got := plays[i].shown().TrackStart; !got.Equal(want) {
				t.Fatalf("play %d is at %s, want %s", i, got, want)
			}
		}
		run(true, rapid.IntRange(0, len(plays)).Draw(t, "taken back"))
		run(true, len(plays))
		for i := range plays {
			if got := plays[i].shown().TrackStart; !got.Equal(before[i]) {
				t.Fatalf("play %d is at %s after all, was at %s", i, got, before[i])
			}
		}
	})
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	doubt := model.NewDoubts(model.NewDoubt("track_start", "2030", "is more than five minutes ahead of its arrival; check the clocks"))
	for name, c := range map[string]struct {
		ahead  time.Duration
		doubts model.Doubts
		admits bool // a person may say that the start is right
		leaves string
	}{
		"Doubtful": {maxAhead + time.Second, doubt, true, ""},
		"Undated":  {0, doubt, true, "its start is not doubtful"},
		"Good":     {0, "", false, "its start is not doubtful"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := play()
			e.Normalize()
			e.ReceivedAt, e.Doubts = e.TrackStart.Add(-c.ahead), c.doubts
			amendment, left := Confirm(&e, nil, "is right")
			if left != c.leaves {
				t.Errorf("left: %q", left)
			}
			if left != "" {
				amendment = startCorrection(e.TrackStart, "is right")
			}
			amendment.By, amendment.At = "M. Tester", now
			amendment.Normalize()
			stored, err := admit(amendment, e, nil)
			if (err == nil) != c.admits {
				t.Fatalf("admitted: %v", err)
			}
			if !c.admits {
				return
			}
			e.Overlay = model.Fold([]model.Correction{stored})
			again := amendment
			again.Reason = "is really right"
			if _, err := admit(again, e, []model.Correction{stored}); wrongFields(t, err) != "changes" {
				t.Errorf("confirmed again: %v", err)
			}
			if _, left := Confirm(&e, []model.Correction{stored}, "is right"); left == "" {
				t.Error("is confirmed twice")
			}
		})
	}
}
