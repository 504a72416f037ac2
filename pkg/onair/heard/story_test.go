package heard_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// A story is what was said, in seconds after it began. The name of a play is
// its title up to a dot, so "A" and "A.2" are told with one title. The names are
// in the order of fingerprints.
type story []func(*told)

type told struct {
	plays   []heard.Play
	reports []heard.Report
}

func second(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }

// imported is a play of which no arrival is known.
func imported(name string, start, duration float64, more ...func(*heard.Play)) func(*told) {
	title, _, _ := strings.Cut(name, ".")
	p := heard.Play{
		Start: second(start), Duration: second(duration).Sub(began), Title: title, ShowID: 1,
	}
	copy(p.ID[:], name)
	for _, m := range more {
		m(&p)
	}
	return func(s *told) { s.plays = append(s.plays, p) }
}

// play arrives in time, unless it says otherwise.
func play(name string, start, duration float64, more ...func(*heard.Play)) func(*told) {
	return imported(name, start, duration, append([]func(*heard.Play){at(start)}, more...)...)
}

// stopgap is a fallback. It starts when it arrives.
func stopgap(name string, start, duration float64, more ...func(*heard.Play)) func(*told) {
	return play(name, start, duration, append([]func(*heard.Play){isFallback}, more...)...)
}

func isFallback(p *heard.Play) { p.ShowName, p.ShowID = "Fallback", 0 }

// at is when the play arrived.
func at(s float64) func(*heard.Play) { return func(p *heard.Play) { p.ReceivedAt = second(s) } }

// retold is when it was told again.
func retold(s float64) func(*heard.Play) {
	return func(p *heard.Play) { p.Again = append(p.Again, second(s)) }
}

func voided(p *heard.Play)   { p.Void = true }
func logged(p *heard.Play)   { p.Manual, p.ReceivedAt = true, time.Time{} }
func startSet(p *heard.Play) { p.StartSet = true }
func live(p *heard.Play)     { p.Type = model.TrackTypeLine }
func stream(p *heard.Play)   { p.Type = model.TrackTypeStream }

func album(name string) func(*heard.Play) { return func(p *heard.Play) { p.Album = name } }

// blank has no texts.
func blank(timeslot, media int64) func(*heard.Play) {
	return func(p *heard.Play) { p.Title, p.TimeslotID, p.MediaID = "", timeslot, media }
}

func says(fallback bool, times ...float64) func(*told) {
	return func(s *told) {
		for _, t := range times {
			s.reports = append(s.reports, heard.Report{At: second(t), Fallback: fallback})
		}
	}
}

// heardOf tells what was heard, such as "A 0-25 30-40 (replaced by B)". An end
// that is estimated has a ~, a play of which a doubt is due has a ?.
func (s story) heardOf() string {
	var all told
	for _, tell := range s {
		tell(&all)
	}
	name := func(id model.Fingerprint) string { return strings.TrimRight(string(id[:]), "\x00") }
	var out []string
	for _, h := range heard.Derive(heard.Defaults(), all.plays, all.reports) {
		words := []string{name(h.ID)}
		for _, i := range h.Intervals {
			words = append(words, fmt.Sprintf("%v-%v", i.From.Sub(began).Seconds(), i.Until.Sub(began).Seconds()))
		}
		line := strings.Join(words, " ")
		if h.Estimated {
			line += "~"
		}
		if h.Doubted {
			line += "?"
		}
		for _, w := range h.Why {
			line += strings.TrimRight(fmt.Sprintf(" (%s %s", w.Reason, name(w.By)), " ") + ")"
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// stories are told by name.
type stories map[string]struct {
	told story
	want string
}

func (all stories) run(t *testing.T) {
	t.Parallel()
	for name, s := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := s.told.heardOf(); got != s.want {
				t.Errorf("\ngot  %s\nwant %s", got, s.want)
			}
		})
	}
}
