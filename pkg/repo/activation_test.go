package repo_test

import (
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/source"
)

// asked is a person's request for that activation. It arrives when the
// activation was recorded, or after the activation's beginning if that is
// later.
func asked(a model.Activation) source.Request {
	r := source.Request{Source: a.Source, Arrived: a.RecordedAt, By: a.By, Reason: a.Reason, Pin: &a.Pinned}
	if !a.From.Equal(a.RecordedAt) {
		r.At.Time = a.From
	}
	if a.From.After(a.RecordedAt) {
		r.Arrived = a.From.Add(time.Hour)
	}
	return r
}

// decided is a monitor's request for that activation.
func decided(a model.Activation, m source.Mandate) source.Request {
	r := asked(a)
	r.Mandate, r.ByMonitor = &m, true
	return r
}

// refuse refuses everything.
func refuse(source.Request, source.Known) (source.Decision, error) {
	return source.Decision{}, model.ErrPinned
}
