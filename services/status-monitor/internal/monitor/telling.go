package monitor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/act"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// recent is how long a monitor that stands by takes a change for one that the
// other monitor may not have told. It is also how long this monitor may have had
// no answer so that a change still counts as new.
const recent = time.Minute

// telling is how far the receivers were told of the changes of the active source.
type telling struct {
	told  act.Told
	known bool // told is known
	// source is that of which they were told last, and for which the command ran; 0:
	// unknown.
	source int
	// lacking: the history did not come with the last answer.
	lacking bool
	// answered is when the sync node last said which source is active, since this
	// monitor began to act.
	answered time.Time
	other    bool // another monitor acts
	// marks are what the other monitor should tell, the oldest first.
	marks []mark
}

// mark is when an epoch was first seen.
type mark struct {
	told act.Told
	seen time.Time
}

// begin is the start, or when this monitor begins or ends to act.
func (t *telling) begin(source int) {
	t.source, t.answered, t.marks = source, time.Time{}, nil
}

// tell has the actor carry out each change of the active source that it was not
// told of yet. If another monitor acts, it does that. If perhaps none does, it is
// done later.
func (m *Monitor) tell(history []model.Activation, last act.Switch, now time.Time) {
	t, active := &m.telling, m.state.Active()
	if !m.acting && !t.other { // at the start, what is remembered may be older than what was told
		return
	}
	before := t.told
	if !t.known || active.Expected < t.told.Epoch { // the sync node began a new history
		t.known, t.told, t.marks = true, act.Told{Epoch: active.Epoch, Source: active.Source}, nil
		if active.Unconfirmed {
			t.told.Own = active.Expected
		}
	}
	if m.acting {
		m.tellAll(history, last, now)
	} else {
		t.watch(active, now)
	}
	if t.told != before {
		m.actor.Remember(t.told)
	}
}

// tellAll tells the changes of the history, and then of the active source if that
// is still another one: the history may lack, or not know yet what was decided
// here. A change that was over long ago is only told. The command runs for a new
// one, and for what is active.
func (m *Monitor) tellAll(history []model.Activation, last act.Switch, now time.Time) {
	t, active := &m.telling, m.state.Active()
	asserted := t.source
	isNew := !t.lacking && !t.answered.IsZero() && now.Sub(t.answered) <= recent
	if active.Epoch > t.told.Epoch {
		m.missing(history)
		changes := t.untold(history, active.Epoch, m.name)
		for i, s := range changes {
			isActive := i == len(changes)-1 && s.Source == active.Source && s.Source != asserted
			s.Over = !isNew && !isActive
			m.switched(s)
		}
	}
	t.lacking = active.Epoch > t.told.Epoch
	if active.Source != t.source {
		last.Source, last.Previous = active.Source, t.source
		m.switched(last)
	}
	if active.Unconfirmed {
		t.told.Own = active.Expected
	}
}

// missing logs that the history does not reach back to what was told last.
func (m *Monitor) missing(history []model.Activation) {
	if len(history) == 0 {
		return
	}
	oldest := slices.MinFunc(history, byEpoch)
	if oldest.Epoch > m.telling.told.Epoch+1 {
		m.log.Warn().Int64("told_until", m.telling.told.Epoch).Int64("told_from", oldest.Epoch).Msg("the active source changed too often meanwhile: the oldest changes are not told")
	}
}

func byEpoch(a, b model.Activation) int { return cmp.Compare(a.Epoch, b.Epoch) }

func (m *Monitor) switched(s act.Switch) {
	m.telling.source = s.Source
	m.log.Info().Int("source", s.Source).Int("previous", s.Previous).Str("by", s.By).Str("reason", s.Reason).Bool("over", s.Over).Msg("the active source changed")
	m.actor.Switched(s)
}

// untold are the changes of the history, up to an epoch, that nobody was told of,
// and notes that they are told. name is that of this monitor.
func (t *telling) untold(history []model.Activation, until int64, name string) (changes []act.Switch) {
	history = slices.SortedFunc(slices.Values(history), byEpoch)
	source, active, latest := t.source, t.told.Source, time.Time{}
	for _, a := range history {
		isNew := a.Epoch > t.told.Epoch
		if a.Epoch > until {
			break
		}
		t.told.Epoch = max(t.told.Epoch, a.Epoch)
		if a.From.Before(latest) { // told late: it changed only the past
			continue
		}
		previous := cmp.Or(source, active)
		latest, active = a.From, a.Source
		if !isNew {
			continue
		}
		t.told.Source = a.Source
		if a.Source == previous || a.Epoch <= t.told.Own && isBy(a.By, name) {
			continue
		}
		changes = append(changes, act.Switch{Source: a.Source, Previous: previous, At: a.From, By: a.By, Reason: a.Reason})
		source = a.Source
	}
	return changes
}

// isBy reports whether a monitor of that name made an activation. The sync node
// may add the name of the token.
func isBy(by, name string) bool { return by == name || strings.HasPrefix(by, name+" (") }

// watch leaves to the other monitor what this one learned while it stood by,
// except the latest: the other one may have died before it told that.
func (t *telling) watch(active decision.Active, now time.Time) {
	seen := t.told.Epoch
	if n := len(t.marks); n > 0 {
		seen = t.marks[n-1].told.Epoch
	}
	if active.Epoch > seen {
		t.marks = append(t.marks, mark{act.Told{Epoch: active.Epoch, Source: active.Source, Own: t.told.Own}, now})
	}
	for len(t.marks) > 0 && now.Sub(t.marks[0].seen) > recent {
		t.told, t.marks = t.marks[0].told, t.marks[1:]
	}
}
