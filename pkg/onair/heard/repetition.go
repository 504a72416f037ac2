package heard

import (
	"slices"
	"time"
)

const (
	// atOnce is how soon a play of unknown end is repeated.
	atOnce = 5 * time.Second
	// apart is how far apart the starts of a play and its repetition are at most.
	apart = 6 * time.Hour
	// lastPart is the part of a play in which its title may begin a second time.
	lastPart = 10 * time.Second
)

// isSame reports whether both plays name the same work; or, if they name none,
// the same file in the same timeslot.
func isSame(a, b *play) bool {
	if a.Artist != b.Artist || a.Title != b.Title || a.Album != b.Album && a.Album != "" && b.Album != "" {
		return false
	}
	if a.Artist != "" || a.Title != "" {
		return true
	}
	isShow := a.ShowID == b.ShowID && a.ShowName == b.ShowName && (a.ShowID != 0 || a.ShowName != "")
	return isShow && a.TimeslotID == b.TimeslotID && a.TimeslotID != 0 && a.MediaID == b.MediaID && a.MediaID != 0
}

// repeatable is until when another play may begin that repeats the play.
func (p *play) repeatable() time.Time {
	if p.end.IsZero() {
		return p.Start.Add(atOnce)
	}
	return p.end
}

// mayRepeat reports whether p repeats the one before it, if it does not sound for
// long.
func (p *play) mayRepeat(before *play) bool { return p.repeats(before, p.Start) }

// repeats reports whether p is the same play as the one before it. p sounds
// until the given time.
func (p *play) repeats(before *play, until time.Time) bool {
	after := p.Start.Sub(before.Start)
	switch {
	case !isSame(p, before), after > apart:
		return false
	case before.end.IsZero():
		return after <= atOnce
	case !p.Start.Before(before.end):
		return false
	}
	inLastPart := !p.Start.Before(before.end.Add(-lastPart))
	return !inLastPart || p.Duration == 0 || 2*until.Sub(p.Start) < p.Duration
}

// join makes p a repetition. Without an end of its own it ends when the one
// before would have.
func (t *title) join(p *play) {
	if !p.end.IsZero() {
		t.end = p.end
	}
	p.title, t.last = t, p
}

// takeAlong makes void what repeats a void play. Void ones stand between no
// others.
func takeAlong(programme []*play) {
	listen(programme)
	var void []*play // those since the last one that counts
	for _, p := range programme {
		switch {
		case p.Void:
			void = append(void, p)
		case slices.ContainsFunc(void, func(v *play) bool { return p.repeats(v, p.sounding) }):
			p.Void = true
			void = []*play{p}
		default:
			void = nil
		}
	}
}

// makeTitles makes titles of the plays of the programme, which stand in order.
func makeTitles(programme []*play) {
	listen(programme)
	var last *play
	for _, p := range programme {
		if last != nil && p.repeats(last, p.sounding) {
			last.title.join(p)
		} else {
			newTitle(p)
		}
		last = p
	}
}

func newTitle(p *play) *title {
	p.title = &title{play: p, last: p, end: p.end}
	return p.title
}

// listen finds until when each play sounds by the starts alone: until the end
// of its repetitions, or until the next play. It goes from the last to the first.
func listen(programme []*play) {
	var next *play
	for _, p := range slices.Backward(programme) {
		if p.Void {
			continue
		}
		p.lasts, p.other = p.end, time.Time{}
		if next != nil && next.repeats(p, next.sounding) {
			p.other = next.other
			if !next.lasts.IsZero() {
				p.lasts = next.lasts
			}
		} else if next != nil {
			p.other = next.Start
		}
		p.sounding = p.lasts
		if !p.other.IsZero() && p.other.Before(p.lasts) {
			p.sounding = p.other
		}
		next = p
	}
}
