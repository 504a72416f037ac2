package heard

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

// NewPlay is what was said of the stored entry with that identity, with its
// corrections applied.
func NewPlay(id model.Fingerprint, e model.Entry) Play {
	said := e.Effective()
	return Play{
		ID: id, Start: e.PlayedAt(), Duration: said.Duration,
		ReceivedAt: e.ReceivedAt, Again: e.Told.Again(), Type: said.TrackType,
		Artist: said.Artist, Title: said.Title, Album: said.Album,
		ShowName: said.ShowName, ShowID: said.ShowID, TimeslotID: said.TimeslotID, MediaID: said.MediaID,
		Manual: e.Manual, StartSet: e.Overlay.Changes.TrackStart != nil, Void: e.Overlay.Void,
	}
}

// play is a Play while it is derived.
type play struct {
	Play
	said       said
	isFallback bool
	inBurst    bool          // nothing follows from its arrival
	waited     bool          // a fallback behind a burst that did not sound
	end        time.Time     // as planned; zero if unknown
	sounding   time.Time     // until when it sounds by the starts of the programme
	lasts      time.Time     // until when it and its repetitions last, as planned
	other      time.Time     // when the next play after these starts
	longest    time.Duration // bounds it if its end is unknown
	why        []Why         // why it was not heard, or not wholly
	isDoubted  bool
	isOut      bool   // it is being decided whether it was late
	isLost     bool   // another one of its slot was audible by then
	title      *title // what it is part of; nil if it takes no part
	place
}

// title is what sounds: one play with its repetitions.
type title struct {
	*play                // the first
	last      *play      // its last repetition
	end       time.Time  // as planned, of the last one; zero if unknown
	since     time.Time  // when it became audible; zero: never
	isLate    bool       // it began later than planned
	isCut     bool       // it ended because something else began
	isShort   bool       // too short to be a play
	intervals []Interval // what is heard of it, ascending
}

// begin notes that the title is audible from then on.
func (t *title) begin(at time.Time) {
	if t.since.IsZero() || at.Before(t.since) {
		t.since = at
	}
}

// until is when the title ends if nothing ends it before.
func (t *title) until() time.Time {
	if t.end.IsZero() {
		return t.since.Add(t.longest)
	}
	return t.end
}

// bound is when the play ends if it sounds from its start and nothing ends it
// before.
func (p *play) bound() time.Time {
	if p.end.IsZero() {
		return p.Start.Add(p.longest)
	}
	return p.end
}

// isOver reports whether the planned end is not after t.
func (p *play) isOver(t time.Time) bool { return !p.end.IsZero() && !p.end.After(t) }

// isFirst reports whether the play is no repetition.
func (p *play) isFirst() bool { return p.title.play == p }

// said tells whose word a start is. Of plays of one slot the greater counts as
// the later.
type said int

const (
	ofUnknownArrival said = iota
	ofKnownArrival
	byPerson
)

func (c Config) isFallback(p Play) bool {
	return p.ShowID == 0 && p.MediaID == 0 && slices.Contains(c.FallbackShows, p.ShowName)
}

// inOrderOf returns what was said, in order.
func (c Config) inOrderOf(said []Play) []*play {
	all, plays := make([]play, len(said)), make([]*play, len(said))
	for i, p := range said {
		all[i] = c.newPlay(p)
		plays[i] = &all[i]
	}
	slices.SortFunc(plays, inOrder)
	return plays
}

func (c Config) newPlay(p Play) play {
	d := play{Play: p, longest: c.LongestFile}
	if p.Type == model.TrackTypeStream || p.Type == model.TrackTypeLine {
		d.longest = c.LongestLive
	}
	d.isFallback = c.isFallback(p)
	if p.Duration > 0 {
		d.end = p.Start.Add(p.Duration)
	}
	switch {
	case p.Manual, p.StartSet:
		d.said = byPerson
	case !p.ReceivedAt.IsZero() && !p.ReceivedAt.After(p.Start.Add(proves)):
		d.said = ofKnownArrival
	}
	return d
}

// because notes a reason once. by may be nil.
func (p *play) because(r Reason, by *play) {
	if slices.ContainsFunc(p.why, func(w Why) bool { return w.Reason == r }) {
		return
	}
	why := Why{Reason: r}
	if by != nil {
		why.By = by.ID
	}
	p.why = append(p.why, why)
}

// inOrder compares plays by their starts. Plays of one start stand in order of
// arrival; those of unknown arrival come first.
func inOrder(a, b *play) int {
	return cmp.Or(a.Start.Compare(b.Start), a.arrival().Compare(b.arrival()), byID(a, b))
}

func byID(a, b *play) int { return bytes.Compare(a.ID[:], b.ID[:]) }
