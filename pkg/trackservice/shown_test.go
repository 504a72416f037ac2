package trackservice_test

import (
	"errors"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/trackservice"
)

func TestIsShown(t *testing.T) {
	t.Parallel()
	void, later := entry(1, at(0), 0), at(60)
	void.Overlay.Void = true
	moved := entry(1, at(0), 0)
	moved.Overlay.Changes.TrackStart = &later
	for name, c := range map[string]struct {
		e    *model.Entry
		now  time.Time
		want bool
	}{
		"Starts":    {entry(1, at(0), 0), at(0), true},
		"Future":    {entry(1, at(0), 0), at(-0.001), false},
		"Void":      {void, at(60), false},
		"MovedAway": {moved, at(0), false},
		"Moved":     {moved, at(60), true},
	} {
		if got := trackservice.IsShown(c.e, c.now); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestUntilNow(t *testing.T) {
	t.Parallel()
	away := errors.New("a test's")
	for name, c := range map[string]struct {
		to        time.Time
		next      float64 // when an entry starts, in seconds; 0: none does
		away      error
		wantTo    time.Time
		wantUntil time.Time
	}{
		"Past":        {to: at(-1), next: 60, wantTo: at(-1)},
		"UntilNow":    {to: at(0), next: 60, wantTo: at(0)},
		"Open":        {next: 60, wantTo: at(0), wantUntil: at(60)},
		"Future":      {to: at(3600), next: 60, wantTo: at(0), wantUntil: at(60)},
		"NoneStarts":  {to: at(3600), wantTo: at(0)},
		"Unavailable": {away: away, wantTo: at(0)},
	} {
		log := &playlog{away: c.away}
		log.add(entry(1, at(-60), 0))
		if c.next != 0 {
			log.add(entry(2, at(c.next), 0))
		}
		q := model.EntryQuery{To: c.to, Limit: 7}
		until, err := trackservice.UntilNow(t.Context(), log, &q, at(0))
		if !errors.Is(err, c.away) || err == nil && !until.Equal(c.wantUntil) || !q.To.Equal(c.wantTo) || q.Limit != 7 {
			t.Errorf("%s: %v, %v, %+v", name, until, err, q)
		}
	}
}

// An answer must not outlive the end of what it shows as on air.
func TestUntilOver(t *testing.T) {
	t.Parallel()
	ends := func(minute int) model.Entry {
		return model.Entry{Air: &model.Airing{From: noon.Add(-time.Hour), Until: noon.Add(time.Duration(minute) * time.Minute)}}
	}
	endless := model.Entry{Air: &model.Airing{From: noon}}
	for name, c := range map[string]struct {
		until   time.Time
		entries []model.Entry
		want    time.Time
	}{
		"Nothing":      {},
		"Engine":       {entries: []model.Entry{{}}},
		"Over":         {noon.Add(time.Hour), []model.Entry{ends(-1), ends(0)}, noon.Add(time.Hour)},
		"OnAir":        {entries: []model.Entry{ends(3), ends(-1)}, want: noon.Add(3 * time.Minute)},
		"NextIsBefore": {noon.Add(time.Minute), []model.Entry{ends(3)}, noon.Add(time.Minute)},
		"NextIsAfter":  {noon.Add(time.Hour), []model.Entry{ends(3)}, noon.Add(3 * time.Minute)},
		"Endless":      {noon.Add(time.Hour), []model.Entry{endless}, noon.Add(time.Hour)},
	} {
		if got := trackservice.UntilOver(c.until, noon, c.entries...); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestShown: listeners see the name of the show if nothing of artist and title can
// be seen, and never what only distinguishes an untitled play.
func TestShown(t *testing.T) {
	t.Parallel()
	distinguished := model.Entry{ShowName: "c", MediaID: 5}
	distinguished.Distinguish()
	amended := distinguished
	amended.Overlay.Changes.Title = new("b")
	for name, c := range map[string]struct {
		e                    model.Entry
		artist, album, title string
	}{
		"Work":          {model.Entry{Artist: "a", Title: "b", ShowName: "c"}, "a", "", "b"},
		"Untitled":      {model.Entry{Artist: "a", ShowName: "c"}, "a", "", ""},
		"Show":          {model.Entry{Album: "d", ShowName: "c"}, "", "d", "c"},
		"Blank":         {model.Entry{Artist: " \u00a0", Title: "\ufeff\u200b", ShowName: "c"}, "", "", "c"},
		"Distinguished": {distinguished, "", "", "c"},
		"Amended":       {amended, "", "", "b"},
		"Nothing":       {model.Entry{}, "", "", ""},
	} {
		got := trackservice.Shown(c.e)
		if got.Artist != c.artist || got.Album != c.album || got.Title != c.title || got.ShowName != c.e.ShowName {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
