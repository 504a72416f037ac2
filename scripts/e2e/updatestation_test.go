package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mixture says which programs a station has: true is this version's, false the
// older one's.
type mixture struct {
	versions
	monitor bool
}

func (m mixture) String() string {
	return m.versions.String() + ", " + map[bool]string{true: "this", false: "older"}[m.monitor] + " monitor"
}

// ways are how a station is updated, and taken back. The letters are the services
// with this version's program: engine-api, sync node, monitor.
var ways = map[string][]string{
	"SyncNodeFirst":  {"", "s", "sm", "esm", "em", "e", "", "esm"},
	"EngineAPIFirst": {"", "e", "es", "esm", "sm", "m", "", "esm"},
	"MonitorFirst":   {"", "m", "em", "esm", "es", "s", "", "esm"},
}

func mixtureOf(letters string) mixture {
	has := func(letter string) bool { return strings.Contains(letters, letter) }
	return mixture{versions{engineAPI: has("e"), syncNode: has("s")}, has("m")}
}

// TestUpdate_Station updates a redundant station service by service, and takes it
// back, while it does all that it is there for. The first two ways, together, lead
// through every mixture of programs.
func TestUpdate_Station(t *testing.T) {
	t.Parallel()
	soak := os.Getenv("AURA_SOAK") != ""
	for _, from := range []*past{previous, firstEdition, firstGeneration} {
		if from != previous && !soak {
			continue
		}
		for name, states := range ways {
			if name == "MonitorFirst" && !soak {
				continue
			}
			if from == firstGeneration { // nothing goes back to it
				states = states[:4]
			}
			t.Run(from.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := newMixed(t, from)
				for _, letters := range states {
					s.become(t, mixtureOf(letters))
					s.switches(t)
					s.settled(t)
				}
				s.agree(t)
			})
		}
	}
}

// mixed is a redundant station whose programs are exchanged: engines with their
// engine-apis, a sync node, and a monitor.
type mixed struct {
	*watch
	from     *past
	now      mixture
	steps    int
	nodes    []*node // engine-apis
	links    []*link // between the engine-apis and the sync node, in both directions
	played   int
	playing  map[int]string // title of each source
	switched []int          // sources that were activated, in order
}

func newMixed(t *testing.T, from *past) *mixed {
	r := hurried(50 * time.Millisecond)
	// A monitor that starts knows what it decided before only when its schema is up to date.
	// Until then it would decide again.
	r.grace = 100 * r.interval
	s := &mixed{watch: newWatch(t, r, 1), from: from, playing: map[int]string{}}
	from.programs(t)
	data, logs := t.TempDir(), t.TempDir()
	m := s.monitors[0]
	for number := 1; number <= 2; number++ {
		n := &node{number: number, database: "sqlite://" + filepath.Join(data, strconv.Itoa(number)+".db"), logs: logs}
		up, down := newLink(t, uint64(number), s.sync.url), newLink(t, uint64(10+number), n.url)
		n.env = []string{fmt.Sprintf("AURA_HOST_ID=%d", number), "AURA_SYNC_HOST=" + up.url, "AURA_LOG_LEVEL=warn"}
		s.sync.env = append(s.sync.env, fmt.Sprintf("AURA_MAIN_HOST_%d=%s", number, down.url), "AURA_SYNC_STEP_SLEEP=0")
		m.env = append(m.env, fmt.Sprintf("AURA_MAIN_HOST_%d=%s", number, down.url))
		s.nodes, s.links = append(s.nodes, n), append(s.links, up, down)
		t.Cleanup(func() {
			if last := n.last(); last != nil {
				last.end(t)
			}
		})
	}
	m.env = append(m.env, "AURA_PROBE_INTERVAL=2s")
	s.links = append(s.links, m.link)
	return s
}

// become exchanges programs. Every second time that happens while the sync node
// can't be reached, and a switch waits for it.
func (s *mixed) become(t *testing.T, next mixture) {
	t.Helper()
	t.Log(next)
	s.steps++
	if s.steps == 1 {
		s.set(t, next)
		for _, n := range s.nodes {
			n.start(t)
		}
		s.start(t)
		s.play(t)
		return
	}
	exchange := func() { s.exchange(t, next) }
	if s.steps%2 == 0 {
		exchange()
		s.rest(t)
		exchange = func() {}
	}
	s.cutOff(t, exchange)
}

// set says which programs start from now on.
func (s *mixed) set(t *testing.T, next mixture) {
	t.Helper()
	folder := map[bool]string{false: s.from.programs(t)}
	s.now, s.sync.programs, s.monitors[0].programs = next, folder[next.syncNode], folder[next.monitor]
	for _, n := range s.nodes {
		n.programs = folder[next.engineAPI]
	}
}

// exchange stops programs as an update does, and starts others. The engines go on
// with what they play.
func (s *mixed) exchange(t *testing.T, next mixture) {
	t.Helper()
	before := s.now
	s.set(t, next)
	if next.syncNode != before.syncNode {
		s.sync.last().signal(t, syscall.SIGTERM)
		s.sync.start(t)
	}
	if next.engineAPI != before.engineAPI {
		for _, n := range s.nodes {
			n.last().signal(t, syscall.SIGTERM)
			n.start(t)
		}
	}
	if next.monitor != before.monitor {
		s.monitors[0].process.signal(t, syscall.SIGTERM)
		s.monitors[0].start(t)
	}
}

// play lets the engines play something new, the dead ones excepted.
func (s *mixed) play(t *testing.T, dead ...int) {
	t.Helper()
	for _, n := range s.nodes {
		if slices.Contains(dead, n.number) {
			continue
		}
		s.played++
		s.playing[n.number] = fmt.Sprintf("Title %d of %d", s.played, n.number)
		mustCall(t, http.MethodPost, n.url()+"/api/v1/playlog", fmt.Sprintf(
			`{"track_start": %q, "track_artist": "Mazzy Star", "track_title": %q, "track_duration": 600, "log_source": %d, "show_name": "Night", "show_id": 7}`,
			time.Now().UTC().Format(time.RFC3339Nano), s.playing[n.number], n.number), http.StatusNoContent)
		s.shows(t, n, 0, s.playing[n.number])
	}
}

// shows returns when a service says that a title is playing. source 0 is any.
func (s *mixed) shows(t *testing.T, n *node, source int, title string) {
	t.Helper()
	soon(t, func() error {
		var current struct {
			Title  string `json:"track_title"`
			Source int    `json:"log_source"`
		}
		_, err := read(t.Context(), n.url()+"/api/v1/trackservice/current", &current)
		if err == nil && (current.Title != title || source != 0 && current.Source != source) {
			err = fmt.Errorf("%s: the %s shows %+v, want %s of %d", s.now, n.program(), current, title, source)
		}
		return err
	})
}

// active is the source that is on air.
func (s *mixed) active() int {
	if len(s.switched) == 0 {
		return 1
	}
	return s.switched[len(s.switched)-1]
}

// onAir returns when the website shows what the active source plays, and all hosts
// know which source that is.
func (s *mixed) onAir(t *testing.T) {
	t.Helper()
	s.shows(t, s.sync, s.active(), s.playing[s.active()])
	for _, n := range s.nodes {
		soon(t, func() error {
			var known struct {
				Source int  `json:"active_source"`
				Stale  bool `json:"stale"`
			}
			_, err := read(t.Context(), n.url()+"/api/v1/source/active", &known)
			if err == nil && (known.Source != s.active() || known.Stale) {
				err = fmt.Errorf("%s: host %d says %+v, want %d", s.now, n.number, known, s.active())
			}
			return err
		})
	}
}

// fail has the engine die that is on air, and returns when the audio is switched.
func (s *mixed) fail(t *testing.T) (cut time.Time) {
	t.Helper()
	m, next := s.monitors[0], other(s.active())
	ran := len(m.ran(t))
	cut = s.hearts[s.active()].cut()
	soon(t, func() error {
		if all := m.ran(t); len(all) <= ran || all[len(all)-1] != strconv.Itoa(next) {
			return fmt.Errorf("%s: the command ran for %v, %d before", s.now, all, ran)
		}
		return nil
	})
	s.switched = append(s.switched, next)
	return cut
}

// recorded returns the newest switch when the sync node has it.
func (s *mixed) recorded(t *testing.T, cut time.Time) switchRecord {
	t.Helper()
	record := s.watch.switched(t, len(s.switched), s.active())
	if took := record.From.Sub(cut); took < s.promised() || took > s.promised()+busy() {
		t.Errorf("%s: switched %s after the last heartbeat, promised are %s", s.now, took, s.promised())
	}
	return record
}

// switches lets the engine on air die. What the other one plays is on air.
func (s *mixed) switches(t *testing.T) {
	t.Helper()
	s.play(t)
	s.onAir(t)
	died := s.active()
	s.recorded(t, s.fail(t))
	s.onAir(t)
	s.play(t, died)
	s.onAir(t)
	s.rest(t)
}

// cutOff makes the sync node unreachable for all, while the engine on air dies.
// When it is back, it learns all that happened, with the true times.
func (s *mixed) cutOff(t *testing.T, meanwhile func()) {
	t.Helper()
	s.cut(fault{cut: true})
	s.play(t)
	died := s.active()
	cut := s.fail(t)
	s.play(t, died)
	meanwhile()
	s.play(t, died)
	if all := s.history(t); len(all) != len(s.switched)-1 {
		t.Errorf("%s: nobody reaches the sync node, and it has %+v", s.now, all)
	}
	mended := time.Now()
	s.cut(fault{})
	if record := s.recorded(t, cut); record.Recorded.Before(mended) {
		t.Errorf("%s: recorded before the sync node could be reached: %+v", s.now, record)
	}
	s.onAir(t)
	s.rest(t)
}

// cut sets the same fault on all links to the sync node.
func (s *mixed) cut(f fault) {
	for _, l := range s.links {
		l.set(f)
	}
}

// settled returns when all records arrived, the monitor can ask each engine-api,
// and the audit finds both sides equal.
func (s *mixed) settled(t *testing.T) {
	t.Helper()
	soon(t, func() error {
		for _, source := range s.monitors[0].status(t).Sources {
			if source.Failure == nil || *source.Failure != "" {
				return fmt.Errorf("%s: the monitor asks engine-api %d in vain: %v", s.now, source.Number, source.Failure)
			}
		}
		return nil
	})
	settle(t, s.from, s.now.versions, s.sync, s.nodes...)
}

// agree checks that the sync node has each play and each switch once, and that
// everything on air was played by the source that was active.
func (s *mixed) agree(t *testing.T) {
	t.Helper()
	records, err := list[entry](t.Context(), s.sync.url(), "/playlog?source=all&corrections=raw&limit=1000")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range records {
		seen[e.Title] = true
	}
	if len(records) != s.played || len(seen) != s.played {
		t.Errorf("the sync node has %d records of %d titles, played were %d", len(records), len(seen), s.played)
	}
	history := s.history(t)
	slices.Reverse(history)
	for i, record := range history {
		if record.Source != s.switched[i] || i > 0 && !record.From.After(history[i-1].From) {
			t.Errorf("switch %d is %+v, want source %d", i, record, s.switched[i])
		}
	}
	aired, err := list[entry](t.Context(), s.sync.url(), "/playlog?limit=1000")
	if err != nil || len(aired) <= len(s.switched) {
		t.Errorf("%d entries were on air: %v", len(aired), err)
	}
	for _, e := range aired {
		active := 1
		for _, record := range history {
			if !record.From.After(e.From) {
				active = record.Source
			}
		}
		if e.Source != active {
			t.Errorf("%s was on air from %s, when source %d was active", e.spin(), e.From, active)
		}
	}
	for _, n := range s.nodes {
		if copied, err := copies(t.Context(), n.url()); err != nil || len(copied) == 0 {
			t.Errorf("host %d has copies of %d reasons of switches: %v", n.number, len(copied), err)
		}
	}
}
