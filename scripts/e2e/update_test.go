package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo/repotest"
)

// versions says which program each node has: true is this one, false the older.
type versions struct{ engineAPI, syncNode bool }

func (v versions) String() string {
	name := map[bool]string{true: "this", false: "older"}
	return name[v.engineAPI] + " engine-api, " + name[v.syncNode] + " sync node"
}

// orders are in which the nodes of a deployment are updated, and taken back.
var orders = map[string][]versions{
	"SyncNodeFirst":  {{}, {syncNode: true}, {true, true}, {engineAPI: true}, {true, true}},
	"EngineAPIFirst": {{}, {engineAPI: true}, {true, true}, {syncNode: true}, {true, true}},
	"AtOnceAndBack":  {{}, {true, true}, {}, {true, true}},
}

// TestUpdate updates a deployment node by node, and takes it back, in any order.
// Plays come before, between and meanwhile, also while the sync node is away. In
// each state both sides agree in all that both versions know, and nothing waits or
// is sent again. In the end they agree in everything.
func TestUpdate(t *testing.T) {
	t.Parallel()
	soak := os.Getenv("AURA_SOAK") != ""
	kinds := []repotest.Kind{repotest.KindSQLite}
	if soak { // the rules are the same, so an ordinary run does without the server
		kinds = repotest.Kinds()
	}
	for _, from := range []*past{previous, firstEdition, firstGeneration} {
		if from != previous && !soak { // to compile an older version takes as long as many tests
			continue
		}
		for name, states := range orders {
			if name == "AtOnceAndBack" && (!soak || from == firstGeneration) {
				continue
			}
			if from == firstGeneration {
				states = states[:3]
			}
			for _, kind := range kinds {
				t.Run(from.name+"/"+name+"/"+string(kind), func(t *testing.T) {
					t.Parallel()
					u := newUpdating(t, kind, from)
					for _, state := range states {
						u.become(t, state)
						u.settled(t)
					}
					u.agree(t)
				})
			}
		}
	}
	t.Run("Shorter", func(t *testing.T) {
		onlyInSoak(t)
		t.Parallel()
		u := newUpdating(t, repotest.KindSQLite, firstEdition)
		u.become(t, versions{engineAPI: true})
		u.settled(t)
		u.shorten(t)
		u.become(t, versions{true, true})
		u.settled(t)
		u.agree(t)
	})
}

// shorten lets the engine tell a play again with a shorter length. An older sync
// node keeps the longer one, and its audit shows the title. But nothing waits for
// that, and the comparison ends.
func (u *updating) shorten(t *testing.T) {
	t.Helper()
	shorter := u.plays[1]
	shorter["track_duration"] = 7
	u.tell(t, shorter)
	eventually(t, func() error {
		n, err := waiting(t, u.engineAPI)
		if err == nil && n > 0 {
			err = fmt.Errorf("%d wait", n)
		}
		return err
	})
	for range 2 {
		if out, err := u.syncs.run(t.Context(), "reconcile"); err != nil {
			t.Fatalf("reconcile: %v\n%s", err, out)
		}
	}
	if out, err := u.syncs.run(t.Context(), "audit"); err == nil || !strings.Contains(out, "differing: ") || strings.Count(out, "Mazzy Star") != 1 {
		t.Errorf("audit: %v\n%s", err, out)
	}
}

// waiting is how much waits at an engine-api for the sync node. Nothing may be
// parked.
func waiting(t *testing.T, n *node) (int64, error) {
	t.Helper()
	s, err := stateOf(t.Context(), n.url())
	if s.Outbox.Parked > 0 {
		t.Fatalf("at node %d %d are parked", n.number, s.Outbox.Parked)
	}
	return s.Outbox.Entries + s.Outbox.Healths, err
}

// updating is a deployment whose programs are exchanged.
type updating struct {
	from             *past
	older            string // folder
	now              versions
	engineAPI, syncs *node
	told             int
	plays            []map[string]any // as they were told last, in the spelling that every version reads
	untidy           []string         // plays that the older version stored as they were sent
	shows            int              // untitled plays
}

func newUpdating(t *testing.T, kind repotest.Kind, from *past) *updating {
	u := &updating{from: from, older: from.programs(t)}
	logs := t.TempDir()
	common := []string{"AURA_DB_AUTO_MIGRATE=true", "AURA_LOG_LEVEL=warn", "AURA_SYNC_TIMEOUT=" + patience.Stretch(10*time.Second).String()}
	u.engineAPI = &node{number: 1, database: repotest.URL(t, kind), logs: logs}
	u.syncs = &node{database: repotest.URL(t, kind), logs: logs}
	up, down := newLink(t, 1, u.syncs.url), newLink(t, 2, u.engineAPI.url)
	u.engineAPI.env = append([]string{"AURA_HOST_ID=1", "AURA_SYNC_HOST=" + up.url}, common...)
	u.syncs.env = append([]string{"AURA_MAIN_HOST_1=" + down.url, "AURA_SYNC_STEP_SLEEP=0"}, common...)
	t.Cleanup(func() {
		for _, n := range []*node{u.engineAPI, u.syncs} {
			if last := n.last(); last != nil {
				last.end(t)
			}
		}
	})
	return u
}

// become exchanges the programs. Plays come to the program before while the sync
// node is away, and to the one after while it is away and when it is back.
func (u *updating) become(t *testing.T, next versions) {
	t.Helper()
	t.Log(next)
	if u.syncs.last() != nil {
		u.syncs.kill(t)
		u.play(t)
		u.engineAPI.kill(t)
	}
	u.now = next
	u.engineAPI.programs, u.syncs.programs = u.programs(next.engineAPI), u.programs(next.syncNode)
	u.engineAPI.start(t)
	u.play(t)
	u.syncs.start(t)
	u.play(t)
	u.correct(t, u.syncs)
	u.correct(t, u.engineAPI)
}

func (u *updating) programs(this bool) string {
	if this {
		return ""
	}
	return u.older
}

// play lets the engine play something of each kind, and tell earlier plays again.
func (u *updating) play(t *testing.T) {
	t.Helper()
	for range 3 {
		u.told++
		u.tell(t, map[string]any{
			"log_source": 1, "track_start": time.Now().Add(time.Duration(u.told-3600) * time.Second).UTC().Format(time.RFC3339),
			"track_artist": "Mazzy Star", "track_title": fmt.Sprintf("Title %d", u.told), "track_duration": 100 + u.told,
			"show_name": "Morning", "show_id": 11, "timeslot_id": 1011, "media_id": 500 + u.told,
		})
	}
	for i, again := range []int{0, len(u.plays) / 2, len(u.plays) - 1} {
		longer := u.plays[again]
		longer["track_duration"] = longer["track_duration"].(int) + i // the first is told without a change
		u.tell(t, longer)
	}
	u.tellUntidy(t)
	if u.now.engineAPI { // what older programs refuse
		for _, body := range []string{
			`{"logSource": 1, "trackStart": "1970-01-01T01:00:00", "trackArtist": "Low", "trackTitle": "Words %d", "trackDuration": 12.5, ` +
				`"showName": "Fallback", "showId": -1, "timeslotId": "-1", "mediaId": -1, "trackType": 0}`,
			`{"logSource": 1, "showName": "Live %d", "trackNum": "5/12"}`,
		} {
			mustCall(t, http.MethodPost, u.engineAPI.url()+"/api/v1/playlog", fmt.Sprintf(body, u.told), http.StatusNoContent)
		}
	}
	mustCall(t, http.MethodPost, u.engineAPI.url()+"/api/v1/source/health/1", fmt.Sprintf(`{"is_healthy": true, "details": "%d"}`, u.told), http.StatusNoContent)
}

// tellUntidy posts what the older version stores otherwise than this one: texts that
// are not one line, and two untitled plays of one start. This version is told again
// what the older one stored.
func (u *updating) tellUntidy(t *testing.T) {
	t.Helper()
	start := time.Now().Add(time.Duration(u.told-3600) * time.Second).UTC().Format(time.RFC3339)
	bodies := u.untidy
	if !u.now.engineAPI {
		bodies = []string{fmt.Sprintf(`{"log_source": 1, "track_start": %q, "track_title": " Untidy  %d\u200b", "track_duration": 1}`, start, u.told)}
		u.untidy = append(u.untidy, bodies...)
	} else {
		for show := 21; show <= 22; show++ {
			bodies = append(bodies, fmt.Sprintf(`{"logSource": 1, "trackStart": %q, "trackDuration": 1, "showId": %d, "timeslotId": "2021"}`, start, show))
			u.shows++
		}
	}
	for _, body := range bodies {
		mustCall(t, http.MethodPost, u.engineAPI.url()+"/api/v1/playlog", body, http.StatusNoContent)
	}
}

// tell posts a play as an engine does that this version of engine-api understands.
func (u *updating) tell(t *testing.T, p map[string]any) {
	t.Helper()
	if !slices.ContainsFunc(u.plays, func(known map[string]any) bool { return known["track_title"] == p["track_title"] }) {
		u.plays = append(u.plays, p)
	}
	body := map[string]any{}
	for name, value := range p {
		if u.now.engineAPI {
			body[camel(name)] = value
		} else if name != "media_id" {
			body[name] = value
		}
	}
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	mustCall(t, http.MethodPost, u.engineAPI.url()+"/api/v1/playlog", string(data), http.StatusNoContent)
}

// camel is a name as engines since 2025 spell it.
func camel(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

// correct lets a person correct the newest title at a node.
func (u *updating) correct(t *testing.T, at *node) {
	t.Helper()
	eventually(t, func() error {
		var newest []struct {
			ID int64 `json:"id"`
		}
		if _, err := read(t.Context(), at.url()+"/api/v1/playlog?limit=1", &newest); err != nil {
			return err
		}
		if len(newest) == 0 {
			return errors.New("there is no entry yet")
		}
		mustCall(t, http.MethodPost, fmt.Sprintf("%s/api/v1/playlog/%d/corrections", at.url(), newest[0].ID),
			fmt.Sprintf(`{"kind": "amend", "by": "M. Tester", "reason": "correction %d", "changes": {"track_composer": "%s %d"}}`, u.told, at.program(), u.told), http.StatusCreated)
		return nil
	})
}

// settled returns when nothing waits, nothing is sent any more, and the audit
// proves both sides equal.
func (u *updating) settled(t *testing.T) {
	t.Helper()
	settle(t, u.from, u.now, u.syncs, u.engineAPI)
}

// settle is settled for any number of engine-apis, which have one version.
func settle(t *testing.T, from *past, now versions, syncs *node, engineAPIs ...*node) {
	t.Helper()
	eventually(t, func() error {
		for _, n := range engineAPIs {
			if number, err := waiting(t, n); err != nil || number > 0 {
				return fmt.Errorf("%s: at node %d %d wait, %w", now, n.number, number, err)
			}
		}
		out, err := syncs.run(t.Context(), "reconcile")
		if err != nil || strings.Count(out, from.quiet(now)) != len(engineAPIs) {
			return fmt.Errorf("%s: reconcile: %w %s", now, err, out)
		}
		return nil
	})
	out, err := syncs.run(t.Context(), "audit")
	if err != nil || strings.Contains(out, "of an older version") != from.hides(now) {
		t.Fatalf("%s: audit: %v\n%s", now, err, out)
	}
}

// agree compares all records of both sides, with the fields that only this version
// knows.
func (u *updating) agree(t *testing.T) {
	t.Helper()
	records := func(n *node) []map[string]any {
		var page struct {
			Records []map[string]any `json:"records"`
		}
		if _, err := read(t.Context(), n.url()+"/api/v1/sync/records?source=1&limit=1000", &page); err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(page.Records, func(a, b map[string]any) int {
			return strings.Compare(fmt.Sprint(a["track_start"], a["track_title"], a["show_id"]), fmt.Sprint(b["track_start"], b["track_title"], b["show_id"]))
		})
		return page.Records
	}
	here, there := records(u.syncs), records(u.engineAPI)
	if len(here) < u.told || !reflect.DeepEqual(here, there) {
		t.Errorf("the sync node has %d, engine-api %d, told were %d:\n%v\n%v", len(here), len(there), u.told, here, there)
	}
	untidy, shows := 0, 0
	known := map[string]int{}
	for _, r := range here {
		if title, _ := r["track_title"].(string); strings.Contains(title, "Untidy") {
			untidy++
		}
		if r["show_id"] == 21.0 || r["show_id"] == 22.0 {
			shows++
		}
		for name := range r {
			known[name]++
		}
	}
	if untidy != len(u.untidy) || shows != u.shows {
		t.Errorf("%d untidy titles and %d untitled plays are there, want %d and %d", untidy, shows, len(u.untidy), u.shows)
	}
	for _, name := range []string{"media_id", "received_at", "told", "doubts", "corrections"} {
		if known[name] == 0 {
			t.Errorf("no record has %s", name)
		}
	}
	for _, p := range u.plays {
		i := slices.IndexFunc(here, func(r map[string]any) bool { return r["track_title"] == p["track_title"] })
		if i < 0 {
			t.Errorf("%v is lost", p)
			continue
		}
		if got, want := here[i]["duration_ms"], float64(p["track_duration"].(int)*1000); got != want {
			t.Errorf("%v has %v", p, here[i])
		}
	}
}
