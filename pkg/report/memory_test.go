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

// heapGrowth is the largest growth of the heap while a report of n plays of that many
// titles is written, without garbage.
func heapGrowth(t testing.TB, n, titles int, write func(io.Writer, Plays) error, m Period) uint64 {
	t.Helper()
	heap := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, most, i := heap(), uint64(0), 0
	out := watchedWriter{func() { most = max(most, heap()) }, 0}
	err := write(&out, func(ctx context.Context, fn func(Play) error) error {
		return many(m, n, titles)(ctx, func(p Play) error {
			if i++; i%(n/10) == 0 {
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

// watchedWriter calls watch once per few megabytes.
type watchedWriter struct {
	watch   func()
	written int
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	if w.written += len(p); w.written > 2<<20 {
		w.written = 0
		w.watch()
	}
	return len(p), nil
}

// TestWrite_memory: 60,000 plays, several months of a station, need no more memory
// than a few, however many titles they are. It does not run in parallel, because it
// measures the heap of the whole process.
func TestWrite_memory(t *testing.T) {
	m := month(t, "2020-10")
	const most = 8 << 20 // a sixth of what the plays themselves would take
	for format, write := range formats {
		t.Run(format, func(t *testing.T) {
			const n = 60_000
			write := func(w io.Writer, p Plays) error { return write(t.Context(), w, torn(m, p)) }
			got := heapGrowth(t, n, n, write, m)
			t.Logf("%d plays took %d KiB", n, got>>10)
			if got > most {
				t.Errorf("want at most %d KiB", most>>10)
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
			write := func(w io.Writer, p Plays) error { return formats[format](b.Context(), w, of(m, p)) }
			for b.Loop() {
				if err := write(io.Discard, many(m, n, 200)); err != nil {
					b.Fatal(err)
				}
			}
			perPlay := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / n
			most = heapGrowth(b, n, 200, write, m)
			b.ReportMetric(perPlay, "ns/play")
			b.ReportMetric(float64(most), "heap-bytes")
		})
	}
}
