package views

import (
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
)

// Station is whose views these are.
type Station struct {
	// Name is what people call the station.
	Name string
	Zone *stationtime.Zone
	// Stream is the address of its audio; "" if that is not known.
	Stream string
}

// Play is one track as listeners see it.
type Play struct {
	ID int64
	// Key is equal in every database, and another one for each time that it was heard.
	Key string
	// Artist is empty if the play names no work. Title is then the show's name.
	Artist, Album, Title, Show string
	ShowID, TimeslotID         int64
	// Start is when it became audible, and Planned when it ends by its duration; zero
	// if that is not known.
	Start, Planned time.Time
	// Ended is when it ended; zero while that is not certain.
	Ended time.Time
	Kind  int // one of the constants of model.TrackType
	// Cover is the address of its cover; "" if there is none.
	Cover string
	// Fallback: the engine played it because the programme was missing.
	Fallback bool
}

// Moment is what a station sends, and what it sent before.
type Moment struct {
	Now     time.Time
	Playing *Play  // nil if nothing plays
	Before  []Play // newest first
}

// NewMoment makes a moment out of what the track service says plays, and the latest
// entries of the log, newest first. cover is the address of an entry's cover.
func NewMoment(now time.Time, current trackservice.Track, latest []model.Entry, cover func(model.Entry) string) Moment {
	m := Moment{Now: now}
	if current.Playing {
		m.Playing = new(newPlay(current.Entry, now, cover))
	}
	for _, e := range latest {
		// The current entry may be kept and not be in the log yet, or the log may be
		// one entry ahead.
		if current.Playing && !e.PlayedAt().Before(current.Entry.PlayedAt()) {
			continue
		}
		m.Before = append(m.Before, newPlay(e, now, cover))
	}
	return m
}

func newPlay(e model.Entry, now time.Time, cover func(model.Entry) string) Play {
	shown := trackservice.Shown(e)
	p := Play{
		ID: e.ID, Key: playKey(&e),
		Artist: shown.Artist, Album: shown.Album, Title: shown.Title, Show: shown.ShowName, ShowID: shown.ShowID, TimeslotID: shown.TimeslotID,
		Start: e.PlayedAt(), Kind: shown.TrackType, Cover: cover(e), Fallback: shown.IsFallback(),
	}
	if shown.Duration > 0 {
		p.Planned = shown.TrackStart.Add(shown.Duration)
	}
	if e.Air != nil && e.Air.IsOver(now) {
		p.Ended = e.Air.Until
	}
	return p
}

// playKey tells a play from all others. It depends on when the play was heard, but not
// on corrections of its texts, or on the database.
func playKey(e *model.Entry) string {
	return e.Fingerprint().String() + "/" + e.PlayedAt().UTC().Format(time.RFC3339Nano)
}

// Text is the play in one line, as displays show it.
func (p *Play) Text() string {
	if p.Artist == "" || p.Title == "" {
		return p.Artist + p.Title
	}
	return p.Artist + " - " + p.Title
}

// IsLive reports whether somebody in a studio is heard.
func (p *Play) IsLive() bool { return p.Kind == model.TrackTypeLine }

// Duration is for how long it is heard as planned, in whole seconds; 0 if that is not
// known.
func (p *Play) Duration() int64 { return max(0, int64(p.Planned.Sub(p.Start)/time.Second)) }

// Elapsed is for how many seconds it has been heard. It does not pass the duration.
func (p *Play) Elapsed(now time.Time) int64 {
	elapsed := max(0, int64(now.Sub(p.Start)/time.Second))
	if d := p.Duration(); d > 0 {
		return min(elapsed, d)
	}
	return elapsed
}

// Shows are the show that is on, and those that follow, soonest first.
type Shows struct {
	Current *status.Show // nil if no show is on
	Next    []status.Show
}

// NewShows picks the shows that a studio clock names. If it names none that is on,
// the play tells, because newer engines send no clock.
func NewShows(clock []status.Show, m Moment) Shows {
	current, next := status.CurrentAndNext(clock, m.Now)
	shows := Shows{Current: current}
	if current == nil {
		shows.Current = m.show()
	}
	if next == nil {
		return shows
	}
	for _, s := range clock {
		if s.Start.After(m.Now) && !slices.Contains(shows.Next, s) { // a clock names the next show twice
			shows.Next = append(shows.Next, s)
		}
	}
	slices.SortStableFunc(shows.Next, func(a, b status.Show) int { return a.Start.Compare(b.Start) })
	return shows
}

// show is the show that the play belongs to, since its first play; nil if there is
// none.
func (m *Moment) show() *status.Show {
	p := m.Playing
	if p == nil || p.Show == "" || p.Fallback {
		return nil
	}
	show := &status.Show{TimeslotID: p.TimeslotID, ShowID: p.ShowID, Name: p.Show, Start: p.Start}
	for _, before := range m.Before {
		if before.Show != p.Show || before.TimeslotID != p.TimeslotID {
			break
		}
		show.Start = before.Start
	}
	return show
}

// Within leaves out next shows that begin after the end of so many days in the zone, of
// which today is the first.
func (s Shows) Within(now time.Time, zone *stationtime.Zone, days int) Shows {
	today := dayOf(now, zone)
	s.Next = slices.DeleteFunc(slices.Clone(s.Next), func(next status.Show) bool {
		return dayOf(next.Start, zone).Sub(today)/(24*time.Hour) >= time.Duration(days)
	})
	return s
}

// dayOf is the day of a time in the zone. Days in UTC all have 24 hours.
func dayOf(t time.Time, zone *stationtime.Zone) time.Time {
	year, month, day := zone.In(t).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
