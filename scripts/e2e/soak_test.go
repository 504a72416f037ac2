package e2e

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// long is the extent that there is time for at night.
var long = extent{kills: 70, backlog: 50_000, work: 300, disk: 1024, fires: 200}

// TestSoak runs one station after another, each with a seed of its own, until
// AURA_SOAK (a duration) is over. Each station meets every disaster at length, and
// so do the active source and its monitors. `make soak` runs this test.
func TestSoak(t *testing.T) {
	said := os.Getenv("AURA_SOAK")
	if said == "" {
		t.Skip("AURA_SOAK does not say how long; `make soak` does")
	}
	length, err := time.ParseDuration(said)
	if err != nil {
		t.Fatalf("AURA_SOAK: %v", err)
	}
	stations := []struct {
		name string
		run  func(*testing.T, extent)
	}{
		{"SQLite", overSQLite}, {"MariaDB", overMariaDB}, {"TwoSyncNodes", overTwoSyncNodes},
		{"JournalSQLite", func(t *testing.T, e extent) { underFireSQLite(t, e.fires) }},
		{"JournalMariaDB", func(t *testing.T, e extent) { underFireMariaDB(t, e.fires) }},
		{"MonitorKilled", func(t *testing.T, e extent) { killActive(t, e.kills) }},
		{"ActiveSource", func(t *testing.T, e extent) {
			// It checks many histories, not a long one. A long one would be
			// checked in vain until the memory of any machine is full.
			for i := range e.work / 30 {
				t.Run(strconv.Itoa(i+1), activeSource)
			}
		}},
	}
	began := time.Now()
	for round := 1; round == 1 || time.Since(began) < length; round++ {
		for _, s := range stations {
			if !t.Run(fmt.Sprintf("%s_%d", s.name, round), func(t *testing.T) { s.run(t, long) }) {
				return // the log tells the seed
			}
		}
	}
}
