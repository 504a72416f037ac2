package monitor

import (
	"time"

	"aura.radio/engine/services/status-monitor/internal/decision"
)

// View is what the monitor knew after its last step. The actions that follow
// from that may still be on their way.
type View struct {
	Sources []decision.Source // by number
	Active  decision.Active
	// Alarm is the reason for which the alarm has been raised since Alarmed; "" if
	// it is not raised.
	Alarm   string
	Alarmed time.Time
	// Grace is until when the monitor only watches after its start; zero if that is
	// over. Standby: this monitor may not act, whether another one does or not.
	Grace   time.Time
	Standby bool
}

// View is what the monitor knows.
func (m *Monitor) View() View {
	s := m.shown.Load()
	v := View{Sources: s.state.Sources(), Active: s.state.Active(), Alarm: s.state.Alarm(), Alarmed: s.alarmed}
	v.Grace, v.Standby = s.state.Watching()
	return v
}

// shown is what others may read while the loop goes on: a State is never written
// to.
type shown struct {
	state   decision.State
	alarmed time.Time
}

func (m *Monitor) publish() { m.shown.Store(&shown{m.state, m.alarmed}) }
