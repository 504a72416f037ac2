package report

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

// many makes n plays of that many titles; each play is made when it is
// requested, and lasts until just before the next one.
func many(m Period, n, titles int) Plays {
	return func(_ context.Context, fn func(Play) error) error {
		for i := range n {
			// New texts each time, as a database returns them.
			start := m.From.Add(time.Duration(i) * time.Second)
			e := model.Entry{
				LogSource: 1, TrackStart: start, Duration: 3 * time.Minute, ShowID: 5, ShowName: fmt.Sprint("Show ", 5),
				Artist: fmt.Sprint("Artist ", i%titles), Title: fmt.Sprint("Title ", i%titles), Album: fmt.Sprint("Album ", i%titles),
			}
			if err := fn(Play{Entry: e, From: start, Until: start.Add(900 * time.Millisecond)}); err != nil {
				return err
			}
		}
		return nil
	}
}

// torn is a report in which the shortest gap is a hole.
func torn(p Period, plays Plays) Report {
	r := of(p, plays)
	r.HoleAfter = time.Millisecond
	return r
}

// heapGrowth is the largest growth of the heap while the report is written,
// without garbage.
func heapGrowth(t testing.TB, n int, write func(Plays) error, m Period) uint64 {
	t.Helper()
	heap := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, most, i := heap(), uint64(0), 0
	err := write(func(ctx context.Context, fn func(Play) error) error {
		return many(m, n, 200)(ctx, func(p Play) error {
			if i++; i%(n/5) == 0 {
				most = max(most, heap())
			}
			return fn(p)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return max(most, before) - before
}

// TestWrite_memory: a quarter of a million plays, a station's year, need no more
// memory than a few. It does not
// run in parallel, because it measures the heap of the whole process.
func TestWrite_memory(t *testing.T) {
	m := month(t, "2020-10")
	for _, c := range []struct {
		format string
		plays  int
		most   uint64 // a tenth of what the plays themselves would take, or less
	}{
		{"JSON", 250_000, 4 << 20},
		{"CSV", 250_000, 4 << 20},
		{"CSVTitles", 250_000, 4 << 20},
		{"Holes", 250_000, 4 << 20},
		{"XLSX", 100_000, 48 << 20}, // the library holds up to 32 MiB before it begins a temporary file
	} {
		t.Run(c.format, func(t *testing.T) {
			if testing.Short() {
				c.plays /= 10
			}
			write := func(p Plays) error { return formats[c.format](t.Context(), io.Discard, torn(m, p)) }
			if got := heapGrowth(t, c.plays, write, m); got > c.most {
				t.Errorf("%d plays took %d KiB, want at most %d", c.plays, got>>10, c.most>>10)
			} else {
				t.Logf("%d plays took %d KiB", c.plays, got>>10)
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	m := month(b, "2020-10")
	for _, format := range []string{"JSON", "CSV", "CSVTitles", "XLSX"} {
		b.Run(format, func(b *testing.B) {
			const n = 100_000
			var most uint64
			write := func(p Plays) error { return formats[format](b.Context(), io.Discard, of(m, p)) }
			for b.Loop() {
				if err := write(many(m, n, 200)); err != nil {
					b.Fatal(err)
				}
			}
			perPlay := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / n
			most = heapGrowth(b, n, write, m)
			b.ReportMetric(perPlay, "ns/play")
			b.ReportMetric(float64(most), "heap-bytes")
		})
	}
}
