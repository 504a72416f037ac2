package repo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

// BenchmarkStationAbsorb compares how the sync node handles a catch-up batch of
// consecutive records with only storing the same records.
func BenchmarkStationAbsorb(b *testing.B) {
	for _, kind := range repotest.Kinds() {
		for _, size := range []int{1, 100, 1000} {
			for _, what := range []struct {
				name   string
				source int
			}{{"bare", 1}, {"active", 1}, {"standby", 2}} {
				b.Run(fmt.Sprintf("database=%s/batch=%d/%s", kind, size, what.name), func(b *testing.B) {
					db := repotest.Open(b, kind)
					absorb := db.Absorb
					if what.name != "bare" {
						absorb = db.Station(b, 1).Absorb
					}
					benchStationAbsorb(b, what.source, size, absorb)
				})
			}
		}
	}
}

func benchStationAbsorb(b *testing.B, source, size int, absorb func(context.Context, []model.Record, bool) ([]model.Absorbed, error)) {
	records := make([]model.Record, size)
	for b.Loop() {
		for i := range records {
			e := benchEntry()
			e.LogSource, e.TrackStart = source, e.TrackStart.Add(time.Duration(source)*time.Hour)
			records[i] = model.Record{Entry: e}
		}
		if _, err := absorb(b.Context(), records, true); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "records/s")
}
