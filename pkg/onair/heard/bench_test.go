package heard_test

import (
	"fmt"
	"testing"

	"aura.radio/engine/pkg/onair/heard"
)

// BenchmarkDerive tells what it costs to derive a history, and to look for its
// cuts, a play.
func BenchmarkDerive(b *testing.B) {
	for _, n := range []int{20, 1000, 20000} {
		h := newStation(1).play(n)
		perPlay := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(h.plays)), "ns/play")
		}
		b.Run(fmt.Sprintf("Derive-%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				heard.Derive(h.config, h.plays, h.reports)
			}
			perPlay(b)
		})
		b.Run(fmt.Sprintf("Cuts-%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				heard.Cuts(h.config, h.plays, h.reports, heard.Interval{})
			}
			perPlay(b)
		})
	}
}
