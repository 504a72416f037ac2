package main

import (
	"context"
	"time"
)

// timeline is the engine's own time. It begins at start, in the past, and runs
// speed times as fast as real time until it has caught up. From then on it is real
// time. So a history of hours is played in seconds, and yet no logged title ever
// lies in the future.
type timeline struct {
	start time.Time // in the timeline's own time
	began time.Time // the same moment in real time
	speed float64   // at least 1
}

// due is the real time at which the moment t of this timeline comes.
func (l timeline) due(t time.Time) time.Time {
	played := l.began.Add(time.Duration(float64(t.Sub(l.start)) / l.speed))
	if t.After(played) {
		return t
	}
	return played
}

// wait returns true at the moment t of this timeline, or false once ctx has ended.
func (l timeline) wait(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(l.due(t)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
