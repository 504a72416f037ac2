package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

const (
	leasePath       = "/source/lease"
	maintenancePath = "/source/maintenance"
	healthPath      = "/source/health/"
	lifePath        = "/source/life/"
	statusPath      = "/status"
)

// maxLease is the longest time for which a lease may be requested.
const maxLease = time.Hour

// maxAgo is the longest silence that makes a difference.
const maxAgo = 24 * time.Hour

// AcquireLease asks for the lease of the monitors for ttl, or renews it. It
// returns the lease after the call: the lease was granted if it has this
// holder. Remaining counts from when the call began. The name of the lease, and
// when it expires by the peer's clock, are not reported. Errors as those of
// ActiveSource, and *model.InvalidError.
func (c *Client) AcquireLease(ctx context.Context, holder string, ttl time.Duration) (model.Lease, error) {
	body, err := json.Marshal(api.LeaseRequest{Holder: holder, Seconds: ttl.Seconds()})
	if err != nil {
		return model.Lease{}, fmt.Errorf("encode for %s: %w", c.name, err)
	}
	return c.lease(ctx, call{method: http.MethodPut, path: leasePath, body: body, repeatable: true})
}

// Lease asks who has the lease of the monitors. Remaining is as that of
// AcquireLease. Errors as those of ActiveSource.
func (c *Client) Lease(ctx context.Context) (model.Lease, error) {
	return c.lease(ctx, call{method: http.MethodGet, path: leasePath})
}

func (c *Client) lease(ctx context.Context, what call) (model.Lease, error) {
	var body struct { // nil if it is missing
		Holder  *string  `json:"holder"`
		Epoch   *int64   `json:"epoch"`
		Seconds *float64 `json:"seconds"`
	}
	if err := c.do(ctx, what, &body); err != nil {
		return model.Lease{}, domain(err)
	}
	if body.Holder == nil || body.Epoch == nil || body.Seconds == nil || *body.Seconds < 0 {
		return model.Lease{}, c.unusable(leasePath, "it does not say who holds the lease")
	}
	remaining := min(*body.Seconds, maxLease.Seconds())
	return model.Lease{Holder: *body.Holder, Epoch: *body.Epoch, Remaining: time.Duration(remaining * float64(time.Second))}, nil
}

// ReleaseLease gives the lease of the monitors back if holder has it. Errors as
// those of AcquireLease.
func (c *Client) ReleaseLease(ctx context.Context, holder string) error {
	query := url.Values{"holder": {holder}}
	return domain(c.do(ctx, call{method: http.MethodDelete, path: leasePath, query: query, repeatable: true}, nil))
}

// Maintenances asks which sources somebody works on, and who last said that
// nobody works on one. Errors as those of ActiveSource.
func (c *Client) Maintenances(ctx context.Context) ([]model.Maintenance, error) {
	var body []api.Maintenance
	if err := c.do(ctx, call{method: http.MethodGet, path: maintenancePath}, &body); err != nil {
		return nil, domain(err)
	}
	all := make([]model.Maintenance, len(body))
	for i, m := range body {
		if err := model.ValidateSource("source", m.Source); err != nil {
			return nil, c.unusable(maintenancePath, err.Error())
		}
		all[i] = model.Maintenance{Source: m.Source, On: m.On, By: m.By, Reason: m.Reason, ChangedAt: m.ChangedAt.Time}
		all[i].Normalize()
	}
	return all, nil
}

// SetMaintenance says that somebody works on a source, or has finished. The
// peer sets the time. Errors as those of AcquireLease.
func (c *Client) SetMaintenance(ctx context.Context, m model.Maintenance) error {
	body, err := json.Marshal(struct {
		On     bool   `json:"on"`
		By     string `json:"by,omitempty"`
		Reason string `json:"reason,omitempty"`
	}{m.On, m.By, m.Reason})
	if err != nil {
		return fmt.Errorf("encode for %s: %w", c.name, err)
	}
	path := maintenancePath + "/" + strconv.Itoa(m.Source)
	return domain(c.do(ctx, call{method: http.MethodPut, path: path, body: body, repeatable: true}, nil))
}

// LatestHealth asks for the last state that a source reported about itself.
// Errors as those of ActiveSource, and model.ErrNotFound if the peer knows of
// no status.
func (c *Client) LatestHealth(ctx context.Context, source int) (model.Health, error) {
	path := healthPath + strconv.Itoa(source)
	var body api.Health
	err := c.do(ctx, call{method: http.MethodGet, path: path}, &body)
	switch {
	case errors.Is(err, errNothing):
		return model.Health{}, fmt.Errorf("GET %s at %s: %w", path, c.name, model.ErrNotFound)
	case err != nil:
		return model.Health{}, domain(err)
	case body.Source != source || body.LogTime.IsZero():
		return model.Health{}, c.unusable(path, "it is about another source, or has no time")
	}
	h := model.Health{Source: source, LogTime: body.LogTime.Time, Healthy: body.IsHealthy, Details: body.Details}
	if body.LastSaidAt.After(body.LogTime.Time) { // nodes of the first version do not tell it
		h.Last = model.Report{LogTime: body.LastSaidAt.Time, Details: body.Details}
	}
	h.Signs = model.Sign{Fallback: body.Fallback, Silence: body.Silence, Frozen: body.Frozen}.Text()
	h.Normalize()
	return h, nil
}

// Life asks when a source was last heard. Errors as those of ActiveSource.
func (c *Client) Life(ctx context.Context, source int) (model.Life, error) {
	path := lifePath + strconv.Itoa(source)
	var body api.Life
	if err := c.do(ctx, call{method: http.MethodGet, path: path}, &body); err != nil {
		return model.Life{}, domain(err)
	}
	if body.Source != source || body.Start == "" {
		return model.Life{}, c.unusable(path, "it is about another source, or names no start")
	}
	return model.Life{Source: source, Start: body.Start, Reports: words(body.Reports), Plays: words(body.Plays)}, nil
}

// words are what a peer heard. A time that makes no sense is now.
func words(w api.Words) model.Words {
	if w.Count <= 0 || w.SecondsAgo == nil {
		return model.Words{}
	}
	ago := min(max(0, *w.SecondsAgo), maxAgo.Seconds())
	return model.Words{Count: w.Count, Ago: time.Duration(ago * float64(time.Second))}
}

// MonitorStatus asks a status monitor what it sees. Errors as those of
// ActiveSource.
func (c *Client) MonitorStatus(ctx context.Context) (api.MonitorStatus, error) {
	var body api.MonitorStatus
	if err := c.do(ctx, call{method: http.MethodGet, path: statusPath}, &body); err != nil {
		return api.MonitorStatus{}, domain(err)
	}
	if body.Now.IsZero() {
		return api.MonitorStatus{}, c.unusable(statusPath, "it has no time")
	}
	return body, nil
}

// unusable is unexpected, translated by domain into the model's errors.
func (c *Client) unusable(path, what string) error {
	return unavailable{c.Unexpected(path, what)}
}
