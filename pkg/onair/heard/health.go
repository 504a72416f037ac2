package heard

import "aura.radio/engine/pkg/model"

// NewReports are what a state of health says of fallback: its first report and
// its last one. While it says true, also what was between, as far apart as the
// reports of one state may be: every moment of it counts as fallback. It says
// nothing if its arrival is not known.
func NewReports(h model.Health) []Report {
	fallback := h.Signs.Read().Fallback
	if fallback == nil || h.ReceivedAt.IsZero() {
		return nil
	}
	said := []Report{{At: h.ReceivedAt, Fallback: *fallback}}
	last := h.Last.ReceivedAt
	if *fallback {
		for at := h.ReceivedAt.Add(Fresh); at.Before(last); at = at.Add(Fresh) {
			said = append(said, Report{At: at, Fallback: true})
		}
	}
	if last.After(h.ReceivedAt) {
		said = append(said, Report{At: last, Fallback: *fallback})
	}
	return said
}
