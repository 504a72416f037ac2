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

// Times are few steps, of half a second as a rule, so that coincidences are
// frequent.
const lastStep = 60

// maker makes one history.
type maker struct {
	*rapid.T
	step   time.Duration
	jitter bool // each time is a little off, so that nothing coincides
	ticks  int
}

func (t *maker) steps(from, to int, label string) time.Duration {
	return time.Duration(rapid.IntRange(from, to).Draw(t.T, label)) * t.step
}

// off is a few milliseconds, and never the same.
func (t *maker) off() time.Duration {
	if !t.jitter {
		return 0
	}
	t.ticks++
	return time.Duration(rapid.IntRange(0, 20).Draw(t.T, "milliseconds off"))*time.Millisecond + time.Duration(t.ticks)*time.Microsecond
}

// oneIn is true about once in n times; it shrinks to false.
func oneIn(t *rapid.T, n int, label string) bool { return rapid.IntRange(0, n-1).Draw(t, label) == n-1 }

func anyHistory(rt *rapid.T) history {
	t := &maker{T: rt, step: 500 * time.Millisecond, jitter: oneIn(rt, 3, "jitter")}
	if oneIn(rt, 4, "longer steps") {
		t.step = rapid.SampledFrom([]time.Duration{2 * time.Second, 10 * time.Second, 30 * time.Second}).Draw(rt, "step")
	}
	h := history{config: heard.Config{
		FallbackShows: []string{"Fallback"},
		LongestFile:   t.steps(10, 40, "longest file"),
		LongestLive:   t.steps(10, 80, "longest live"),
	}}
	waited := []moment{t.steps(0, lastStep, "a queue arrives"), t.steps(0, lastStep, "another queue arrives")}
	n := rapid.IntRange(1, 10).Draw(t.T, "plays")
	for i := range n {
		h.plays = append(h.plays, anyPlay(t, i, waited))
	}
	for range rapid.IntRange(0, 8).Draw(t.T, "reports") {
		h.reports = append(h.reports, anyReport(t, waited))
	}
	if oneIn(t.T, 4, "reports every ten seconds") {
		h.reports = nil
		fallback := false
		for at := -10 * time.Second; at < lastStep*t.step && len(h.reports) < 60; at += 10 * time.Second {
			fallback = fallback != oneIn(t.T, 4, "fallback begins or ends")
			h.reports = append(h.reports, heard.Report{At: clock(at + t.off()), Fallback: fallback})
		}
	}
	h.plays = rapid.Permutation(h.plays).Draw(t.T, "order of plays")
	return h
}

func anyPlay(t *maker, i int, waited []moment) heard.Play {
	start := t.steps(0, lastStep, "start") + t.off()
	p := heard.Play{
		ID:       model.Fingerprint{byte(rapid.IntRange(0, 3).Draw(t.T, "fingerprint")), byte(i + 1)},
		Duration: t.steps(0, 40, "duration"),
		Type:     rapid.SampledFrom([]int{model.TrackTypeFile, model.TrackTypeStream, model.TrackTypeLine, model.TrackTypePlaylist}).Draw(t.T, "type"),
		Title:    rapid.SampledFrom([]string{"a", "b", ""}).Draw(t.T, "title"),
		Album:    rapid.SampledFrom([]string{"", "", "x", "y"}).Draw(t.T, "album"),
		Void:     oneIn(t.T, 12, "void"),
		StartSet: oneIn(t.T, 16, "a person set the start"),
	}
	if oneIn(t.T, 3, "unknown duration") {
		p.Duration = 0
	}
	if oneIn(t.T, 3, "fallback") {
		p.ShowName = "Fallback"
		p.TimeslotID = int64(rapid.IntRange(0, 1).Draw(t.T, "timeslot"))
	} else {
		p.ShowName = rapid.SampledFrom([]string{"", "Show", "Fallback"}).Draw(t.T, "show")
		p.ShowID = int64(rapid.IntRange(1, 2).Draw(t.T, "show's number"))
		p.TimeslotID = int64(rapid.IntRange(0, 1).Draw(t.T, "timeslot"))
		p.MediaID = int64(rapid.IntRange(0, 1).Draw(t.T, "media"))
	}
	switch rapid.SampledFrom([]string{"in time", "late", "burst", "early", "unknown", "by hand", "hours late", "doubtful"}).Draw(t.T, "arrival") {
	case "in time":
		p.ReceivedAt = clock(start)
	case "late":
		p.ReceivedAt = clock(start + t.steps(1, 30, "late"))
	case "burst":
		p.ReceivedAt = clock(rapid.SampledFrom(waited).Draw(t.T, "queue") + t.steps(0, 2, "in the queue"))
	case "early":
		p.ReceivedAt = clock(start - t.steps(1, 4, "early"))
	case "by hand":
		p.Manual = true
	case "hours late":
		p.ReceivedAt = clock(start + 6*time.Hour + t.steps(-1, 1, "around six hours"))
	case "doubtful":
		p.ReceivedAt = clock(start - 5*time.Minute - t.steps(0, 1, "around five minutes"))
	}
	if !p.ReceivedAt.IsZero() {
		p.ReceivedAt = p.ReceivedAt.Add(t.off())
	}
	if p.ShowName == "Fallback" && p.ShowID == 0 && !p.ReceivedAt.IsZero() && !oneIn(t.T, 3, "fallback with a start") {
		start = p.ReceivedAt.Sub(epoch) // none was sent
	}
	p.Start = clock(start)
	if !p.Manual && !p.ReceivedAt.IsZero() {
		for range max(0, rapid.IntRange(-3, 2).Draw(t.T, "told again")) {
			p.Again = append(p.Again, p.ReceivedAt.Add(t.steps(1, 40, "told again after")+t.off()))
		}
		slices.SortFunc(p.Again, time.Time.Compare)
		p.Again = slices.CompactFunc(p.Again, time.Time.Equal)
	}
	return p
}

// anyReport is a report in the same half minute, or about two minutes before.
func anyReport(t *maker, waited []moment) heard.Report {
	at := t.steps(0, lastStep, "report")
	switch {
	case oneIn(t.T, 4, "report in a queue"):
		at = rapid.SampledFrom(waited).Draw(t.T, "queue")
	case oneIn(t.T, 6, "two minutes before"):
		at -= 2 * time.Minute
	}
	return heard.Report{At: clock(at + t.off()), Fallback: rapid.Bool().Draw(t.T, "report says fallback")}
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
