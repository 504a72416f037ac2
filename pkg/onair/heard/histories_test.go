package heard_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// history is a random history of one source.
type history struct {
	config  heard.Config
	plays   []heard.Play
	reports []heard.Report
}

// Times are half seconds within half a minute, so that coincidences are
// frequent.
const (
	step     = 500 * time.Millisecond
	lastStep = 60
)

func steps(t *rapid.T, from, to int, label string) time.Duration {
	return time.Duration(rapid.IntRange(from, to).Draw(t, label)) * step
}

// oneIn is true about once in n times; it shrinks to false.
func oneIn(t *rapid.T, n int, label string) bool { return rapid.IntRange(0, n-1).Draw(t, label) == n-1 }

func anyHistory(t *rapid.T) history {
	h := history{config: heard.Config{
		FallbackShows: []string{"Fallback"},
		LongestFile:   steps(t, 10, 40, "longest file"),
		LongestLive:   steps(t, 10, 80, "longest live"),
	}}
	waited := []moment{steps(t, 0, lastStep, "a queue arrives"), steps(t, 0, lastStep, "another queue arrives")}
	n := rapid.IntRange(1, 8).Draw(t, "plays")
	for i := range n {
		h.plays = append(h.plays, anyPlay(t, i, waited))
	}
	for range rapid.IntRange(0, 8).Draw(t, "reports") {
		h.reports = append(h.reports, anyReport(t, waited))
	}
	h.plays = rapid.Permutation(h.plays).Draw(t, "order of plays")
	return h
}

func anyPlay(t *rapid.T, i int, waited []moment) heard.Play {
	start := steps(t, 0, lastStep, "start")
	p := heard.Play{
		ID:       model.Fingerprint{byte(rapid.IntRange(0, 3).Draw(t, "fingerprint")), byte(i + 1)},
		Duration: steps(t, 0, 40, "duration"),
		Type:     rapid.SampledFrom([]int{model.TrackTypeFile, model.TrackTypeStream, model.TrackTypeLine, model.TrackTypePlaylist}).Draw(t, "type"),
		Title:    rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "title"),
		Album:    rapid.SampledFrom([]string{"", "", "x", "y"}).Draw(t, "album"),
		Void:     oneIn(t, 12, "void"),
		StartSet: oneIn(t, 16, "a person set the start"),
	}
	if oneIn(t, 3, "unknown duration") {
		p.Duration = 0
	}
	if oneIn(t, 3, "fallback") {
		p.ShowName = "Fallback"
		p.TimeslotID = int64(rapid.IntRange(0, 1).Draw(t, "timeslot"))
	} else {
		p.ShowName = rapid.SampledFrom([]string{"", "Show", "Fallback"}).Draw(t, "show")
		p.ShowID = int64(rapid.IntRange(1, 2).Draw(t, "show's number"))
		p.TimeslotID = int64(rapid.IntRange(0, 1).Draw(t, "timeslot"))
		p.MediaID = int64(rapid.IntRange(0, 1).Draw(t, "media"))
	}
	switch rapid.SampledFrom([]string{"in time", "late", "burst", "early", "unknown", "by hand", "hours late", "doubtful"}).Draw(t, "arrival") {
	case "in time":
		p.ReceivedAt = clock(start)
	case "late":
		p.ReceivedAt = clock(start + steps(t, 1, 30, "late"))
	case "burst":
		p.ReceivedAt = clock(rapid.SampledFrom(waited).Draw(t, "queue") + steps(t, 0, 2, "in the queue"))
	case "early":
		p.ReceivedAt = clock(start - steps(t, 1, 4, "early"))
	case "by hand":
		p.Manual = true
	case "hours late":
		p.ReceivedAt = clock(start + 6*time.Hour + steps(t, -1, 1, "around six hours"))
	case "doubtful":
		p.ReceivedAt = clock(start - 5*time.Minute - steps(t, 0, 1, "around five minutes"))
	}
	if p.ShowName == "Fallback" && p.ShowID == 0 && !p.ReceivedAt.IsZero() && !oneIn(t, 3, "fallback with a start") {
		start = p.ReceivedAt.Sub(epoch) // none was sent
	}
	p.Start = clock(start)
	if !p.Manual && !p.ReceivedAt.IsZero() {
		for range max(0, rapid.IntRange(-3, 2).Draw(t, "told again")) {
			p.Again = append(p.Again, p.ReceivedAt.Add(steps(t, 1, 40, "told again after")))
		}
		slices.SortFunc(p.Again, time.Time.Compare)
		p.Again = slices.CompactFunc(p.Again, time.Time.Equal)
	}
	return p
}

// anyReport is a report in the same half minute, or about two minutes before.
func anyReport(t *rapid.T, waited []moment) heard.Report {
	at := steps(t, 0, lastStep, "report")
	switch {
	case oneIn(t, 4, "report in a queue"):
		at = rapid.SampledFrom(waited).Draw(t, "queue")
	case oneIn(t, 6, "two minutes before"):
		at -= 2 * time.Minute
	}
	return heard.Report{At: clock(at), Fallback: rapid.Bool().Draw(t, "report says fallback")}
}

// String tells a history in seconds.
func (h history) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "longest file %v, live %v\n", h.config.LongestFile, h.config.LongestLive)
	plays := slices.Clone(h.plays)
	slices.SortFunc(plays, func(a, b heard.Play) int { return a.Start.Compare(b.Start) })
	for _, p := range plays {
		kind := "play"
		if p.ShowName == "Fallback" && p.ShowID == 0 && p.MediaID == 0 {
			kind = "FALLBACK"
		}
		fmt.Fprintf(&b, "%s %x %q/%q from %v for %v", kind, p.ID[:2], p.Title, p.Album, p.Start.Sub(epoch), p.Duration)
		if !p.ReceivedAt.IsZero() {
			fmt.Fprintf(&b, " arrived %v", p.ReceivedAt.Sub(epoch))
		}
		for _, at := range p.Again {
			fmt.Fprintf(&b, " again %v", at.Sub(epoch))
		}
		fmt.Fprintf(&b, " type %d show %q %d timeslot %d media %d", p.Type, p.ShowName, p.ShowID, p.TimeslotID, p.MediaID)
		for name, is := range map[string]bool{"MANUAL": p.Manual, "STARTSET": p.StartSet, "VOID": p.Void} {
			if is {
				fmt.Fprint(&b, " ", name)
			}
		}
		b.WriteString("\n")
	}
	for _, r := range mergeReports(h.reports) {
		fmt.Fprintf(&b, "report %v %v\n", r.at, r.fallback)
	}
	return b.String()
}
