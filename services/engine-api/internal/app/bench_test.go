package app_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/engine-api/internal/app"
)

// BenchmarkApp_Backlog measures how fast a node sends a backlog, with the sync
// node in the same process. Besides the time it reports the rate.
func BenchmarkApp_Backlog(b *testing.B) {
	const records = 100_000
	for _, kind := range repotest.Kinds() {
		b.Run(string(kind), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				url := repotest.URL(b, kind)
				fill(b, url, records)
				r := lifecycletest.Start(b, newSyncNode(b, kind))
				r.Await(http.StatusOK, http.MethodGet, "/readyz", "")
				a, err := app.New(configure(b, url, map[string]string{"AURA_SYNC_HOST": r.URL, "AURA_DB_QUERY_TIMEOUT": "1m"}), "test", zerolog.Nop())
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				node := lifecycletest.Start(b, a)
				node.Await(http.StatusOK, http.MethodGet, "/readyz", "")
				until(node, "/api/v1/playlog?skip_synced=true&limit=1", func(answer string) bool { return answer == "[]\n" || answer == "[]" })
				b.StopTimer()
				if err := node.Stop(); err != nil {
					b.Error(err)
				}
			}
			b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// fill stores waiting records, three minutes apart.
func fill(b *testing.B, url string, records int) {
	b.Helper()
	db, err := repo.OpenNode(repo.Config{URL: url, QueryTimeout: time.Minute}, zerolog.Nop())
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	if err := db.Migrate(ctx); err != nil {
		b.Fatal(err)
	}
	batch := make([]model.Record, 1000)
	for n := 0; n < records; n += len(batch) {
		for i := range batch {
			batch[i].Entry = model.Entry{
				LogSource: 1, TrackStart: time.Date(2020, 1, 1, 0, 3*(n+i), 0, 0, time.UTC), Duration: 3 * time.Minute,
				Artist: "Artist " + strconv.Itoa(i), Title: "Title " + strconv.Itoa(n+i), Album: "Some album", ShowName: "Some show", ShowID: 7, TimeslotID: int64(n / 20),
			}
			batch[i].Normalize()
		}
		if _, err := db.Absorb(ctx, batch, false); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}
