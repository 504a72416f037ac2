package model

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMerge(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		known := play()
		known.Duration, known.PlaylistID, known.TimeslotID, known.ShowID = time.Minute, 1, 2, 3
		known.ShowName, known.Composer, known.Label, known.ISRC = "Show", "Composer", "Label", "ISRC"
		for _, pair := range [][2]Entry{{play(), known}, {known, play()}, {known, known}} {
			if got := Merge(pair[0], pair[1]); got != known {
				t.Errorf("known beats unknown: got %+v", got)
			}
		}
		greater := known
		greater.Duration, greater.ShowName, greater.ShowID = time.Hour, "Zeitgeist", 2
		got := Merge(known, greater)
		if got.Duration != time.Hour || got.ShowName != "Zeitgeist" || got.ShowID != 3 {
			t.Errorf("of two known values the greater wins: got %+v", got)
		}
		// Byte by byte, as databases do with a binary collation: Z is before a, and a before ä.
		for _, texts := range [][2]string{{"Z", "a"}, {"a", "ä"}, {"a", "a "}, {"z", "🎧"}} {
			a, b := play(), play()
			a.Label, b.Label = texts[0], texts[1]
			if got := Merge(a, b).Label; got != texts[1] {
				t.Errorf("%q beats %q", got, texts[1])
			}
		}
	})

	t.Run("Manual", func(t *testing.T) {
		t.Parallel()
		engine, person := play(), play()
		person.Manual = true
		if Merge(engine, person).Manual || Merge(person, engine).Manual || !Merge(person, person).Manual {
			t.Error("an engine's copy must make the entry an engine's")
		}
	})

	t.Run("OwnOfTheDatabase", func(t *testing.T) {
		t.Parallel()
		mine, theirs := play(), play()
		mine.ID, mine.Synced, mine.Overlay.Void = 7, true, true
		theirs.ID = 9
		if got := Merge(mine, theirs); got != mine {
			t.Errorf("nothing new came, but it became %+v", got)
		}
		for field, copied := range eachFieldChanged(theirs) {
			got := Merge(mine, copied)
			if got.ID != 7 || !got.Overlay.Void {
				t.Errorf("%s: took what belongs to the other database: %+v", field, got)
			}
			news := !slices.Contains([]string{
				"LogSource", "TrackStart", "Artist", "Album", "Title", "TrackNum", "TrackType", "Manual", "ID", "Synced", "Overlay", "Air",
			}, field)
			if got.Synced == news {
				t.Errorf("%s: is synced: %t", field, got.Synced)
			}
		}
		manual := mine
		manual.Manual = true
		if Merge(manual, theirs).Synced {
			t.Error("the sync node must learn that an engine sent it")
		}
	})
}

var noon = time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)

// copies draws the copies of one entry that different databases may have.
func copies() *rapid.Generator[[]Entry] {
	return rapid.Custom(func(t *rapid.T) []Entry {
		identity := anyEntry().Draw(t, "identity")
		number, text := rapid.Int64Range(0, 2), rapid.SampledFrom([]string{"", "a", "A", "ä", "🎧", "a "})
		list := make([]Entry, rapid.IntRange(1, 6).Draw(t, "copies"))
		for i := range list {
			e := identity
			for _, f := range merged {
				switch v := f.Of(&e).(type) {
				case *string:
					*v = text.Draw(t, f.Name())
				case *int:
					*v = int(number.Draw(t, f.Name()))
				case *int64:
					*v = number.Draw(t, f.Name())
				case *time.Duration:
					*v = time.Duration(number.Draw(t, f.Name())) * time.Second
				case *bool:
					*v = rapid.Bool().Draw(t, f.Name())
				}
			}
			e.ReceivedAt = rapid.SampledFrom([]time.Time{{}, noon, noon.Add(time.Second), noon.Add(time.Minute)}).Draw(t, "received")
			e.Doubts = rapid.SampledFrom([]Doubts{"", NewDoubts(NewDoubt("track_num", "?", "is no number")), NewDoubts(NewDoubt("body", "\xff", "is not UTF-8"))}).Draw(t, "doubts")
			if again := rapid.IntRange(0, 2).Draw(t, "again"); again > 0 {
				e.Told = tellings{Again: []time.Time{noon.Add(time.Duration(again) * time.Hour)}}.encode()
			}
			e.ID, e.Synced, e.Overlay.Void = number.Draw(t, "id"), rapid.Bool().Draw(t, "synced"), rapid.Bool().Draw(t, "void")
			e.Normalize()
			list[i] = e
		}
		return list
	})
}

// content is an entry without the values that belong to the database that keeps
// it.
func content(e Entry) Entry {
	e.ID, e.Synced, e.Overlay = 0, false, Overlay{}
	return e
}

// TestMerge_laws: all databases end up equal, in whatever order copies arrive
// and however often.
func TestMerge_laws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := copies().Draw(t, "copies")
		all := func(list []Entry) Entry {
			m := list[0]
			for _, e := range list[1:] {
				m = Merge(m, e)
			}
			return m
		}
		merged := all(list)
		if merged.Fingerprint() != list[0].Fingerprint() {
			t.Fatal("merging changes the identity")
		}
		shuffled := rapid.Permutation(list).Draw(t, "in another order")
		if got := all(shuffled); content(got) != content(merged) {
			t.Fatalf("in another order: %+v, want %+v", got, merged)
		}
		if got := all(append(shuffled, list...)); content(got) != content(merged) {
			t.Fatalf("repeated: %+v, want %+v", got, merged)
		}
		for i, e := range list {
			if Merge(e, e) != e {
				t.Fatalf("with itself: %+v becomes %+v", e, Merge(e, e))
			}
			a, b := Merge(e, merged), Merge(merged, e)
			if content(a) != content(b) || content(b) != content(merged) || b != merged {
				t.Fatalf("a copy after the merge changes it: %+v, %+v, want %+v", a, b, merged)
			}
			// In groups, as when nodes merge first and then exchange.
			left, right := all(list[:i+1]), merged
			if i+1 < len(list) {
				right = Merge(left, all(list[i+1:]))
			}
			if content(right) != content(merged) {
				t.Fatalf("in groups: %+v, want %+v", right, merged)
			}
			if got := Merge(e, list[0]); e.Synced && got.Synced != (content(got) == content(e)) {
				t.Fatalf("synced is %t after %+v became %+v", got.Synced, e, got)
			}
		}
	})
}
