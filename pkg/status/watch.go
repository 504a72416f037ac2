package status

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/model"
)

// watchTimeout bounds how long a scrape waits for the store.
const watchTimeout = 2 * time.Second

// Watch tells Prometheus what some sources said last about themselves, and what
// was not understood of it. If the store is away, or a source said nothing yet,
// the metrics of the source are left out.
type Watch struct {
	healths *Healths
	sources []int
	now     func() time.Time
}

// NewWatch makes a Watch.
func NewWatch(healths *Healths, now func() time.Time, sources ...int) *Watch {
	return &Watch{healths: healths, sources: sources, now: now}
}

func watchDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{"source"}, nil)
}

var (
	healthyDesc  = watchDesc("aura_health_healthy", "1 if the source says that it is healthy.")
	saidDesc     = watchDesc("aura_health_said_timestamp_seconds", "When the source last said something about its health.")
	fallbackDesc = watchDesc("aura_health_fallback", "1 if the source says that it plays music of its own because the programme is missing. Absent: it does not say.")
	silenceDesc  = watchDesc("aura_health_silence", "1 if the source says that nothing is heard, or less than AURA_SILENCE_BELOW. Absent: it does not say.")
	frozenDesc   = watchDesc("aura_health_frozen", "1 if the source's level has been the same to the last digit for a minute, as that of a sound card which is dead.")
	restartDesc  = watchDesc("aura_health_restart_timestamp_seconds", "When the source's engine last started. Absent: not since it was first heard.")
	noPlayDesc   = watchDesc("aura_health_no_play_seconds", "For how long the source has played nothing although it says that it is healthy. 0: less than AURA_NO_PLAY_AFTER.")
)

// Describe implements prometheus.Collector.
func (w *Watch) Describe(out chan<- *prometheus.Desc) {
	w.healths.doubted.Describe(out)
	for _, d := range []*prometheus.Desc{healthyDesc, saidDesc, fallbackDesc, silenceDesc, frozenDesc, restartDesc, noPlayDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (w *Watch) Collect(out chan<- prometheus.Metric) {
	w.healths.doubted.Collect(out)
	ctx, cancel := context.WithTimeout(context.Background(), watchTimeout)
	defer cancel()
	for _, source := range w.sources {
		h, err := w.healths.Latest(ctx, source)
		if err != nil {
			continue
		}
		w.collect(ctx, h, func(desc *prometheus.Desc, value float64) {
			out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, strconv.Itoa(source))
		})
	}
}

func (w *Watch) collect(ctx context.Context, h model.Health, tell func(*prometheus.Desc, float64)) {
	tell(healthyDesc, asNumber(h.Healthy))
	tell(saidDesc, unix(h.Said().LogTime))
	sign := h.Signs.Read()
	if sign.Fallback != nil {
		tell(fallbackDesc, asNumber(*sign.Fallback))
	}
	if sign.Silence != nil {
		tell(silenceDesc, asNumber(*sign.Silence))
	}
	tell(frozenDesc, asNumber(sign.Frozen))
	if !sign.RestartedAt.IsZero() {
		tell(restartDesc, unix(sign.RestartedAt))
	}
	now := w.now()
	since, err := w.healths.NoPlaySince(ctx, h, now)
	if err != nil {
		return
	}
	var seconds float64
	if !since.IsZero() {
		seconds = now.Sub(since).Seconds()
	}
	tell(noPlayDesc, seconds)
}

func asNumber(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
