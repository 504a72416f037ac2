package playlog

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/source"
)

func newDoubted() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aura_playlog_doubts_total",
		Help: "Parts of plays that were not understood, by field.",
	}, []string{"field"})
}

// tellDoubts warns of what was not understood of a play, and counts it. Nobody is
// warned of what comes with every play.
func (r *Recorder) tellDoubts(e *model.Entry) {
	doubts := e.Doubts.List()
	if doubts == nil {
		return
	}
	for _, d := range doubts {
		r.doubted.WithLabelValues(countedField(d.Field)).Inc()
	}
	if !slices.ContainsFunc(doubts, func(d model.Doubt) bool { return !source.IsExpected(d) }) {
		return
	}
	r.log.Warn().Str("track_artist", e.Artist).Str("track_title", e.Title).Time("track_start", e.TrackStart).Int("log_source", e.LogSource).
		RawJSON("doubts", []byte(e.Doubts)).Msg("a part of a play was not understood; the play is stored without it")
}

// countedField is the name under which a field's doubts are counted. Names that
// no field has are counted together, so that senders can't make up labels.
func countedField(sent string) string {
	if f := model.FieldSpelled(sent); f != nil {
		return f.Name()
	}
	return "body"
}

// Describe implements prometheus.Collector.
func (r *Recorder) Describe(to chan<- *prometheus.Desc) { r.doubted.Describe(to) }

// Collect implements prometheus.Collector.
func (r *Recorder) Collect(to chan<- prometheus.Metric) { r.doubted.Collect(to) }
