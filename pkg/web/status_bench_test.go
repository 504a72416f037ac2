package web

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/sse"
	"aura.radio/engine/pkg/stationtime"
	states "aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
)

// benchDay is the day of the benchmark, at its end.
var benchDay = time.Date(2026, 11, 27, 23, 0, 0, 0, time.UTC)

// BenchmarkStatusLook is a look at the status that is followed, of a day of plays and
// of sources that began a new state with each report, once a second.
func BenchmarkStatusLook(b *testing.B) {
	for _, sources := range []int{2, 50} {
		b.Run(fmt.Sprintf("sources=%d", sources), func(b *testing.B) {
			now := benchDay
			s := benchSite(b, sources, &now)
			streams := map[edition]*sse.Stream{{}: sse.NewStream()}
			if err := s.live.look(b.Context(), streams); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			began := processorTime(b)
			for b.Loop() {
				now = now.Add(lookEvery)
				if err := s.live.look(b.Context(), streams); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processorTime(b)-began).Microseconds())/1000/float64(b.N), "processor-ms/op")
		})
	}
}

// processorTime is what this process used, which is the same on a busy machine.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func benchSite(b *testing.B, sources int, now *time.Time) *Site {
	station := repotest.OpenStation(b, repotest.KindSQLite)
	fillStatus(b, station, sources)
	zone, err := stationtime.Load("UTC")
	if err != nil {
		b.Fatal(err)
	}
	clock := func() time.Time { return *now }
	onAir, log := station.OnAir(), zerolog.Nop()
	node := &handler.API{
		OnAir: onAir, Titles: onAir, Reports: report.NewTurns(), Playlog: station, Rules: station, Purges: station, Sync: station,
		Plays:    func(period report.Period, now time.Time) report.Plays { return report.FromOnAir(onAir, period, now) },
		Current:  trackservice.New(onAir, func(model.Entry, time.Time) ([]byte, error) { return nil, nil }, trackservice.Config{}, log),
		Recorder: playlog.New(playlog.NewRuled(station), log, clock, func() {}),
		Sources:  source.New(station, 1, func() {}, log),
		Healths:  states.NewHealths(station, states.Config{NoPlayAfter: 30 * time.Minute}, log),
		Clocks:   states.NewClocks(station, 0, 1), Lives: states.NewLives(clock), Gate: exchange.NewOrigins(station, nil, clock, log),
		State: func(context.Context) (api.SyncState, error) { return api.SyncState{Nodes: &[]api.NodeState{}}, nil },
		Zone:  zone, EngineZone: zone, HoleAfter: time.Minute, Version: "test", Now: clock,
	}
	operations, err := handler.NewSyncNode(node, &handler.SyncNode{
		Leases: station, Maintenance: states.NewMaintenances(station), Reconcile: func() {}, Zone: zone, Now: clock,
	})
	if err != nil {
		b.Fatal(err)
	}
	names := map[int]string{}
	for n := 1; n <= sources; n++ {
		names[n] = fmt.Sprint("Engine ", n)
	}
	s, err := New(Options{
		Config: Config{Language: "en", Color: "#c2410c"}, Station: "Radio Beispiel", Zone: zone, Operations: operations, Now: clock, Log: log,
		Studio: Studio{Operations: operations, Maintenance: operations, Sources: names},
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// fillStatus stores a day of plays with a hole an hour, and of each source as many
// states as are read.
func fillStatus(b *testing.B, station *repo.Station, sources int) {
	var plays []model.Record
	for i := range 450 {
		e := model.Entry{TrackStart: benchDay.Add(time.Duration(-3*i) * time.Minute), Artist: fmt.Sprint("Artist ", i%90), Title: fmt.Sprint("Title ", i), Duration: 3 * time.Minute, LogSource: 1}
		if i%20 != 0 {
			plays = append(plays, model.Record{Entry: e})
		}
	}
	if _, err := station.Absorb(b.Context(), plays, true); err != nil {
		b.Fatal(err)
	}
	for n := 1; n <= sources; n++ {
		var said []model.Health
		for i := range readStates + 500 {
			said = append(said, model.Health{Source: n, LogTime: benchDay.Add(-time.Duration(i) * time.Second), Healthy: i%7 > 0, Details: fmt.Sprintf(`{"lqs": {"level": -%d, "version": "2.1"}}`, i)})
		}
		for part := range slices.Chunk(said, 500) {
			if err := station.AbsorbHealths(b.Context(), part, true); err != nil {
				b.Fatal(err)
			}
		}
	}
}
