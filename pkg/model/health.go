package model

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Health is a state that a source reported about itself: a first report, and
// the last of those that confirmed it. Nodes of the first version know reports
// only; each is a state of its own.
type Health struct {
	ID      int64
	Source  int       // from 1
	LogTime time.Time // when the engine wrote the first report: UTC, microseconds
	Healthy bool
	// Details is the engine's own text, often JSON inside a string. It is kept
	// unchanged.
	Details string
	// ReceivedAt is when the first report arrived at the source's own host: UTC,
	// microseconds. It is zero if no engine sent it there itself.
	ReceivedAt time.Time

	// Last is the last report that confirmed the state; zero if none did.
	Last Report
	// Signs are what the last report says beyond being healthy.
	Signs Signs
	// Doubts are about all of its reports.
	Doubts Doubts

	// Closed: the next report begins another state, whatever it says. It belongs
	// to the moment at which the state is read.
	Closed bool
}

// Report is what of a report differs from others of its state.
type Report struct {
	LogTime    time.Time // when the engine wrote it: UTC, microseconds
	ReceivedAt time.Time // as Health.ReceivedAt
	Details    string
}

// Compare orders reports, the later one last.
func (r Report) Compare(other Report) int {
	return cmp.Or(r.LogTime.Compare(other.LogTime), r.ReceivedAt.Compare(other.ReceivedAt), cmp.Compare(r.Details, other.Details))
}

// MaxDetails bounds the details of a health status, in characters.
const MaxDetails = 64 * 1024

// Said is the last report of the state.
func (h *Health) Said() Report {
	if h.Last != (Report{}) {
		return h.Last
	}
	return Report{LogTime: h.LogTime, ReceivedAt: h.ReceivedAt, Details: h.Details}
}

// UID identifies the state by the content of its first report, so that storing a
// copy of it changes nothing.
func (h *Health) UID() Fingerprint {
	d := newDigest("health/1")
	d.number(int64(h.Source))
	d.time(h.LogTime)
	d.text(strconv.FormatBool(h.Healthy))
	d.text(h.Details)
	return d.sum()
}

// Content is a hash of all that nodes tell each other of the state. It is the
// UID if nothing is known but the first report's own words.
func (h *Health) Content() Fingerprint {
	id := h.UID()
	if h.ReceivedAt.IsZero() && h.Last == (Report{}) && h.Signs == "" && h.Doubts == "" {
		return id
	}
	d := newDigest("health/2")
	d.fingerprint(id)
	for _, at := range []time.Time{h.ReceivedAt, h.Last.LogTime, h.Last.ReceivedAt} {
		d.time(at)
	}
	d.text(h.Last.Details)
	d.text(string(h.Signs))
	d.text(string(h.Doubts))
	return d.sum()
}

// Normalize brings what another node sent into the form in which it is stored.
func (h *Health) Normalize() {
	for _, at := range []*time.Time{&h.LogTime, &h.ReceivedAt, &h.Last.LogTime, &h.Last.ReceivedAt} {
		if !at.IsZero() {
			*at = micro(*at)
		}
	}
	if h.Last.LogTime.IsZero() {
		h.Last = Report{}
	}
	h.Signs = h.Signs.Read().Text()
	h.Doubts, _ = h.Doubts.clean()
}

// Validate refuses a state that would not be the same record in every database.
// The error is an *InvalidError.
func (h *Health) Validate() error {
	wrong := statusMistakes("log_time", h.Source, h.LogTime)
	for _, details := range []string{h.Details, h.Last.Details} {
		if utf8.RuneCountInString(details) > MaxDetails || !utf8.ValidString(details) || strings.ContainsRune(details, 0) {
			wrong = append(wrong, NewFieldError("details", "", fmt.Sprintf("must be UTF-8 without NUL, of at most %d characters", MaxDetails)))
			break
		}
	}
	for field, at := range map[string]time.Time{"received_at": h.ReceivedAt, "last_at": h.Last.LogTime, "last_received_at": h.Last.ReceivedAt} {
		if !at.IsZero() && !at.Equal(Within(at)) {
			wrong = append(wrong, NewFieldError(field, at.UTC().Format(time.RFC3339), "must be a time that can be stored"))
		}
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}
