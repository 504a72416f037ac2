package handler

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// newRandom begins with AURA_TEST_SEED, or with a new seed. The log tells it.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if said := os.Getenv("AURA_TEST_SEED"); said != "" {
		var err error
		if seed, err = strconv.ParseUint(said, 10, 64); err != nil {
			t.Fatalf("AURA_TEST_SEED: %v", err)
		}
	}
	t.Logf("AURA_TEST_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// month is what an engine sent in a month, and what was heard of it.
type month struct {
	first    time.Time // midnight at the station
	requests []request // in the order of their arrivals
	heard    []sounding

	wrongDay time.Time     // midnight of the day that is sent in the wrong zone
	wrongBy  time.Duration // how much too early
	wrong    int           // how many plays

	random *rand.Rand
	plays  int
	now    time.Time // the programme is generated until then
}

// request is what the engine sent at a time.
type request struct {
	at         time.Time
	path, body string
}

// generateMonth makes a programme of about that many plays. It goes on from piece to
// piece, each of which says by itself what is heard of it.
func generateMonth(t *testing.T, random *rand.Rand, plays int) *month {
	t.Helper()
	vienna := zone(t, "Europe/Vienna")
	first, err := vienna.From("2026-09-01")
	if err != nil {
		t.Fatal(err)
	}
	first = vienna.In(first)
	m := &month{first: first, wrongDay: first.AddDate(0, 0, 1+plays/1000), wrongBy: 2 * time.Hour, random: random, now: first.Add(time.Minute)}
	pieces := []func(){m.song, m.song, m.song, m.song, m.song, m.song, m.song, m.jingle, m.jingle, m.unknown, m.cut, m.gap, m.repetition, m.replaced}
	nextFallback := first.Add(12 * time.Hour)
	for m.plays < plays {
		isBefore, isWrong := m.now.Before(m.wrongDay.Add(-3*time.Hour)), m.isWrong(m.now)
		switch {
		case m.now.After(nextFallback) && (isBefore || m.now.After(m.wrongDay.Add(27*time.Hour))):
			m.fallback()
			nextFallback = nextFallback.AddDate(0, 0, 2) // of some ten hours in a month
		case isWrong:
			m.song()
		case random.IntN(400) == 0 && (isBefore || m.now.After(m.wrongDay.Add(27*time.Hour))):
			m.stream()
		default:
			pieces[random.IntN(len(pieces))]()
		}
	}
	if end := m.now; end.After(first.AddDate(0, 1, 0)) || m.wrong == 0 {
		t.Fatalf("the programme ends on %v, and %d plays are in the wrong zone", end, m.wrong)
	}
	slices.SortStableFunc(m.requests, func(a, b request) int { return a.at.Compare(b.at) })
	return m
}

func (m *month) isWrong(at time.Time) bool {
	return !at.Before(m.wrongDay) && at.Before(m.wrongDay.AddDate(0, 0, 1))
}

// between is a number of whole seconds.
func (m *month) between(least, most int) time.Duration {
	return time.Duration(least+m.random.IntN(most-least+1)) * time.Second
}

// delay is how long a request takes to arrive.
func (m *month) delay() time.Duration { return time.Duration(50+m.random.IntN(700)) * time.Millisecond }

// title is a new one, with characters that encodings differ in.
func (m *month) title(what string) string {
	m.plays++
	return fmt.Sprintf("%s %d %s", what, m.plays, []string{"Grüße", "Éloïse", "Señor", "plain", "Ærø"}[m.random.IntN(5)])
}

// send says that a play starts then. A duration of 0 is not known.
func (m *month) send(start, arrival time.Time, title string, duration time.Duration, more map[string]any) {
	if m.isWrong(start) {
		start = start.Add(-m.wrongBy)
		m.wrong++
	}
	body := map[string]any{"track_start": start.In(m.first.Location()).Format("2006-01-02T15:04:05"), "track_artist": "Jörg Ähnlich", "track_title": title}
	if duration > 0 {
		body["track_duration"] = duration.Seconds()
	}
	for name, value := range more {
		body[name] = value
	}
	m.requests = append(m.requests, request{arrival, "/playlog", m.encode(body)})
	if m.random.IntN(50) == 0 { // the engine did not see the answer
		m.requests = append(m.requests, request{arrival.Add(100 * time.Millisecond), "/playlog", m.encode(body)})
	}
}

// encode writes a play as one engine or another does.
func (m *month) encode(body map[string]any) string {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	text := string(b)
	switch m.random.IntN(5) {
	case 0: // letters and their accents apart
		text = norm.NFD.String(text)
	case 1:
		if text, err = charmap.Windows1252.NewEncoder().String(text); err != nil {
			panic(err)
		}
	case 2: // as escapes
		var escaped strings.Builder
		for _, r := range text {
			if r < 0x80 {
				escaped.WriteRune(r)
			} else {
				fmt.Fprintf(&escaped, `\u%04x`, r)
			}
		}
		text = escaped.String()
	case 3: // with blanks around, in newer spelling
		text = strings.ReplaceAll(text, `"track_title":"`, `"trackTitle":"  `)
		text = strings.ReplaceAll(text, `"track_duration"`, `"trackDuration"`)
	}
	return text
}

// hear says what is heard of the title, except of nothing.
func (m *month) hear(from, until time.Time, title string, isEstimated bool) {
	if from.Before(until) {
		m.heard = append(m.heard, sounding{from.UTC(), until.UTC(), title, isEstimated})
	}
}

// goOn continues with the next whole second after the end.
func (m *month) goOn(end time.Time) {
	if m.now = end.Truncate(time.Second); m.now.Before(end) {
		m.now = m.now.Add(time.Second)
	}
}

// sounds is a play that is heard for its duration.
func (m *month) sounds(what string, duration time.Duration) {
	title := m.title(what)
	m.send(m.now, m.now.Add(m.delay()), title, duration, nil)
	m.hear(m.now, m.now.Add(duration), title, false)
	m.goOn(m.now.Add(duration))
}

func (m *month) song() {
	m.sounds("Song", m.between(90, 270)+time.Duration(m.random.IntN(10))*100*time.Millisecond)
}

func (m *month) jingle() { m.sounds("Jingle", m.between(4, 15)) }

// gap is silence.
func (m *month) gap() { m.now = m.now.Add(m.between(1, 90)) }

// cut is a play that the next one ends early.
func (m *month) cut() {
	title, duration := m.title("Cut"), m.between(120, 300)
	m.send(m.now, m.now.Add(m.delay()), title, duration, nil)
	next := m.now.Add(m.between(20, 60))
	m.hear(m.now, next, title, false)
	m.now = next
	m.song()
}

// unknown is a file of unknown duration: heard until the next play, but not for
// more than a quarter of an hour.
func (m *month) unknown() {
	title := m.title("Unknown")
	m.send(m.now, m.now.Add(m.delay()), title, 0, nil)
	next := m.now.Add(m.between(60, 300))
	if m.random.IntN(20) == 0 {
		next = m.now.Add(m.between(16*60, 40*60))
	}
	if longest := m.now.Add(15 * time.Minute); longest.Before(next) {
		m.hear(m.now, longest, title, true)
	} else {
		m.hear(m.now, next, title, false)
	}
	m.now = next
	m.song()
}

// stream is one of unknown duration, until the next play.
func (m *month) stream() {
	title := m.title("Stream")
	m.send(m.now, m.now.Add(m.delay()), title, 0, map[string]any{"track_type": 1})
	next := m.now.Add(m.between(1200, 3600))
	m.hear(m.now, next, title, false)
	m.now = next
	m.song()
}

// repetition is a title that an engine tells a second time after a restart.
func (m *month) repetition() {
	title, duration, again := m.title("Repeated"), m.between(120, 240), m.between(20, 60)
	m.plays++
	m.send(m.now, m.now.Add(m.delay()), title, duration, nil)
	second := m.now.Add(again)
	m.send(second, second.Add(m.delay()), title, duration-again, nil)
	m.hear(m.now, m.now.Add(duration), title, false)
	m.goOn(m.now.Add(duration))
}

// replaced is a title in whose slot another one arrives.
func (m *month) replaced() {
	first, second, duration := m.title("First"), m.title("Second"), m.between(120, 240)
	arrival := m.now.Add(m.between(5, 20))
	m.send(m.now, m.now.Add(m.delay()), first, duration, nil)
	m.send(m.now, arrival, second, duration, nil)
	m.hear(m.now, arrival, first, false)
	m.hear(arrival, m.now.Add(duration), second, false)
	m.goOn(m.now.Add(duration))
}

// fallback is an hour of a show that is silent, so that the engine's fallback sounds
// from the first minute on: title after title, for forty minutes and more. Health
// says when it ends, and the show goes on.
func (m *month) fallback() {
	show, end := m.title("Show"), m.now.Add(time.Hour)
	m.send(m.now, m.now.Add(m.delay()), show, time.Hour, nil)
	m.health(m.now.Add(30*time.Second), false)
	at, until := m.now.Add(m.between(45, 60)), m.now.Add(m.between(42*60, 58*60)+500*time.Millisecond)
	m.hear(m.now, at, show, false)
	for until.Sub(at) > 3*time.Second { // so that health says true before it says false
		title, duration := m.title("Fallback"), m.between(150, 300)
		m.send(at, at.Add(m.delay()), title, duration, map[string]any{"show_name": "Fallback"})
		ends := at.Add(duration)
		if until.Before(ends) {
			ends = until
		}
		m.health(at.Add(2*time.Second), true)
		m.hear(at, ends, title, false)
		at = ends
	}
	m.health(until, false)
	m.hear(at, end, show, false)
	m.now = end
}

// health is what the engine says of fallback.
func (m *month) health(at time.Time, fallback bool) {
	body := fmt.Sprintf(`{"isHealthy": true, "logTime": %q, "details": "{\"fallback\":%t}"}`, at.In(m.first.Location()).Format("2006-01-02 15:04:05.000"), fallback)
	m.requests = append(m.requests, request{at, "/source/health/1", body})
}
