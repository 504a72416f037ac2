package source

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// Request asks for a switch of the active source.
type Request struct {
	Source int
	// Arrived is when the request came: UTC.
	Arrived time.Time
	// At is when the switch really happened; zero: it happens now.
	At stationtime.Reading
	// Sent is when the request was sent, by the clock that At was read from; zero:
	// At is no reading of a clock, or the request does not say when it was sent.
	Sent       time.Time
	By, Reason string
	// Pin says whether the source stays until a person releases it; nil: it was
	// not said.
	Pin *bool
	// Epoch is the last one that whoever asks knew; nil: whatever it is. A Mandate
	// has its own.
	Epoch *int64
	// ByMonitor: a monitor asks, not a person.
	ByMonitor bool
	// Mandate is by what right a monitor decided; nil: it was not under a lease.
	Mandate *Mandate
	// PassedOn: another node passed the request on.
	PassedOn bool
	// MustBeKnown refuses a source that is not known; see Knows.
	MustBeKnown bool
}

// Mandate is by what right a monitor decides.
type Mandate struct {
	Lease model.Lease // its name, holder and epoch
	Upon  int64       // the last epoch that the monitor knew
}

// Known is what a transaction read for Admit. An activation is zero if there is
// none.
type Known struct {
	// Last was accepted last.
	Last model.Activation
	// Active is active when the request arrives, and Latest begins after all
	// others. They are read only if the request tells no earlier time.
	Active, Latest model.Activation
	// Told is what a request may repeat that MayRepeat: all that begin at its
	// time, or, of a Mandate, the one with the epoch after Upon.
	Told []model.Activation
	// Upon is the latest by time up to the Mandate's epoch. It is read only if the
	// request is late.
	Upon model.Activation
	// Deposed: another holder has had the Mandate's lease since.
	Deposed bool
}

// Decision is what becomes of a request that is not refused.
type Decision struct {
	model.Activation
	// Stored: the activation is there already. Otherwise it is to be stored.
	Stored bool
}

// Rule is a pure function that judges a request by what is known. Admit is the
// only one outside of tests.
type Rule func(Request, Known) (Decision, error)

// Admit judges a request by all the rules that doc.go lists. Errors:
// *model.InvalidError, model.ErrDeposed, model.ErrStaleEpoch, model.ErrPinned.
func Admit(r Request, k Known) (Decision, error) {
	if err := r.validate(); err != nil {
		return Decision{}, err
	}
	if r.isSo(k) {
		return Decision{Activation: k.Active, Stored: true}, nil
	}
	a := r.activation()
	if r.Mandate != nil && r.IsLate() {
		a.From = later(a.From, k.Upon.From)
	}
	if told, ok := r.repeats(a, k); ok {
		return Decision{Activation: told, Stored: true}, nil
	}
	switch epoch := r.epoch(); {
	case r.Mandate != nil && k.Deposed:
		return Decision{}, model.ErrDeposed
	case r.tells(k.Last):
		return Decision{Activation: k.Last, Stored: true}, nil
	case epoch != nil && *epoch != k.Last.Epoch:
		return Decision{}, model.ErrStaleEpoch
	case k.Last.Pinned && (r.Pin == nil || r.ByMonitor):
		return Decision{}, model.ErrPinned
	}
	if !r.IsLate() {
		a.From = later(a.From, k.Latest.From)
	}
	a.Epoch = max(k.Last.Epoch, 0) + 1
	return Decision{Activation: a}, nil
}

func (r Request) validate() error {
	if err := model.ValidateSource("number", r.Source); err != nil {
		return err
	}
	if err := r.CheckTime(); err != nil {
		return model.Invalid("at", stationtime.UTC(r.At.Time).String(), err.Error())
	}
	return nil
}

// CheckTime returns the rule that the told time breaks, or nil.
func (r Request) CheckTime() error {
	_, err := r.from()
	return err
}

// earliest is the time of no activation: a clock that was never set shows it.
var earliest = time.Unix(0, 0)

// The errors are rules: they are shown to the sender, together with the value.
var (
	errEarly = errors.New("must be after 1970; check the sender's clock")
	errAhead = errors.New("must not be in the future; check the sender's clock")
)

// MaxSkew is how far the sender's clock may be off before a time that it told is
// shifted. A request that is under way for longer has been given up, so a greater
// difference is the clock's.
const MaxSkew = 2 * time.Second

// Skew is how far the sender's clock is behind ours, negative if it is ahead; 0 if
// that is not known, or is no more than MaxSkew.
func (r Request) Skew() time.Duration {
	skew := r.Arrived.Sub(r.Sent)
	if r.Sent.IsZero() || !r.tellsTime() || skew.Abs() <= MaxSkew {
		return 0
	}
	return skew
}

// at is the told time by our clock.
func (r Request) at() stationtime.Reading {
	at, skew := r.At, r.Skew()
	at.Time = at.Time.Add(skew)
	if !at.Other.IsZero() {
		at.Other = at.Other.Add(skew)
	}
	return at
}

// said is the end of the reason of an activation whose told time was shifted: it
// keeps the time as it was told.
func (r Request) said() string {
	return " and said " + stationtime.UTC(r.At.Time).String()
}

// note is what the record says about the sender's clock; "" if nothing.
func (r Request) note() string {
	switch skew := r.Skew().Round(100 * time.Millisecond); {
	case skew > 0:
		return fmt.Sprintf("; the sender's clock was %s behind", skew) + r.said()
	case skew < 0:
		return fmt.Sprintf("; the sender's clock was %s ahead", -skew) + r.said()
	}
	return ""
}

// happened is when something happened that can't lie in the future. A little
// ahead is now, because clocks differ. If such a request comes again, that is
// another time: only its epoch keeps it from being stored twice. The error is
// the rule that the time breaks.
func happened(at stationtime.Reading, now time.Time) (time.Time, error) {
	limit := now.Add(stationtime.MaxAhead)
	switch {
	case at.Time.Before(earliest):
		return now, errEarly
	case at.Time.After(limit) && !at.Other.IsZero() && at.Other.Before(now):
		return at.Other, nil // the nearer of two equal hours is still to come
	case at.Time.After(limit):
		return now, errAhead
	case at.Time.After(now):
		return now, nil
	}
	return at.Time, nil
}

// from is when the switch happens by what the request says, in the form in
// which it is stored.
func (r Request) from() (time.Time, error) {
	now := r.Arrived.UTC().Truncate(time.Microsecond)
	if !r.tellsTime() {
		return now, nil
	}
	at, err := happened(r.at(), now)
	return at.UTC().Truncate(time.Microsecond), err
}

func (r Request) tellsTime() bool { return !r.At.Time.IsZero() }

// From is when the switch happens by what the request says.
func (r Request) From() time.Time {
	from, _ := r.from()
	return from
}

// IsLate reports whether the switch happened before the request arrived.
// Whoever sent it may send it again, because the answer was lost.
func (r Request) IsLate() bool { return r.From().Before(r.Arrived.Truncate(time.Microsecond)) }

// MayRepeat reports whether the request may be that of a stored activation once
// more. This is true of a late one. A monitor's request that was late may not seem
// so when it comes again, because the difference of the clocks is measured anew.
func (r Request) MayRepeat() bool { return r.IsLate() || r.Mandate != nil && !r.Sent.IsZero() }

// activation is what the request asks for, before the rules give it a time and an
// epoch.
func (r Request) activation() model.Activation {
	a := model.Activation{
		Source: r.Source, From: r.From(), RecordedAt: r.Arrived,
		By: r.By, Reason: r.Reason, Pinned: r.Pin != nil && *r.Pin,
	}
	a.Normalize()
	if note := r.note(); note != "" {
		a.Reason = cut(a.Reason, model.MaxReason-utf8.RuneCountInString(note)) + note
	}
	return a
}

// cut is the beginning of a text, of so many characters at most.
func cut(text string, limit int) string {
	if characters := []rune(text); len(characters) > limit {
		return string(characters[:limit])
	}
	return text
}

// epoch is the last one that whoever asks knew; nil: whatever it is.
func (r Request) epoch() *int64 {
	if r.Mandate != nil {
		return &r.Mandate.Upon
	}
	return r.Epoch
}

// isSo reports whether all is already as the request asks.
func (r Request) isSo(k Known) bool {
	epoch := r.epoch()
	return !r.tellsTime() && k.Last.Epoch > 0 && k.Active.Source == r.Source &&
		r.agrees(k.Last.Pinned) && (epoch == nil || *epoch == k.Last.Epoch)
}

// repeats finds the stored activation that the request was before. What
// differs only in case is the same to some databases, so it is compared here.
func (r Request) repeats(a model.Activation, k Known) (model.Activation, bool) {
	if r.MayRepeat() {
		for _, told := range k.Told {
			if told.Repeats(&a) || r.isShiftOf(told, a) {
				return told, true
			}
		}
	}
	return model.Activation{}, false
}

// isShiftOf reports whether a stored activation is the requested one, although
// the difference of the clocks was measured a little differently: one of the
// two may not even be shifted. Of a Mandate, the time does not matter: with the
// next epoch after what it knew, this monitor has activated this source already.
func (r Request) isShiftOf(told, a model.Activation) bool {
	return told.Source == a.Source && told.By == a.By && told.Pinned == a.Pinned &&
		(r.wasTold(told) || r.Mandate != nil && !r.Sent.IsZero())
}

// wasTold reports whether a stored activation has the time that the request
// tells, as it was told.
func (r Request) wasTold(told model.Activation) bool {
	return !r.Sent.IsZero() && (strings.HasSuffix(told.Reason, r.said()) || told.From.Equal(r.At.Time.Truncate(time.Microsecond)))
}

// tells reports whether the request tells of that activation, in whatever words.
func (r Request) tells(last model.Activation) bool {
	return r.tellsTime() && last.Source == r.Source && (last.From.Equal(r.From()) || r.wasTold(last)) && r.agrees(last.Pinned)
}

func (r Request) agrees(pinned bool) bool { return r.Pin == nil || *r.Pin == pinned }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
