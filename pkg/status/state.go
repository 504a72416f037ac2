package status

import (
	"cmp"
	"maps"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// MaxGap is how far two reports of one state are apart at most: in the time
// between, nobody knows.
const MaxGap = 2 * time.Minute

const (
	// frozenAfter is how long a level is the same to the last digit until it
	// counts as frozen.
	frozenAfter = time.Minute
	// toldEvery is how often other nodes are told that a state goes on.
	toldEvery = 20 * time.Second
)

// HealthRule is the Rule for a report that arrived at that time. It returns the
// last state, which the report confirms, or the state that the report begins.
//
// A report begins a state if it says something new: whether the source is
// healthy, fallback, silence, a frozen level, a restart, or any other change of
// the details. A number in the details that changes says something new only the
// first time since the engine started; later it is known to move. Also a report
// begins a state if it comes more than two minutes after the one before, or if
// the last state is closed. A report that was written before the last one is
// history, and a state of its own.
//
// No report is taken for later than what is told of the future, unless the
// host's clock was set back since: the report comes after all others.
func HealthRule(arrived time.Time) Rule[model.Health] {
	ahead := arrived.Add(stationtime.MaxAhead)
	return func(said, last model.Health) model.Health {
		before := last.Said()
		switch {
		case last.LogTime.IsZero():
			return begun(said, model.Sign{})
		case isSaid(said, last):
			return last
		case before.LogTime.After(ahead):
			said.LogTime = After(said.LogTime, before.LogTime)
		case said.LogTime.Before(last.LogTime):
			return begun(said, model.Sign{})
		case said.LogTime.Before(before.LogTime):
			if isAlike(said, last) {
				return last
			}
			return begun(said, model.Sign{})
		}
		return next(said, last)
	}
}

// isSaid reports whether the report is the last one of the state, told again.
func isSaid(said, last model.Health) bool {
	before := last.Said()
	return said.Healthy == last.Healthy && said.LogTime.Equal(before.LogTime) && said.Details == before.Details
}

// isAlike reports whether a report says the same of the source as the state.
func isAlike(said, last model.Health) bool {
	sign, known := said.Signs.Read(), last.Signs.Read()
	return said.Healthy == last.Healthy && alike(sign.Fallback, known.Fallback) && alike(sign.Silence, known.Silence)
}

// begun is the state that a report begins. known is what is known from before.
func begun(said model.Health, known model.Sign) model.Health {
	sign := said.Signs.Read()
	sign.RestartedAt, sign.Moving = known.RestartedAt, known.Moving
	if d := readDetails(said.Details); d.level != "" {
		sign.LevelSince = said.LogTime
	}
	said.Signs = sign.Text()
	return said
}

// next is what follows from a report that comes after a state.
func next(said, last model.Health) model.Health {
	before, known := last.Said(), last.Signs.Read()
	if isGap(before, said.Said()) {
		return begun(said, model.Sign{RestartedAt: known.RestartedAt})
	}
	was, is := readDetails(before.Details), readDetails(said.Details)
	sign := said.Signs.Read()
	sign.RestartedAt, sign.Moving = known.RestartedAt, known.Moving
	isNew := last.Closed || !isAlike(said, last)
	if is.uptime != nil && was.uptime != nil && *is.uptime < *was.uptime {
		sign.RestartedAt, sign.Moving, isNew = startOf(said.LogTime, *is.uptime, before.LogTime), nil, true
	}
	if is.level != "" {
		sign.LevelSince = said.LogTime
		if is.level == was.level && !known.LevelSince.IsZero() {
			sign.LevelSince = known.LevelSince
		}
		sign.Frozen = said.LogTime.Sub(sign.LevelSince) >= frozenAfter
	}
	isNew = isNew || sign.Frozen != known.Frozen || !maps.Equal(is.words, was.words)
	for place, number := range is.numbers {
		if number != was.numbers[place] && !sign.IsMoving(place) {
			sign.Moving = append(sign.Moving, place)
			isNew = true
		}
	}
	said.Signs = sign.Text()
	if isNew {
		return said
	}
	confirmed := last
	confirmed.Last, confirmed.Signs, confirmed.Doubts = said.Said(), said.Signs, last.Doubts.With(said.Doubts)
	return confirmed
}

// isGap reports whether nobody knows what was between two reports.
func isGap(before, after model.Report) bool {
	if !before.ReceivedAt.IsZero() && !after.ReceivedAt.IsZero() && after.ReceivedAt.Sub(before.ReceivedAt) > MaxGap {
		return true
	}
	return after.LogTime.Sub(before.LogTime) > MaxGap
}

// startOf is when an engine started that runs for so many seconds: after it was
// heard for the last time.
func startOf(now time.Time, uptime float64, heard time.Time) time.Time {
	if uptime < 0 || uptime > now.Sub(heard).Seconds() {
		return heard
	}
	return now.Add(-time.Duration(uptime * float64(time.Second)))
}

// alike reports whether two optional values are the same.
func alike(a, b *bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// MergeHealth unites two copies of one state: the later last report counts with
// its signs, the earlier arrival, and all doubts. ID and Closed are those of a.
func MergeHealth(a, b model.Health) model.Health {
	if a.ReceivedAt.IsZero() || !b.ReceivedAt.IsZero() && b.ReceivedAt.Before(a.ReceivedAt) {
		a.ReceivedAt = b.ReceivedAt
	}
	if cmp.Or(a.Last.Compare(b.Last), cmp.Compare(a.Signs, b.Signs)) < 0 {
		a.Last, a.Signs = b.Last, b.Signs
	}
	a.Doubts = a.Doubts.With(b.Doubts)
	return a
}

// IsTold reports whether other nodes are to be told at once what became of a
// state. That a state goes on is told now and then, and when it ends.
func IsTold(before, after model.Health) bool {
	if !before.ReceivedAt.Equal(after.ReceivedAt) || before.Doubts != after.Doubts {
		return true
	}
	return !before.Said().LogTime.Truncate(toldEvery).Equal(after.Said().LogTime.Truncate(toldEvery))
}
