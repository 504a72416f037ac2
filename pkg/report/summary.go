package report

import (
	"fmt"
	"strings"
	"time"
)

// summary is what a person wants to know before sending a report.
type summary struct {
	all       total
	holes     int64
	holesLast time.Duration
	// withoutArtist counts plays that name no artist, and estimated those whose
	// length is an estimate.
	withoutArtist, estimated int64
	// rules are Report.RuleVersions, such as "2", or "1, 2" if the rule changed in the
	// period.
	rules string
	// purged says which plays are gone, "" if none are.
	purged string
}

func (s *summary) hole(h *hole) {
	s.holes++
	s.holesLast += h.length()
}

func (s *summary) play(p *Play, plays int64) {
	s.all.add(p, plays)
	if p.Entry.Artist == "" {
		s.withoutArtist += plays
	}
	if p.Estimated {
		s.estimated++
	}
}

func (s *summary) write(to cells) {
	s.all.write(to)
	to.number("holes", s.holes)
	to.seconds("hole_seconds", s.holesLast)
	to.number("without_artist", s.withoutArtist)
	to.number("estimated", s.estimated)
	to.text("summary", s.text())
	to.text("rule", s.rules)
}

// text is such as "3 holes, 12 min; 8 entries without an artist".
func (s *summary) text() string {
	parts := []string{"no holes"}
	if s.holes > 0 {
		parts[0] = count(s.holes, "hole", "holes") + ", " + roughly(s.holesLast)
	}
	if s.withoutArtist > 0 {
		parts = append(parts, count(s.withoutArtist, "entry", "entries")+" without an artist")
	}
	if s.estimated > 0 {
		parts = append(parts, count(s.estimated, "entry", "entries")+" of estimated length")
	}
	if s.purged != "" {
		parts = append(parts, s.purged)
	}
	return strings.Join(parts, "; ")
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// roughly is a length as a person says it.
func roughly(d time.Duration) string {
	if seconds := d.Round(time.Second); seconds < time.Minute {
		return fmt.Sprintf("%d s", seconds/time.Second)
	}
	minutes := d.Round(time.Minute) / time.Minute
	if minutes < 60 {
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}
