package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// ActiveSource asks which source is active. Errors: ErrUnsupported,
// model.ErrUnavailable if the peer can't be reached or fails, *StatusError.
func (c *Client) ActiveSource(ctx context.Context) (model.ActiveSource, error) {
	var body api.ActiveSource
	if err := c.do(ctx, call{method: http.MethodGet, path: "/source/active"}, &body); err != nil {
		return model.ActiveSource{}, domain(err)
	}
	active := model.ActiveSource{Source: body.ActiveSource, Epoch: body.Epoch, Pinned: body.Pinned, Stale: body.Stale, Unknown: body.Unknown}
	if body.Since != nil {
		since := body.Since.UTC()
		active.Since = &since
	}
	if err := model.ValidateSource("active_source", active.Source); err != nil {
		return model.ActiveSource{}, unavailable{c.Unexpected("/source/active", err.Error())}
	}
	return active, nil
}

// ActivateRequest asks to make a source active.
type ActivateRequest struct {
	Source int
	// Pin is nil if the caller does not say whether to pin.
	Pin *bool
	// Epoch is the latest epoch that the caller knows; nil accepts any epoch.
	Epoch *int64
	// At is when it happened; zero means now.
	At time.Time
	// OwnClock: At was read from this host's clock. The peer shifts it if that
	// clock is wrong.
	OwnClock   bool
	By, Reason string
	// Lease is the lease under which a monitor decided the activation: its
	// holder and epoch. It is nil if there was none.
	Lease *model.Lease
	// PassedOn: somebody else asked for the activation; see api.PassedOnHeader.
	PassedOn bool
	// Known has the peer refuse a source that no setting, name or record knows.
	Known bool
}

// Activate activates a source. Errors: model.ErrStaleEpoch, also if another
// monitor has had the lease since, model.ErrPinned, *model.InvalidError,
// model.ErrUnavailable if the peer can't be reached or fails, ErrUnsupported,
// *StatusError.
func (c *Client) Activate(ctx context.Context, r ActivateRequest) error {
	said := struct {
		At     string          `json:"at,omitempty"`
		SentAt string          `json:"sent_at,omitempty"`
		By     string          `json:"by,omitempty"`
		Reason string          `json:"reason,omitempty"`
		Pin    *bool           `json:"pin,omitempty"`
		Lease  *api.LeaseClaim `json:"lease,omitempty"`
	}{By: r.By, Reason: r.Reason, Pin: r.Pin}
	if r.Lease != nil {
		said.Lease = &api.LeaseClaim{Holder: r.Lease.Holder, Epoch: r.Lease.Epoch}
	}
	if !r.At.IsZero() {
		said.At = stationtime.UTC(r.At).String()
		if r.OwnClock {
			said.SentAt = stationtime.UTC(time.Now()).String()
		}
	}
	body, err := json.Marshal(said)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", c.name, err)
	}
	what := call{method: http.MethodPut, path: "/source/active/" + strconv.Itoa(r.Source), body: body, header: http.Header{}}
	if r.Known {
		what.query = url.Values{"known": {"true"}}
	}
	if r.Epoch != nil {
		what.header.Set("If-Match", strconv.Quote(strconv.FormatInt(*r.Epoch, 10)))
	}
	if r.PassedOn {
		what.header.Set(api.PassedOnHeader, "1")
	}
	return domain(c.do(ctx, what, nil))
}

// maxPage is the maximum length of a page of a list.
const maxPage = 1000

// Activations asks for the history of the active source, newest first. Errors
// as those of ActiveSource.
func (c *Client) Activations(ctx context.Context, offset, limit int) ([]model.Activation, error) {
	if limit < 1 {
		return nil, nil
	}
	// The peer counts whole pages, so the request may begin before the offset.
	size := min(limit, maxPage)
	skip := offset % size
	var found []model.Activation
	for page := offset / size; len(found) < skip+limit; page++ {
		query := url.Values{"page": {strconv.Itoa(page)}, "limit": {strconv.Itoa(size)}}
		var body []api.ActivationRecord
		if err := c.do(ctx, call{method: http.MethodGet, path: "/source/history", query: query}, &body); err != nil {
			return nil, domain(err)
		}
		for _, a := range body {
			found = append(found, model.Activation{
				Epoch: a.Epoch, Source: a.Source, From: a.From.UTC(), RecordedAt: a.RecordedAt.UTC(), By: a.By, Reason: a.Reason, Pinned: a.Pinned,
			})
		}
		if len(body) < size {
			break
		}
	}
	if skip >= len(found) {
		return nil, nil
	}
	return found[skip:min(len(found), skip+limit)], nil
}
