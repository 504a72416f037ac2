package rule

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/stationtime"
)

// tally adds up differences by month and reason.
type tally struct {
	zone  *stationtime.Zone
	found map[monthly]*sums
}

type monthly struct{ month, reason string }

type sums struct {
	plays         int
	gone          int // of the plays, those that are not heard any more
	before, after time.Duration
}

func (t *tally) add(d onair.Difference) {
	if t.found == nil {
		t.found = make(map[monthly]*sums)
	}
	key := monthly{t.zone.In(d.At).Format("2006-01"), d.Reason}
	s := t.found[key]
	if s == nil {
		s = &sums{}
		t.found[key] = s
	}
	s.plays++
	s.before += d.Before
	s.after += d.After
	if d.After == 0 {
		s.gone++
	}
}

// lines are the sums for people, in the order of months and reasons.
func (t *tally) lines() []string {
	if len(t.found) == 0 {
		return []string{"nothing would change"}
	}
	keys := slices.SortedFunc(maps.Keys(t.found), func(a, b monthly) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.reason, b.reason))
	})
	lines := make([]string, len(keys))
	for i, key := range keys {
		s := t.found[key]
		lines[i] = fmt.Sprintf("%s  %-22s %6d plays, of which %d are not heard any more; %s becomes %s",
			key.month, key.reason, s.plays, s.gone, s.before.Round(time.Second), s.after.Round(time.Second))
	}
	return lines
}
