package repo_test

import (
	"slices"
	"strings"
	"testing"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

// batch is how many records nodes exchange at once.
const batch = 500

// BenchmarkAbsorb compares new records that come in batches with a bare INSERT
// of the same rows. The INSERT has as many rows per statement and per
// transaction as the repo. Run it with -benchtime=200000x and compare
// entries/s.
func BenchmarkAbsorb(b *testing.B) {
	for _, kind := range repotest.Kinds() {
		b.Run("database="+string(kind), func(b *testing.B) {
			b.Run("bare", func(b *testing.B) { benchBareBatches(b, kind) })
			b.Run("new", func(b *testing.B) { benchAbsorb(b, kind, false) })
			b.Run("copies", func(b *testing.B) { benchAbsorb(b, kind, true) })
		})
	}
}

func benchRecords(n int) []model.Record {
	records := make([]model.Record, n)
	for i := range records {
		records[i].Entry = benchEntry()
	}
	return records
}

func benchAbsorb(b *testing.B, kind repotest.Kind, copies bool) {
	db := repotest.Open(b, kind)
	records := benchRecords(b.N)
	absorbAll := func() {
		for part := range slices.Chunk(records, batch) {
			if _, err := db.Absorb(b.Context(), part, true); err != nil {
				b.Fatal(err)
			}
		}
	}
	if copies {
		absorbAll()
	}
	b.ResetTimer()
	absorbAll()
	reportRate(b)
}

func benchBareBatches(b *testing.B, kind repotest.Kind) {
	ctx := b.Context()
	url := repotest.MigratedURL(b, kind)
	db := rawSQL(b, kind, url)
	db.SetMaxOpenConns(1)
	rowsPerStatement := map[repotest.Kind]int{repotest.KindSQLite: 64, repotest.KindMariaDB: 256}[kind]
	const row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	records := benchRecords(b.N)
	b.ResetTimer()
	for part := range slices.Chunk(records, batch) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			b.Fatal(err)
		}
		for rows := range slices.Chunk(part, rowsPerStatement) {
			var values []any
			for _, r := range rows {
				e := r.Entry
				at := e.TrackStart.Format("2006-01-02 15:04:05.000000")
				id := e.Fingerprint()
				values = append(values, id[:], 1, at, e.Artist, e.Album, e.Title, e.TrackNum, e.Duration.Milliseconds(), e.ShowName, at, id[:])
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO playlog
				(fingerprint, log_source, track_start, track_artist, track_album, track_title, track_num, duration_ms, show_name, played_at, content)
				VALUES `+row+strings.Repeat(", "+row, len(rows)-1), values...); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	reportRate(b)
}
