package repo_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// cost is what a write costs: how many statements it takes, and how many plays one
// of them reads at most.
type cost struct{ statements, plays int }

func costOf(t *testing.T, s *repo.Station, write func()) (c cost) {
	t.Helper()
	stop := s.Record(func(query string, args []any) {
		c.statements++
		if strings.Contains(query, "FROM playlog") && strings.HasSuffix(query, "LIMIT ?") {
			c.plays = max(c.plays, args[len(args)-1].(int))
		}
	})
	write()
	stop()
	return c
}

// every are plays that follow one another.
func every(step, length time.Duration, n int, title func(i int) string) (records []model.Record) {
	for i := range n {
		at := noon.Add(time.Duration(i) * step)
		r := model.Record{Entry: model.Entry{
			LogSource: 1, TrackStart: at, ReceivedAt: at.Add(200 * time.Millisecond), Artist: "Artist", Title: title(i), Duration: length,
		}}
		r.Normalize()
		records = append(records, r)
	}
	return records
}

func ownTitle(i int) string { return fmt.Sprint("Title ", i) }

func mustAbsorb(t *testing.T, s *repo.Station, records []model.Record) {
	t.Helper()
	for len(records) > 0 {
		n := min(len(records), 1000)
		if _, err := s.Absorb(t.Context(), records[:n], true); err != nil {
			t.Fatal(err)
		}
		records = records[n:]
	}
}

// TestStation_Cost: a write looks at little of what was said, also if it comes from
// an engine that sends a title each second, or brings records of many days.
func TestStation_Cost(t *testing.T) {
	t.Parallel()
	missing := func(i int) bool { return i%30 == 15 }
	for name, c := range map[string]struct {
		said []model.Record
		last func(i int) bool // what the last write brings
		most cost
	}{
		"one more":               {every(3*time.Minute, 3*time.Minute, 2000, ownTitle), func(i int) bool { return i == 1999 }, cost{22, 60}},
		"a title each second":    {every(time.Second, time.Second, 2000, ownTitle), func(i int) bool { return i == 1999 }, cost{22, 60}},
		"one title all the time": {every(30*time.Second, time.Minute, 1000, func(int) string { return "Title" }), func(i int) bool { return i == 999 }, cost{60, 4000}},
		"scattered":              {every(3*time.Minute, 3*time.Minute, 4000, ownTitle), missing, cost{120, 3000}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range repotest.Kinds() {
				t.Run(string(kind), func(t *testing.T) {
					t.Parallel()
					s := repotest.OpenStation(t, kind)
					var first, last []model.Record
					for i, r := range c.said {
						if c.last(i) {
							last = append(last, r)
						} else {
							first = append(first, r)
						}
					}
					mustAbsorb(t, s, first)
					got := costOf(t, s, func() { mustAbsorb(t, s, last) })
					t.Logf("%d statements, at most %d plays", got.statements, got.plays)
					if got.statements > c.most.statements || got.plays > c.most.plays {
						t.Errorf("more than %+v", c.most)
					}
					if differing, err := s.Verify(t.Context(), nil); err != nil || differing != 0 {
						t.Errorf("%d differ: %v", differing, err)
					}
				})
			}
		})
	}
}
