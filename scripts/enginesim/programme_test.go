package main

import (
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

var loadVienna = sync.OnceValues(func() (*time.Location, error) { return time.LoadLocation("Europe/Vienna") })

func vienna(t *testing.T) *time.Location {
	t.Helper()
	zone, err := loadVienna()
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func testProgramme(t *testing.T, seed uint64) *programme {
	t.Helper()
	p, err := newProgramme(vienna(t), seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// during is what plays in [from, to), including the title that is playing at from.
func during(p *programme, from, to time.Time) []play {
	var plays []play
	for next := range p.plays(from) {
		if !next.Start.Before(to) {
			break
		}
		plays = append(plays, next)
	}
	return plays
}

func TestProgramme_Plays(t *testing.T) {
	t.Parallel()
	p := testProgramme(t, 1)
	from := time.Date(2026, 6, 1, 12, 34, 56, 0, time.UTC)
	plays := during(p, from, from.Add(48*time.Hour))

	t.Run("BeginsWithWhatIsPlaying", func(t *testing.T) {
		t.Parallel()
		if plays[0].Start.After(from) || !plays[1].Start.After(from) {
			t.Errorf("at %s: first %s, second %s", from, plays[0].Start, plays[1].Start)
		}
	})
	t.Run("InOrder", func(t *testing.T) {
		t.Parallel()
		for i, next := range plays[1:] {
			if before := plays[i]; !next.Start.After(before.Start) {
				t.Errorf("%s at %s follows %s at %s", next.Title, next.Start, before.Title, before.Start)
			}
		}
	})
	t.Run("RepeatsItselfFromAnywhere", func(t *testing.T) {
		t.Parallel()
		later := during(testProgramme(t, 1), from.Add(7*time.Hour), from.Add(48*time.Hour))
		if len(later) < 50 {
			t.Fatalf("only %d plays", len(later))
		}
		for i, want := range plays[len(plays)-len(later):] {
			if later[i] != want {
				t.Fatalf("started later: %+v, want %+v", later[i], want)
			}
		}
	})
	t.Run("OtherSeedOtherOrder", func(t *testing.T) {
		t.Parallel()
		other := during(testProgramme(t, 2), from, from.Add(48*time.Hour))
		for i := range min(len(plays), len(other)) {
			if plays[i].Title != other[i].Title {
				return
			}
		}
		t.Error("seed 2 plays what seed 1 plays")
	})
	t.Run("HoldsEveryKind", func(t *testing.T) {
		t.Parallel()
		var line, stream, fallback, jingle, overMidnight bool
		for _, p := range plays {
			line = line || p.Type == typeLine && p.Seconds == 0
			stream = stream || p.Type == typeStream && p.Seconds == 0
			fallback = fallback || p.Fallback
			jingle = jingle || p.Artist == "AURA"
			overMidnight = overMidnight || p.Slot.Start.Day() != p.Slot.End.Day()
		}
		if !line || !stream || !fallback || !jingle || !overMidnight {
			t.Errorf("line %v, stream %v, fallback %v, jingle %v, show over midnight %v", line, stream, fallback, jingle, overMidnight)
		}
	})
}

func TestProgramme_Hurry(t *testing.T) {
	t.Parallel()
	natural, hurried := testProgramme(t, 1), testProgramme(t, 1)
	noon := time.Date(2026, 6, 1, 12, 0, 0, 0, natural.zone) // the studio's hour, which is live
	hurried.longest, hurried.hurry = 2*time.Second, noon.Add(10*time.Minute)
	before := during(natural, noon.Add(-time.Hour), hurried.hurry)
	plays := during(hurried, noon.Add(-time.Hour), noon.Add(90*time.Minute))
	for i, want := range before {
		if plays[i] != want {
			t.Fatalf("before it hurries: %+v, want %+v", plays[i], want)
		}
	}
	plays = plays[len(before):]
	next := hurried.hurry
	for _, p := range plays {
		if !p.Start.Equal(next) && !p.Start.Equal(p.Slot.Start) || p.duration() > hurried.longest || p.Type != typeFile {
			t.Fatalf("%+v, want at most %s from %s", p, hurried.longest, next)
		}
		next = p.Start.Add(p.duration())
	}
	if len(plays) < 80*60/2 {
		t.Errorf("%d plays in 80 minutes", len(plays))
	}
	if rest := hurried.rest(plays[0]); len(rest) != planned || rest[0] != plays[1] {
		t.Errorf("%d titles are planned, want %d; the first is %+v", len(rest), planned, rest[0])
	}
}

func TestProgramme_Slots(t *testing.T) {
	t.Parallel()
	p := testProgramme(t, 1)
	for _, day := range []time.Time{
		time.Date(2026, 3, 29, 0, 0, 0, 0, p.zone), // 23 hours
		time.Date(2026, 6, 1, 0, 0, 0, 0, p.zone),
		time.Date(2026, 10, 25, 0, 0, 0, 0, p.zone), // 25 hours
	} {
		t.Run(day.Format(time.DateOnly), func(t *testing.T) {
			t.Parallel()
			var end time.Time
			seen := map[int64]bool{}
			for s := range p.slots(day) {
				if !end.IsZero() && !s.Start.Equal(end) {
					t.Errorf("%s begins at %s, want %s", s.Show.Name, s.Start, end)
				}
				if !s.End.After(s.Start) || seen[s.ID] {
					t.Errorf("slot %d, %s: %s to %s, seen before: %v", s.ID, s.Show.Name, s.Start, s.End, seen[s.ID])
				}
				seen[s.ID], end = true, s.End
				if end.After(day.AddDate(0, 0, 2)) {
					return
				}
			}
		})
	}
}

func TestProgramme_Data(t *testing.T) {
	t.Parallel()
	p := testProgramme(t, 1)
	for _, s := range p.shows {
		if _, err := time.Parse("15:04", s.From); err != nil || len(p.styles[s.Style]) == 0 {
			t.Errorf("%s: from %q (%v), %d works of style %q", s.Name, s.From, err, len(p.styles[s.Style]), s.Style)
		}
	}
	scripts := []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Arabic, unicode.Hebrew,
		unicode.Han, unicode.Katakana, unicode.Hangul, unicode.Devanagari, unicode.So}
	found := map[*unicode.RangeTable]bool{}
	for _, works := range append([][]work{p.jingles}, p.styles["classical"], p.styles["songs"], p.styles["world"]) {
		for _, w := range works {
			if w.duration() <= 0 || utf8.RuneCountInString(w.Title) > 256 {
				t.Errorf("%s: %s", w.Title, w.duration())
			}
			for _, r := range w.Artist + w.Title {
				for _, script := range scripts {
					found[script] = found[script] || unicode.Is(script, r)
				}
			}
		}
	}
	for i, script := range scripts {
		if !found[script] {
			t.Errorf("no title in script number %d", i)
		}
	}
}
