package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

//go:embed programme.json
var programmeJSON []byte

// How a show is made.
const (
	kindFiles  = "files"
	kindStream = "stream"
	kindLine   = "line"
)

// Track types on the wire.
const (
	typeFile   = 0
	typeStream = 1
	typeLine   = 2
)

// work is a piece of music or a jingle. Seconds is its length, or 0 if nobody
// knows it before the work ends.
type work struct {
	Style    string  `json:"style"`
	Artist   string  `json:"artist"`
	Title    string  `json:"title"`
	Album    string  `json:"album"`
	Composer string  `json:"composer"`
	Seconds  float64 `json:"seconds"`
}

func (w work) duration() time.Duration {
	return time.Duration(w.Seconds * float64(time.Second)).Round(time.Millisecond)
}

// show is on every day from From, in the station's local time, until the next
// show.
type show struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	From  string `json:"from"`
	Kind  string `json:"kind"`
	Style string `json:"style"`
}

// slot is one broadcast of a show: [Start, End).
type slot struct {
	ID         int64
	PlaylistID int64
	Show       show
	Start, End time.Time
}

// play is one title as the engine plays it.
type play struct {
	work
	Start time.Time
	Type  int
	// Num is the position in the playlist, from 1.
	Num  int
	Slot slot
	// Fallback: the show went silent and the engine plays music in its place.
	Fallback bool
}

// programme is what the station broadcasts for ever. It is a pure function of the
// seed and the time. An engine that starts again in the middle plays the same
// titles at the same instants, so that a repeated start logs nothing twice.
type programme struct {
	shows   []show
	jingles []work
	styles  map[string][]work
	zone    *time.Location
	seed    uint64

	// longest is how long a title lasts at most from hurry on. From then on every
	// show plays titles, so that there is something to see in every minute. 0
	// means that titles keep their own length.
	longest time.Duration
	hurry   time.Time
}

func newProgramme(zone *time.Location, seed uint64) (*programme, error) {
	var data struct {
		Shows          []show
		Jingles, Works []work
	}
	if err := json.Unmarshal(programmeJSON, &data); err != nil {
		return nil, fmt.Errorf("programme: %w", err)
	}
	p := &programme{shows: data.Shows, jingles: data.Jingles, styles: map[string][]work{}, zone: zone, seed: seed}
	for _, w := range data.Works {
		p.styles[w.Style] = append(p.styles[w.Style], w)
	}
	return p, nil
}

// plays yields, without end, the title that is playing at from and every later
// title.
func (p *programme) plays(from time.Time) iter.Seq[play] {
	return func(yield func(play) bool) {
		var playing *play
		for s := range p.slots(from) {
			for _, next := range p.fill(s) {
				if next.Start.After(from) && playing != nil {
					if !yield(*playing) {
						return
					}
				}
				playing = &next
			}
		}
	}
}

// slots yields, without end, the slot that contains from and every later slot.
func (p *programme) slots(from time.Time) iter.Seq[slot] {
	return func(yield func(slot) bool) {
		local := from.In(p.zone)
		// One day earlier, because the last show of a day crosses midnight.
		for day := -1; ; day++ {
			for i := range p.shows {
				s := p.slot(local.Year(), local.Month(), local.Day()+day, i)
				if s.End.After(from) && !yield(s) {
					return
				}
			}
		}
	}
}

// slot is the broadcast of show number i on that day.
func (p *programme) slot(year int, month time.Month, day, i int) slot {
	start := p.at(year, month, day, p.shows[i].From)
	end := p.at(year, month, day+(i+1)/len(p.shows), p.shows[(i+1)%len(p.shows)].From)
	days := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
	id := days*int64(len(p.shows)) + int64(i)
	return slot{ID: id, PlaylistID: id + 7000, Show: p.shows[i], Start: start, End: end}
}

func (p *programme) at(year int, month time.Month, day int, clock string) time.Time {
	var hour, minute int
	// programme.json is part of this program, and a test reads every clock time in
	// it.
	_, _ = fmt.Sscanf(clock, "%d:%d", &hour, &minute)
	return time.Date(year, month, day, hour, minute, 0, 0, p.zone)
}

// fill is everything that plays in a slot, in order. The next slot may cut the
// last title short, as on a real station.
func (p *programme) fill(s slot) []play {
	random := rand.New(rand.NewPCG(p.seed, uint64(s.ID)))
	f := filling{slot: s, next: s.Start, shortest: shortest}
	p.show(&f, random)
	if p.longest > 0 && s.End.After(p.hurry) {
		f.hurry(p.hurry, p.longest)
		p.playlist(&f, random)
	}
	return f.plays
}

// show fills the slot according to the show's kind.
func (p *programme) show(f *filling, random *rand.Rand) {
	s := f.slot
	switch s.Show.Kind {
	case kindLine:
		// The studio is on air, falls silent after a third of the slot, and
		// returns.
		live := work{Artist: s.Show.Name, Title: "Live aus dem Studio"}
		f.live(live, typeLine, s.End.Sub(s.Start)/3)
		f.fallback(p.styles[s.Show.Style][random.IntN(len(p.styles[s.Show.Style]))])
		f.live(live, typeLine, 0)
	case kindStream:
		f.live(work{Artist: s.Show.Name, Title: "Live-Stream"}, typeStream, 0)
	default:
		p.playlist(f, random)
	}
}

// playlist fills the slot with files. It plays every work of the style before it
// repeats one, and a jingle before every third work.
func (p *programme) playlist(f *filling, random *rand.Rand) {
	works := p.styles[f.slot.Show.Style]
	for {
		for i, n := range random.Perm(len(works)) {
			if i%3 == 0 && !f.file(p.jingles[random.IntN(len(p.jingles))]) {
				return
			}
			if !f.file(works[n]) {
				return
			}
		}
	}
}

// filling is a slot being filled.
type filling struct {
	slot  slot
	next  time.Time
	plays []play
	// shortest is the shortest remaining time in which a title is still worth
	// starting.
	shortest time.Duration
	longest  time.Duration // of a file; 0: its own length
}

const shortest = 20 * time.Second

// hurry removes the titles that begin at from or later. Titles that are added
// afterwards last no longer than longest.
func (f *filling) hurry(from time.Time, longest time.Duration) {
	f.plays = slices.DeleteFunc(f.plays, func(p play) bool { return !p.Start.Before(from) })
	f.next = f.slot.Start
	if from.After(f.next) {
		f.next = from
	}
	f.shortest, f.longest = min(f.shortest, longest), longest
}

// file adds a title of known length. It returns false if the slot is full.
func (f *filling) file(w work) bool {
	if f.slot.End.Sub(f.next) < f.shortest {
		return false
	}
	if f.longest > 0 {
		w.Seconds = min(w.Seconds, f.longest.Seconds())
	}
	f.add(play{work: w, Type: typeFile}, w.duration())
	return true
}

// fallback adds the music that plays while the show is silent.
func (f *filling) fallback(w work) {
	f.add(play{work: w, Type: typeFile, Fallback: true}, w.duration())
}

// live adds a title that has no length of its own; it lasts for the given time.
func (f *filling) live(w work, trackType int, lasts time.Duration) {
	f.add(play{work: w, Type: trackType}, lasts)
}

func (f *filling) add(p play, lasts time.Duration) {
	p.Start, p.Slot, p.Num = f.next, f.slot, len(f.plays)+1
	f.plays = append(f.plays, p)
	f.next = f.next.Add(lasts)
}

// planned is how many titles an engine announces in advance.
const planned = 20

// rest is the titles planned after now in the same slot.
func (p *programme) rest(now play) []play {
	rest := p.fill(now.Slot)[now.Num:]
	return rest[:min(len(rest), planned)]
}

// after is the slot that follows.
func (p *programme) after(s slot) slot {
	for next := range p.slots(s.End) {
		return next
	}
	panic("slots never end")
}
