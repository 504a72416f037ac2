package web

import (
	"bytes"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
)

// engine is a source as the status page shows it.
type engine struct {
	Number int
	Name   string // what people call it
	// Active: it is on air. Pinned: until somebody releases it.
	Active, Pinned bool
	Maintenance    *api.Maintenance   // nil if nobody works on it
	Seen           *api.MonitorSource // what a monitor sees of it; nil if none does
	Health         *api.Health        // nil if it never said anything
	Node           *api.NodeState     // its host, as the sync node knows it; nil otherwise
	// Spans are what it was like, and Reigns when it was active.
	Spans, Reigns []span
}

// State is what it is like now: the key of a text. A monitor knows best. Without
// one, it is what the engine itself says.
func (e engine) State() string {
	switch {
	case e.Seen != nil && e.Seen.Sick && e.Seen.State != api.SourceDown:
		return "sick"
	case e.Seen != nil:
		return string(e.Seen.State)
	case len(e.Spans) > 0:
		return string(e.Spans[len(e.Spans)-1].Mode)
	case e.Health != nil:
		return string(ModeQuiet)
	}
	return "unknown"
}

// Says is what is wrong by what the engine itself says, if a monitor does not count
// that; "" if nothing is.
func (e engine) Says() Mode {
	if e.Seen == nil || len(e.Spans) == 0 {
		return ""
	}
	if last := e.Spans[len(e.Spans)-1].Mode; last != ModeGood && last != ModeQuiet {
		return last
	}
	return ""
}

// tones are how a state is shown; a state that is not here is bad.
var tones = map[string]string{
	"up": "good", "good": "good", "suspect": "warn", "fallback": "warn", "quiet": "warn", "unknown": "plain",
}

// Tone is good, warn, bad or plain.
func (e engine) Tone() string {
	if tone := tones[e.State()]; tone != "" {
		return tone
	}
	return "bad"
}

// Heard is when it last gave a sign of life; zero if it never did.
func (e engine) Heard() time.Time {
	switch {
	case e.Seen != nil && e.Seen.Heard != nil:
		return e.Seen.Heard.Time
	case e.Health != nil:
		return e.Health.LastSaidAt.Time
	}
	return time.Time{}
}

// Troubles are the times in which it was not good, the latest first, at most twelve.
func (e engine) Troubles() (all []span) {
	for i := len(e.Spans) - 1; i >= 0 && len(all) < 12; i-- {
		if e.Spans[i].Mode != ModeGood {
			all = append(all, e.Spans[i])
		}
	}
	return all
}

// heldAnswer holds what an operation writes that streams its answer.
type heldAnswer struct {
	gin.ResponseWriter // none: a stream needs no more than this
	header             http.Header
	body               bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *heldAnswer) Header() http.Header { return a.header }

// Write implements http.ResponseWriter.
func (a *heldAnswer) Write(p []byte) (int, error) { return a.body.Write(p) }

// Written says that nothing is sent yet, so that a failure is an error.
func (a *heldAnswer) Written() bool { return false }
