package handler

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// GetActiveSource answers which source is active; its ETag is the epoch.
func (a *API) GetActiveSource(ctx context.Context, _ api.GetActiveSourceRequestObject) (api.GetActiveSourceResponseObject, error) {
	active, err := a.activeSource(ctx)
	if err != nil {
		return nil, err
	}
	var etag *string // none where it is stale: what is true has the same epoch, but says so
	if !active.Stale {
		answercache.Keep(ctx, answercache.Policy{Confirm: true})
		etag = new(strconv.Quote(strconv.FormatInt(active.Epoch, 10)))
	}
	return api.GetActiveSource200JSONResponse{
		Body: api.ActiveSource{
			ActiveSource: active.Source,
			Since:        a.known(active.Since),
			Epoch:        active.Epoch,
			Pinned:       active.Pinned,
			Stale:        active.Stale,
		},
		Headers: api.GetActiveSource200ResponseHeaders{ETag: etag},
	}, nil
}

// activeSource is the default source before any was activated.
func (a *API) activeSource(ctx context.Context) (model.ActiveSource, error) {
	active, err := a.Sources.ActiveSource(ctx, a.Now())
	if errors.Is(err, model.ErrNotFound) {
		return model.ActiveSource{Source: a.DefaultSource}, nil
	}
	return active, err
}

// known shows a time in the station's zone, and null as null.
func (a *API) known(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	local := a.Zone.In(*t)
	return &local
}

// ActivateSource activates a source.
func (a *API) ActivateSource(ctx context.Context, r api.ActivateSourceRequestObject) (api.ActivateSourceResponseObject, error) {
	return api.StoredResponse{}, a.activate(ctx, r)
}

// ActivateSourceByPost activates a source.
func (a *API) ActivateSourceByPost(ctx context.Context, r api.ActivateSourceByPostRequestObject) (api.ActivateSourceByPostResponseObject, error) {
	return api.StoredResponse{}, a.activate(ctx, api.ActivateSourceRequestObject{
		Number: r.Number, Params: api.ActivateSourceParams(r.Params), Body: r.Body,
	})
}

var (
	// errRepeated: the activation asks for what is so already.
	errRepeated = errors.New("active already")
	// errMoved: somebody else switched since it was judged.
	errMoved = errors.New("switched meanwhile")
)

func (a *API) activate(ctx context.Context, r api.ActivateSourceRequestObject) error {
	if a.Follows && requestOf(ctx).Header.Get(api.PassedOnHeader) != "" {
		return model.ErrLoop
	}
	wish, err := a.wish(ctx, r)
	if err != nil {
		return err
	}
	for {
		admit, err := a.judge(ctx, wish)
		var stored model.Activation
		if err == nil {
			stored, err = a.Sources.Activate(ctx, wish.Activation, admit)
		}
		switch {
		case errors.Is(err, errMoved):
			continue // which happens once for each switch of somebody else
		case errors.Is(err, errRepeated):
			return nil
		case err != nil:
			return err
		}
		if wish.Mandate != nil && stored.From.After(wish.From) {
			a.Log.Warn().Str("by", wish.By).Int("source", wish.Source).Time("at", wish.From).Time("counts_as", stored.From).
				Msg("a monitor's clock is behind: what it decided is older than what it knew")
		}
		a.Changed()
		return nil
	}
}

// judge looks whether a wish is fulfilled already, which is errRepeated, and says
// what else may follow on what it saw.
func (a *API) judge(ctx context.Context, w wish) (admit func(last model.Activation) error, _ error) {
	if a.Follows { // whoever decides knows best, and was just asked
		return func(last model.Activation) error {
			if w.holds(model.ActiveSource{Source: last.Source, Epoch: last.Epoch, Pinned: last.Pinned}) {
				return errRepeated
			}
			return w.admit(last)
		}, nil
	}
	active, err := a.Sources.ActiveSource(ctx, a.Now())
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return nil, err
	}
	if w.holds(active) {
		return nil, errRepeated
	}
	return func(last model.Activation) error {
		if !w.delivered && w.epoch == nil && last.Epoch != active.Epoch {
			return errMoved
		}
		return w.admit(last)
	}, nil
}

// wish is what a request to activate a source asks for.
type wish struct {
	model.Activation
	delivered bool   // the time it happened came with it
	pin       *bool  // nil: did not say
	epoch     *int64 // nil: whatever the latest is
	// mayRelease: a monitor may not touch what a person pinned.
	mayRelease bool
}

// holds reports whether all is already as wished, so that repeating a request
// adds no record. An activation that tells its time is a record of that time.
func (w wish) holds(active model.ActiveSource) bool {
	return !w.delivered && active.Epoch > 0 && active.Source == w.Source &&
		(w.pin == nil || *w.pin == active.Pinned) && (w.epoch == nil || *w.epoch == active.Epoch)
}

// admit decides whether the activation may follow the last one.
func (w wish) admit(last model.Activation) error {
	switch {
	case w.delivered && last.Source == w.Source && last.From.Equal(w.From) && (w.pin == nil || *w.pin == last.Pinned):
		return errRepeated // its delivery is repeated because the answer was lost
	case w.epoch != nil && *w.epoch != last.Epoch:
		return model.ErrStaleEpoch
	case last.Pinned && (w.pin == nil || !w.mayRelease):
		return model.ErrPinned
	}
	return nil
}

// author is who an audit record names: whom the request says, and beside it
// the token or certificate that the request came with, which can't be made up.
// It is "" where the request says nobody.
func author(caller httpserver.Identity, said string) string {
	switch said = strings.TrimSpace(said); {
	case said == "", said == caller.Name, caller.Name == "", caller.Name == "local":
		return said
	}
	return said + " (" + caller.Name + ")"
}

// maxAhead is how much the clock of somebody who activates a source may be
// ahead of ours.
const maxAhead = 5 * time.Second

func (a *API) wish(ctx context.Context, r api.ActivateSourceRequestObject) (wish, error) {
	now := a.Now()
	body := valueOr(r.Body, api.ActivationRequest{})
	w := wish{pin: body.Pin, Activation: model.Activation{
		Source:     r.Number,
		From:       now,
		RecordedAt: now,
		By:         string(valueOr(body.By, "")),
		Reason:     string(valueOr(body.Reason, "")),
	}}
	if r.Params.Pin != nil {
		w.pin = r.Params.Pin
	}
	w.Pinned = valueOr(w.pin, false)
	caller := httpserver.Caller(ctx)
	w.By = cmp.Or(author(caller, w.By), caller.Name, "local")
	w.mayRelease = caller.Role != httpserver.RoleMonitor
	var wrong []model.FieldError
	if err, ok := errors.AsType[*model.InvalidError](model.ValidateSource("number", r.Number)); ok {
		wrong = append(wrong, err.Fields...)
	}
	if at := string(valueOr(body.At, "")); at != "" {
		w.delivered = true
		happened, rule := a.past(at, now)
		if rule != "" {
			wrong = append(wrong, model.NewFieldError("at", at, rule))
		}
		w.From = happened
	}
	var err error
	if w.epoch, err = expectedEpoch(r.Params.IfMatch); err != nil {
		wrong = append(wrong, model.NewFieldError("If-Match", *r.Params.IfMatch, err.Error()))
	}
	if claim := body.Lease; claim != nil {
		_, err := holderOf("lease.holder", claim.Holder)
		if invalid, ok := errors.AsType[*model.InvalidError](err); ok {
			wrong = append(wrong, invalid.Fields...)
		}
		if w.epoch == nil {
			wrong = append(wrong, model.NewFieldError("If-Match", valueOr(r.Params.IfMatch, ""), "must be, with a lease, the ETag of what was decided upon"))
		}
		w.Mandate = &model.Mandate{
			Lease: model.Lease{Name: monitorLease, Holder: claim.Holder, Epoch: claim.Epoch}, Upon: valueOr(w.epoch, 0),
		}
	}
	if wrong != nil {
		return w, &model.InvalidError{Fields: wrong}
	}
	w.Normalize()
	return w, nil
}

// past reads a time that cannot lie in the future; a little of it is taken for
// now, because clocks differ. When that is delivered again it is another time,
// so only If-Match keeps it from being stored twice. It returns the rule that
// the text breaks, if any.
func (a *API) past(s string, now time.Time) (_ time.Time, rule string) {
	r, err := a.Zone.Parse(s, now)
	switch {
	case err != nil:
		return now, err.Error()
	case r.Time.Before(earliest):
		return now, "must be after 1970; check the clock of who sends it"
	case r.Time.After(now.Add(maxAhead)) && !r.Other.IsZero() && r.Other.Before(now):
		return r.Other, "" // the nearer of two equal hours is still to come
	case r.Time.After(now.Add(maxAhead)):
		return now, "must not be in the future; check the clock of who sends it"
	case r.Time.After(now):
		return now, ""
	}
	return r.Time, ""
}

// expectedEpoch reads If-Match: nil where any epoch will do.
func expectedEpoch(header *string) (*int64, error) {
	tag := strings.TrimSpace(valueOr(header, "*"))
	if tag == "*" {
		return nil, nil
	}
	quoted := strings.TrimPrefix(tag, "W/") // some proxies weaken every ETag
	digits := strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`)
	epoch, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || epoch < 0 || quoted != strconv.Quote(digits) {
		return nil, errors.New(`must be the ETag of GET /source/active, such as "17" with its quotation marks, or *`)
	}
	return &epoch, nil
}

// ListActivations answers the history of the active source, newest first.
func (a *API) ListActivations(ctx context.Context, r api.ListActivationsRequestObject) (api.ListActivationsResponseObject, error) {
	limit := valueOr(r.Params.Limit, defaultLimit)
	offset := valueOr(r.Params.Page, 0) * limit
	// An activation ends where the newer one begins, and follows the older one:
	// so one more at both ends is read.
	newer := min(offset, 1)
	found, err := a.Sources.Activations(ctx, offset-newer, limit+newer+1)
	if err != nil {
		return nil, err
	}
	body := api.ListActivations200JSONResponse{}
	for i := newer; i < min(len(found), newer+limit); i++ {
		record := api.ActivationRecord{
			Epoch:          found[i].Epoch,
			Source:         found[i].Source,
			PreviousSource: a.DefaultSource,
			From:           a.Zone.In(found[i].From),
			By:             found[i].By,
			Reason:         found[i].Reason,
			RecordedAt:     a.Zone.In(found[i].RecordedAt),
			Pinned:         found[i].Pinned,
		}
		if i > 0 {
			record.To = a.known(&found[i-1].From)
		}
		if i+1 < len(found) {
			record.PreviousSource = found[i+1].Source
		}
		body = append(body, record)
	}
	return body, nil
}
