package repo_test

import (
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/source"
)

// asked is the request of a person for that activation. It arrives when the
// activation was recorded, or afterwards if the activation begins later.
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

// decided is the request of a monitor for that activation.
func decided(a model.Activation, m source.Mandate) source.Request {
	r := asked(a)
	r.Mandate, r.ByMonitor = &m, true
	return r
}

// refuse refuses everything.
func refuse(source.Request, source.Known) (source.Decision, error) {
	return source.Decision{}, model.ErrPinned
}
