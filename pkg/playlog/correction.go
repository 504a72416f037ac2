package playlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

// Correct stores a correction of kind amend, void or restore about the entry
// with that id. It returns the correction as stored: with its time, and with
// the values that it replaced. Errors: *model.InvalidError, also if the
// correction would change nothing; model.ErrNotFound; model.ErrUnavailable. A
// start about which there is a doubt may be amended to itself: that confirms it.
func (r *Recorder) Correct(ctx context.Context, id int64, c model.Correction) (model.Correction, error) {
	c.At = r.now()
	c.Normalize()
	stored, err := r.store.Correct(ctx, id, func(e model.Entry, earlier []model.Correction) (model.Correction, error) {
		return admit(c, e, earlier)
	})
	if err != nil {
		return model.Correction{}, fmt.Errorf("correct entry: %w", err)
	}
	r.changed()
	return stored, nil
}

// admit returns the correction as it will be stored, or the reason why it is
// refused.
func admit(c model.Correction, e model.Entry, earlier []model.Correction) (model.Correction, error) {
	current := e.Effective()
	if c.Kind == model.CorrectionLog {
		return c, model.Invalid("kind", c.Kind, "must be amend, void or restore")
	}
	if err := c.Validate(current); err != nil {
		return c, err
	}
	c.Entry = e.Fingerprint()
	if n := len(earlier); n > 0 && c.Repeats(earlier[n-1]) {
		return earlier[n-1], nil
	}
	switch {
	case c.Kind == model.CorrectionVoid && e.Overlay.Void:
		return c, model.Invalid("kind", c.Kind, "the entry is already void")
	case c.Kind == model.CorrectionRestore && !e.Overlay.Void:
		return c, model.Invalid("kind", c.Kind, "the entry is not void, so there is nothing to restore")
	case c.Kind == model.CorrectionAmend && changesNothing(c.Changes, current) && !confirms(c.Changes, e):
		return c, model.Invalid("changes", "", "the entry already has these values")
	}
	if err := c.Room(len(earlier)); err != nil {
		return c, err
	}
	c.Before = c.Changes.Of(current)
	// Corrections count in the order of their times, so a new correction must
	// not be older than an earlier one, even if the clock was set back.
	for _, before := range earlier {
		if !c.At.After(before.At) {
			c.At = before.At.Add(time.Microsecond)
		}
	}
	return c, nil
}

// confirms reports whether an amendment to the value that is there says
// something: that a start is right about which there is a doubt, and which nobody
// has given or confirmed yet.
func confirms(changes model.Changes, e model.Entry) bool {
	return changes.TrackStart != nil && e.Overlay.Changes.TrackStart == nil &&
		slices.ContainsFunc(e.Doubts.List(), func(d model.Doubt) bool { return d.Field == "track_start" })
}

func changesNothing(changes model.Changes, current model.Entry) bool {
	amended := current
	amended.Overlay = model.Overlay{Changes: changes}
	amended = amended.Effective()
	amended.Overlay = current.Overlay
	if amended.TrackStart.Equal(current.TrackStart) {
		amended.TrackStart = current.TrackStart // one instant may have two representations
	}
	return amended == current
}

// LogMissed stores an entry that a person logged because it was missed,
// together with the record of who did it and why. c needs only By and Reason. It
// returns the id of the entry. Errors: *model.InvalidError, model.ErrUnavailable.
func (r *Recorder) LogMissed(ctx context.Context, p Play, c model.Correction) (int64, model.Correction, error) {
	if err := r.CheckMissed(&p.Entry, &c); err != nil {
		return 0, model.Correction{}, err
	}
	p.compare()
	e, err := standing(ctx, r.store, &p)
	if err != nil {
		return 0, model.Correction{}, fmt.Errorf("log missed entry: %w", err)
	}
	c.Entry = e.Fingerprint()
	id, stored, err := r.store.LogMissed(ctx, e, c)
	if err != nil {
		return 0, model.Correction{}, fmt.Errorf("log missed entry: %w", err)
	}
	r.changed()
	return id, stored, nil
}

// CheckMissed brings a missed entry and its record into the form in which
// LogMissed stores them. Error: *model.InvalidError, which names every mistake.
func (r *Recorder) CheckMissed(e *model.Entry, c *model.Correction) error {
	e.Manual = true
	r.normalize(e)
	c.Kind = model.CorrectionLog
	c.At = r.now()
	c.Normalize()
	var wrong []model.FieldError
	for _, err := range []error{e.Validate(), c.Validate(*e)} {
		if invalid, ok := errors.AsType[*model.InvalidError](err); ok {
			wrong = append(wrong, invalid.Fields...)
		}
	}
	if wrong != nil {
		return &model.InvalidError{Fields: wrong}
	}
	return nil
}
