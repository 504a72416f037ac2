package engineclock

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
)

// maxSources bounds how many sources are watched. What a host's engines say is
// that of one, or of a few.
const maxSources = 16

// Watch watches the clocks of the engines that send plays to this host. It is
// safe for concurrent use.
type Watch struct {
	zones Zones
	log   zerolog.Logger

	mu      sync.Mutex
	sources map[int]*watched
}

// watched is one source. While its offset stands, warning says so. The first play
// that has it starts at since, and the last one at until.
type watched struct {
	window
	warning string
	offset  time.Duration // that the warning is about

	since, until time.Time
}

// New makes a Watch that warns in the log.
func New(zones Zones, log zerolog.Logger) *Watch {
	return &Watch{zones: zones, log: log, sources: map[int]*watched{}}
}

// Note takes a play that arrived with a start of its own.
func (w *Watch) Note(e *model.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.sources[e.LogSource]
	if s == nil {
		if len(w.sources) == maxSources {
			return
		}
		s = &watched{}
		w.sources[e.LogSource] = s
	}
	s.add(play{e.TrackStart, e.ReceivedAt})
	w.judge(e.LogSource, s, e.ReceivedAt)
}

// judge warns when an offset begins to stand, or becomes another one, and tells
// when it ends.
func (w *Watch) judge(source int, s *watched, now time.Time) {
	offset, stands := s.window.offset()
	isSame := stands && (offset-s.offset).Abs() <= near
	if s.warning != "" && !isSame {
		w.log.Warn().Int("source", source).Str("correct", s.command(source, w.zones)).
			Msg("the starts of an engine no longer have the offset that was warned of; the command moves those that had it")
		s.warning = ""
	}
	if !stands {
		return
	}
	first, last := s.wrong(offset)
	s.until = last
	if s.warning == "" {
		s.offset, s.since, s.warning = offset, first, w.zones.describe(offset, now)
		w.log.Warn().Int("source", source).Str("correct", s.command(source, w.zones)).
			Msg("the clock or the time zone of an engine is wrong: " + s.warning + "; when it is right, the command moves what was logged")
	}
}

// command moves the starts that had the offset.
func (s *watched) command(source int, zones Zones) string {
	by := -s.offset
	if rounded := by.Round(time.Minute); (by - rounded).Abs() <= near {
		by = rounded
	}
	shift := playlog.Shift{By: by.Round(time.Second), Reason: "the engine's clock was wrong", IfNearer: true}
	return shift.Command(source, zones.Station, s.since, s.until)
}

// Warnings are what is wrong now.
func (w *Watch) Warnings() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, source := range slices.Sorted(maps.Keys(w.sources)) {
		if s := w.sources[source]; s.warning != "" {
			list = append(list, fmt.Sprintf("source %d: %s", source, s.warning))
		}
	}
	return list
}

var (
	offsetDesc = prometheus.NewDesc("aura_engine_clock_offset_seconds",
		"The median of start minus arrival of an engine's last ten plays; less than 0: the starts are behind.", []string{"source"}, nil)
	wrongDesc = prometheus.NewDesc("aura_engine_clock_wrong",
		"1 while this offset is at least a minute and most of the plays agree: the engine's clock or time zone is wrong.", []string{"source"}, nil)
)

// Describe implements prometheus.Collector.
func (w *Watch) Describe(to chan<- *prometheus.Desc) {
	to <- offsetDesc
	to <- wrongDesc
}

// Collect implements prometheus.Collector.
func (w *Watch) Collect(to chan<- prometheus.Metric) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for source, s := range w.sources {
		offset, stands := s.window.offset()
		wrong := 0.0
		if stands {
			wrong = 1
		}
		label := strconv.Itoa(source)
		to <- prometheus.MustNewConstMetric(offsetDesc, prometheus.GaugeValue, offset.Seconds(), label)
		to <- prometheus.MustNewConstMetric(wrongDesc, prometheus.GaugeValue, wrong, label)
	}
}
