package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// nothingIsLost compares the records of all hosts, once the engines are silent.
func (d *deployment) nothingIsLost(t *testing.T) {
	d.sync.sh(t, "systemctl stop status-monitor") // otherwise it may see one engine end before the other
	for _, h := range d.engines {
		h.sh(t, "systemctl stop engine")
	}
	for i := range d.engines {
		d.arrives(t, i+1)
	}
	all, err := ask(t.Context(), "http://"+d.sync.address+syncHost, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range d.engines {
		source := i + 1
		played, stored := map[string]int{}, map[spin]int{}
		for _, e := range all.raw {
			if e.Source == source {
				played[e.title()]++
				stored[e.spin()]++
			}
		}
		for play, times := range stored {
			if times != 1 {
				t.Errorf("%s is %d times at the sync node", play, times)
			}
		}
		// An engine that is started again may say the title of that second again.
		for _, title := range logged(t, source) {
			if played[title] == 0 {
				t.Errorf("%s of engine %d was acknowledged and is not at the sync node", title, source)
			}
		}
		own, err := list[entry](t.Context(), "http://"+h.address+engineHost, "/playlog?limit=1000")
		if err != nil {
			t.Fatal(err)
		}
		kept := map[string]int{}
		for _, e := range own {
			kept[e.title()]++
		}
		if !maps.Equal(kept, played) {
			t.Errorf("source %d: %d titles on its host, %d at the sync node", source, len(kept), len(played))
		}
		t.Logf("engine %d: %d titles acknowledged, %d at the sync node", source, len(logged(t, source)), len(stored))
	}
	var c complaints
	all.judgeOnAir(&c)
	if err := c.err(); err != nil {
		t.Error(err)
	}
	sources := map[int]int{}
	for _, e := range all.aired {
		sources[e.Source]++
	}
	if sources[1] == 0 || sources[2] == 0 || len(all.activations) < 4 {
		t.Errorf("on air were, by source, %v titles after %d switches", sources, len(all.activations))
	}
	for _, command := range []string{"check-config", "outbox list"} {
		t.Log(lastLine(d.engines[0].sh(t, asRoot(d.book.command(t, "sudo aura-engine-api "+command)))))
	}
	t.Log(lastLine(d.sync.sh(t, asRoot(d.book.command(t, "sudo aura-sync-node audit")))))
}

func (e entry) title() string { return e.Start.Format("15:04:05") + "  " + e.Title }

// startsBetween reports whether an engine's title starts between from and to, to
// the second.
func startsBetween(t *testing.T, title string, from, to time.Time) bool {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Vienna") // the engine's own zone
	if err != nil {
		t.Fatal(err)
	}
	for at := from.In(zone); at.Before(to); at = at.Add(time.Second) {
		if strings.HasPrefix(title, at.Format("15:04:05  ")) {
			return true
		}
	}
	return false
}

func logOf(source int) string { return fmt.Sprintf("engine-%d.log", source) }

var acknowledgement = regexp.MustCompile(`(?m)^\w{3} (\d\d:\d\d:\d\d)  .*? – (.*)  \[\S+, [^]]*\]$`)

// logged are the titles that an engine has logged and that were acknowledged, in
// order.
func logged(t *testing.T, source int) []string {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(os.Getenv(insideLab), "release", logOf(source)))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var titles []string
	for _, line := range acknowledgement.FindAllSubmatch(log, -1) {
		titles = append(titles, string(line[1])+"  "+string(line[2]))
	}
	return titles
}

// arrives returns when the last title that an engine has logged by now is at the
// sync node.
func (d *deployment) arrives(t *testing.T, source int) {
	t.Helper()
	want := ""
	eventually(t, func() error {
		titles := logged(t, source)
		if len(titles) == 0 {
			return fmt.Errorf("engine %d logged nothing", source)
		}
		if want == "" {
			want = titles[len(titles)-1]
		}
		var entries []entry
		if _, err := read(t.Context(), "http://"+d.sync.address+syncHost+"/api/v1/playlog?source=all&limit=1000", &entries); err != nil {
			return err
		}
		for _, e := range entries {
			if e.Source == source && e.title() == want {
				return nil
			}
		}
		return fmt.Errorf("%s of engine %d is not at the sync node", want, source)
	})
}

// onAirOf counts how many of a source's titles are in the on-air log.
func (d *deployment) onAirOf(t *testing.T, source int, titles []string) int {
	t.Helper()
	entries, err := list[entry](t.Context(), "http://"+d.sync.address+syncHost, "/playlog?limit=1000")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, e := range entries {
		known[e.title()] = known[e.title()] || e.Source == source
	}
	n := 0
	for _, title := range titles {
		if known[title] {
			n++
		}
	}
	return n
}

// awaitOnAir returns when the website reads that a title of the given source is on
// air. The title must have begun after the call.
func (d *deployment) awaitOnAir(t *testing.T, source int) {
	t.Helper()
	began := time.Now()
	eventually(t, func() error {
		status, answer, err := call(t.Context(), http.MethodGet, "http://"+d.sync.address+syncHost+"/api/v1/trackservice/current", "")
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("nothing is on air: %d %s", status, answer)
		}
		var current entry
		if err := json.Unmarshal([]byte(answer), &current); err != nil {
			return err
		}
		if current.Source != source || current.Start.Before(began) {
			return fmt.Errorf("on air is %s", answer)
		}
		return nil
	})
}
