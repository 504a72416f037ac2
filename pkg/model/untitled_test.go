package model

import (
	"testing"

	"pgregory.net/rapid"
)

// untitled is a play of which only show, timeslot and media are known.
func untitled(show int64, name string, timeslot, media int64) Entry {
	return Entry{LogSource: 1, TrackStart: noon, ShowID: show, ShowName: name, TimeslotID: timeslot, MediaID: media}
}

func distinguished(e Entry) Entry {
	e.Distinguish()
	e.Normalize()
	return e
}

func TestEntry_Distinguish(t *testing.T) {
	t.Parallel()
	base := distinguished(untitled(1, "Morning", 2, 3))
	for name, c := range map[string]struct {
		e    Entry
		same bool
	}{
		"Again":         {untitled(1, "Morning", 2, 3), true},
		"Renamed":       {untitled(1, "Evening", 2, 3), true}, // it has its number
		"Longer":        {func() Entry { e := untitled(1, "Morning", 2, 3); e.Duration = 5e9; e.PlaylistID = 9; return e }(), true},
		"OtherShow":     {untitled(4, "Morning", 2, 3), false},
		"OtherTimeslot": {untitled(1, "Morning", 4, 3), false},
		"OtherMedia":    {untitled(1, "Morning", 2, 4), false},
		"Exchanged":     {untitled(3, "Morning", 2, 1), false},
		"NoMedia":       {untitled(1, "Morning", 2, -1), false},
		"NoNumber":      {untitled(-1, "Morning", 2, 3), false},
		"Nothing":       {untitled(0, "", 0, 0), false},
	} {
		if got := distinguished(c.e); (got.Fingerprint() == base.Fingerprint()) != c.same {
			t.Errorf("%s: the identity is the same: %t", name, !c.same)
		}
	}
	if a, b := distinguished(untitled(0, "a", 0, 0)), distinguished(untitled(0, "b", 0, 0)); a.Fingerprint() == b.Fingerprint() {
		t.Error("two shows without a number are one by their names")
	}
	if a, b := distinguished(untitled(0, "a", 0, 0)), distinguished(untitled(-1, "a", -7, -1)); a.Fingerprint() != b.Fingerprint() {
		t.Error("a number that is not known tells plays apart")
	}
	for name, e := range map[string]Entry{
		"Artist": {Artist: "a", ShowID: 1}, "Album": {Album: "a", ShowID: 1}, "Title": {Title: "a", ShowID: 1}, "Nothing": {PlaylistID: 5, Duration: 5},
	} {
		got := e
		if got.Distinguish(); got != e {
			t.Errorf("%s: becomes %+v", name, got)
		}
	}
}

// TestEntry_Distinguish_everywhere: the identity follows from the seven fields from
// which every version computes it, and from them alone. It stays what it is when
// the entry is normalized, merged or distinguished again, and it is never shown.
func TestEntry_Distinguish_everywhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sent := anyEntry().Draw(t, "entry")
		sent.Artist, sent.Album, sent.Title, sent.Overlay = "", "", "", Overlay{}
		e := sent
		e.Distinguish()
		e.Normalize()
		id := e.Fingerprint()
		seven := Entry{}
		for _, f := range identity {
			f.copy(&seven, &e)
		}
		again := e
		again.Distinguish()
		again.Normalize()
		more := e
		more.ShowName, more.Duration = "another", 5e9
		merged := Merge(e, more)
		if seven.Fingerprint() != id || again != e || merged.Fingerprint() != id {
			t.Fatalf("%+v has several identities", e)
		}
		sent.Normalize()
		if shown := e.Effective(); shown != e.Unmarked() || shown.Album != "" || shown != sent {
			t.Fatalf("%+v is shown as %+v", e, shown)
		}
		isKnown := sent.ShowID != 0 || sent.ShowName != "" || sent.TimeslotID != 0 || sent.MediaID != 0
		if isMark(e.Album) != isKnown || isKnown && !isBlankTag(e.Album) {
			t.Fatalf("the album is %q", e.Album)
		}
	})
	for _, album := range []string{"", "Début", "d6f7c1d0d6f7c1d0d6f7c1d0d6f7c1d0", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"} {
		if e := (Entry{Album: album}); e.Unmarked().Album != album {
			t.Errorf("the album %q is taken for a mark", album)
		}
	}
}

// isBlankTag reports whether a text has only characters of Unicode's block of tags.
func isBlankTag(s string) bool {
	for _, r := range s {
		if r < 0xE0020 || r > 0xE007E {
			return false
		}
	}
	return true
}

func TestEntry_Contradicts(t *testing.T) {
	t.Parallel()
	stored := untitled(1, "Morning ", 2, 0)
	for name, c := range map[string]struct {
		e    Entry
		want bool
	}{
		"Same":          {stored, false},
		"Renamed":       {untitled(1, "Evening", 2, 0), false},
		"NothingKnown":  {untitled(0, "", 0, 0), false},
		"MediaLearned":  {untitled(1, "Morning", 2, 3), false},
		"OtherShow":     {untitled(4, "Morning", 2, 0), true},
		"OtherTimeslot": {untitled(1, "Morning", 4, 0), true},
		"NameOnly":      {untitled(0, "Morning", 0, 0), false},
		"OtherNameOnly": {untitled(0, "Fallback", 0, 0), true},
		"Titled":        {Entry{Title: "a", ShowID: 4}, false},
		"Blank":         {Entry{Title: " \x00", ShowID: 4}, true},
		"Distinguished": {distinguished(untitled(4, "", 0, 0)), false},
	} {
		if got := c.e.Contradicts(stored); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if other := untitled(1, "", 0, 7); !other.Contradicts(untitled(1, "", 0, 3)) {
		t.Error("another file of the show is the same play")
	}
}
