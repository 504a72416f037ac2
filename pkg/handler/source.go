package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/stationtime"
)

// GetActiveSource answers which source is active; its ETag is the epoch.
func (a *API) GetActiveSource(ctx context.Context, _ api.GetActiveSourceRequestObject) (api.GetActiveSourceResponseObject, error) {
	active, err := a.Sources.Active(ctx, a.Now())
	if err != nil {
		return nil, err
	}
	var etag *string // none if it is stale: a current answer has the same epoch, but another body
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
			Unknown:      active.Unknown,
		},
		Headers: api.GetActiveSource200ResponseHeaders{ETag: etag},
	}, nil
}

// known shows a time in the station's zone, and null as null.
func (a *API) known(t *time.Time) *stationtime.Stamp {
	if t == nil {
		return nil
	}
	local := a.Zone.Stamp(*t)
	return &local
}

// stamp renders a time that may be unknown: nil if it is zero.
func (a *API) stamp(t time.Time) *stationtime.Stamp {
	if t.IsZero() {
		return nil
	}
	return a.known(&t)
}

// ActivateSource activates a source.
func (a *API) ActivateSource(ctx context.Context, r api.ActivateSourceRequestObject) (api.ActivateSourceResponseObject, error) {
	return a.activate(ctx, r)
}

// ActivateSourceByPost activates a source.
func (a *API) ActivateSourceByPost(ctx context.Context, r api.ActivateSourceByPostRequestObject) (api.ActivateSourceByPostResponseObject, error) {
	return a.activate(ctx, api.ActivateSourceRequestObject{
		Number: r.Number, Params: api.ActivateSourceParams(r.Params), Body: r.Body,
	})
}

func (a *API) activate(ctx context.Context, r api.ActivateSourceRequestObject) (answer api.ActivatedResponse, err error) {
	activation, err := a.activation(ctx, r)
	if err == nil {
		err = a.Sources.Activate(ctx, activation)
	}
	if err != nil {
		return answer, err
	}
	// What is stored is stored, also if the source can't be looked up.
	if known, err := a.Sources.Known(ctx, r.Number); err == nil && !known {
		answer.Headers.Warning = new(fmt.Sprintf(`299 - "source %d is not known: no setting, name or record knows it"`, r.Number))
	}
	return answer, nil
}

// activation reads a request to activate a source.
func (a *API) activation(ctx context.Context, r api.ActivateSourceRequestObject) (source.Request, error) {
	body := valueOr(r.Body, api.ActivationRequest{})
	caller := httpserver.Caller(ctx)
	wish := source.Request{
		Source:    r.Number,
		Arrived:   a.Now(),
		By:        model.AuthorOrCaller(caller.Name, string(valueOr(body.By, ""))),
		Reason:    string(valueOr(body.Reason, "")),
		Pin:       cmp.Or(r.Params.Pin, body.Pin),
		ByMonitor: caller.Role == httpserver.RoleMonitor,
		PassedOn:  requestOf(ctx).Header.Get(api.PassedOnHeader) != "",

		MustBeKnown: valueOr(r.Params.Known, false),
	}
	var wrong []model.FieldError
	refuse := func(name, value string, rule error) {
		if rule != nil {
			wrong = append(wrong, model.NewFieldError(name, value, rule.Error()))
		}
	}
	join := func(err error) {
		if invalid, ok := errors.AsType[*model.InvalidError](err); ok {
			wrong = append(wrong, invalid.Fields...)
		}
	}
	join(model.ValidateSource("number", r.Number))
	var err error
	if sent := string(valueOr(body.SentAt, "")); sent != "" {
		var reading stationtime.Reading
		reading, err = a.Zone.Parse(sent, wish.Arrived)
		wish.Sent = reading.Time
		refuse("sent_at", sent, err)
	}
	if at := string(valueOr(body.At, "")); at != "" {
		if wish.At, err = a.Zone.Parse(at, wish.Arrived); err == nil {
			err = wish.CheckTime()
		}
		refuse("at", at, err)
	}
	ifMatch := valueOr(r.Params.IfMatch, "*")
	epochs, err := expectedEpochs(ifMatch)
	refuse("If-Match", ifMatch, err)
	claim := body.Lease
	if claim != nil {
		join(model.ValidateHolder("lease.holder", claim.Holder))
		if epochs == nil {
			refuse("If-Match", ifMatch, errNoEpoch)
		}
	}
	if wrong != nil {
		return wish, &model.InvalidError{Fields: wrong}
	}
	if wish.Epoch, err = a.matching(ctx, epochs, wish.Arrived); err != nil {
		return wish, err
	}
	if claim != nil {
		lease := model.Lease{Name: monitorLease, Holder: claim.Holder, Epoch: claim.Epoch}
		wish.Mandate = &source.Mandate{Lease: lease, Upon: *wish.Epoch}
	}
	return wish, nil
}

var (
	errNoETag  = errors.New(`must be the ETag of GET /source/active, such as "17" with its quotation marks, or *`)
	errNoEpoch = errors.New("must be the ETag of the state on which the decision is based, because the request names a lease")
)

// expectedEpochs reads If-Match: nil if any epoch is accepted. The comparison is
// strong, so a weak tag is left out (RFC 9110, 13.1.1).
func expectedEpochs(header string) ([]int64, error) {
	if strings.TrimSpace(header) == "*" {
		return nil, nil
	}
	epochs, tags := []int64{}, 0
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "" {
			continue
		}
		tags++
		quoted, weak := strings.CutPrefix(tag, "W/")
		digits := strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`)
		epoch, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || epoch < 0 || quoted != strconv.Quote(digits) {
			return nil, errNoETag
		}
		if !weak {
			epochs = append(epochs, epoch)
		}
	}
	if tags == 0 {
		return nil, errNoETag
	}
	return epochs, nil
}

// matching is the epoch that must still be the latest one when the source is
// activated: of several, the one that is the latest now. If none is, it is the
// last of them, because the request may repeat an activation whose answer was
// lost. It is nil if any epoch is accepted.
func (a *API) matching(ctx context.Context, epochs []int64, now time.Time) (*int64, error) {
	switch {
	case epochs == nil:
		return nil, nil
	case len(epochs) == 0:
		return nil, model.ErrStaleEpoch
	case len(epochs) > 1:
		active, err := a.Sources.Active(ctx, now)
		if err != nil {
			return nil, err
		}
		if slices.Contains(epochs, active.Epoch) {
			return &active.Epoch, nil
		}
	}
	return new(slices.Max(epochs)), nil
}

// ListActivations answers the history of the active source, newest first.
func (a *API) ListActivations(ctx context.Context, r api.ListActivationsRequestObject) (api.ListActivationsResponseObject, error) {
	limit := valueOr(r.Params.Limit, defaultLimit)
	skipped, err := offset(r.Params.Page, r.Params.Offset, limit)
	if err != nil {
		return nil, err
	}
	reigns, err := a.Sources.History(ctx, skipped, limit)
	if err != nil {
		return nil, err
	}
	body := make(api.ListActivations200JSONResponse, len(reigns))
	for i, reign := range reigns {
		body[i] = api.ActivationRecord{
			Epoch:          reign.Epoch,
			Source:         reign.Source,
			PreviousSource: reign.Previous,
			From:           a.Zone.Stamp(reign.From),
			To:             a.known(reign.Until),
			By:             reign.By,
			Reason:         reign.Reason,
			RecordedAt:     a.Zone.Stamp(reign.RecordedAt),
			Pinned:         reign.Pinned,
		}
	}
	return body, nil
}
