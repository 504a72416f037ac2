package playlog

import (
	"fmt"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// Shift moves the starts of plays by one time, because a clock was wrong. Each
// move is an amendment whose reason begins with what was done. So a shift that
// was interrupted is completed by the same shift, and can be taken back.
type Shift struct {
	By     time.Duration
	Reason string
	// IfNearer leaves out plays that it would not bring nearer to their arrival.
	IfNearer bool
}

// How the reasons of such amendments begin.
const (
	shifted   = "shifted by "
	takenBack = "taken back: "
)

// reason is that of the amendments, in the form in which it is stored.
func (s Shift) reason() string {
	return storedReason(fmt.Sprintf("%s%s: %s", shifted, s.By, s.Reason))
}

// undone is the reason of the amendments that take the shift back.
func (s Shift) undone() string { return storedReason(takenBack + s.reason()) }

func storedReason(reason string) string {
	c := model.Correction{Reason: reason}
	c.Normalize()
	return c.Reason
}

// Of is the amendment that moves an entry, or why the entry is left as it is. e
// has its corrections applied; these are earlier, the oldest first.
func (s Shift) Of(e *model.Entry, earlier []model.Correction) (c model.Correction, left string) {
	to := e.TrackStart.Add(s.By)
	switch last := lastStart(earlier); {
	case last != nil && last.Reason == s.reason():
		return c, "was moved already"
	case last != nil && !isShift(last):
		return c, "a person gave or confirmed its start"
	case e.Manual:
		return c, "was logged by hand"
	case s.IfNearer && e.ReceivedAt.IsZero():
		return c, "its arrival is not known"
	case s.IfNearer && to.Sub(e.ReceivedAt).Abs() >= e.TrackStart.Sub(e.ReceivedAt).Abs():
		return c, "would be further from its arrival"
	}
	return startCorrection(to, s.reason()), ""
}

// Undo is the amendment that takes the shift of an entry back, if the entry
// started in [from, to] before, or why the entry is left as it is.
func (s Shift) Undo(e *model.Entry, earlier []model.Correction, from, to time.Time) (c model.Correction, left string) {
	last := lastStart(earlier)
	if last == nil || last.Reason != s.reason() || last.Before.TrackStart == nil {
		return c, "was not moved by this shift"
	}
	before := *last.Before.TrackStart
	if before.Before(from) || before.After(to) {
		return c, "was not in the range before"
	}
	return startCorrection(before, s.undone()), ""
}

// Confirm is the amendment that confirms the doubtful start of an entry, or why
// the entry is left as it is.
func Confirm(e *model.Entry, earlier []model.Correction, reason string) (c model.Correction, left string) {
	switch {
	case lastStart(earlier) != nil:
		return c, "a person gave or confirmed its start"
	case !IsDoubtful(e):
		return c, "its start is not doubtful"
	}
	return startCorrection(e.TrackStart, reason), ""
}

func startCorrection(start time.Time, reason string) model.Correction {
	return model.Correction{Kind: model.CorrectionAmend, Reason: reason, Changes: model.Changes{TrackStart: &start}}
}

// lastStart is the last correction that gave the entry its start; nil if there is
// none.
func lastStart(earlier []model.Correction) *model.Correction {
	for i := len(earlier) - 1; i >= 0; i-- {
		if earlier[i].Changes.TrackStart != nil {
			return &earlier[i]
		}
	}
	return nil
}

func isShift(c *model.Correction) bool {
	return strings.HasPrefix(strings.TrimPrefix(c.Reason, takenBack), shifted)
}

// Command is the finished command that carries the shift out for the plays of a
// source that start in [from, to].
func (s Shift) Command(source int, zone *stationtime.Zone, from, to time.Time) string {
	command := fmt.Sprintf("engine-api correct shift --source %d --from %s --to %s --by %s --reason %s",
		source, zone.Stamp(from), zone.Stamp(to), s.By, quoted(s.Reason))
	if s.IfNearer {
		command += " --if-nearer"
	}
	return command
}

// quoted is a text as a shell takes it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
