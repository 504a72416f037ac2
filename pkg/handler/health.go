package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/status"
)

// StoreHealth records what a source says about itself.
func (a *API) StoreHealth(ctx context.Context, r api.StoreHealthRequestObject) (api.StoreHealthResponseObject, error) {
	return api.StoredResponse{}, a.storeHealth(ctx, r.Number, *r.Body)
}

// StoreHealthByPost records what a source says about itself.
func (a *API) StoreHealthByPost(ctx context.Context, r api.StoreHealthByPostRequestObject) (api.StoreHealthByPostResponseObject, error) {
	return api.StoredResponse{}, a.storeHealth(ctx, r.Number, *r.Body)
}

func (a *API) storeHealth(ctx context.Context, source int, body api.HealthStatus) error {
	f := a.said(ctx, body)
	healthy := f.boolean(model.Spellings("is_healthy")...)
	if healthy == nil {
		return model.Invalid("is_healthy", "", "is required: true or false, whether the source is healthy")
	}
	h := model.Health{Source: a.reporter(f, source), Healthy: *healthy, LogTime: f.logTime()}
	if _, raw := f.find([]string{"details"}); raw != nil {
		h.Details = details(raw)
	}
	h.ReceivedAt, h.Doubts = a.received(f), model.NewDoubts(f.doubts...)
	f.tell(a.Log.With().Int("source", source).Logger(), "a health status")
	if isNow(ctx) {
		a.Lives.Reported(h.Source)
	}
	return a.Healths.Record(ctx, h, f.arrival)
}

// reporter is the source that a status is about which was sent as that of a
// source.
func (a *API) reporter(f *fields, sent int) int {
	names := model.Spellings("is_healthy")
	name, _ := f.find(names)
	reporter, doubt := a.speakers().Of(sent, name != names[0])
	if doubt != "" {
		f.doubts = append(f.doubts, model.NewDoubt("source", strconv.Itoa(sent), doubt))
	}
	return reporter
}

// logTime is when a status was told to be true; zero if that is not known.
func (f *fields) logTime() time.Time {
	names := model.Spellings("log_time")
	told := f.moment(names...)
	if told == nil || told.Time.IsZero() {
		return time.Time{}
	}
	if err := status.CheckLogTime(told.Time); err != nil {
		name, raw := f.find(names)
		f.refuse(names, name, raw, err.Error())
		return time.Time{}
	}
	return told.Time
}

// details returns text as it came, and everything else as compact JSON.
func details(raw json.RawMessage) (text string) {
	if err := json.Unmarshal(raw, &text); err != nil {
		var compact bytes.Buffer
		_ = json.Compact(&compact, raw) // it was decoded, so it is JSON
		text = compact.String()
	}
	return text
}

const defaultHistory = 50

// GetHealth answers a source's latest status, and its history if the request
// asks for it.
func (a *API) GetHealth(ctx context.Context, r api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	from := model.Earliest
	if s := valueOr(r.Params.FromDate, ""); s != "" {
		var err error
		if from, err = a.Zone.From(s); err != nil {
			return nil, model.Invalid("from_date", s, err.Error())
		}
		from = model.Within(from)
	}
	newest, err := a.Healths.Latest(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	body := a.health(newest)
	silent, err := a.Healths.NoPlaySince(ctx, newest, a.Now())
	if err != nil {
		return nil, err
	}
	body.NoPlaySince = a.stamp(silent)
	if r.Params.Limit == nil && r.Params.FromDate == nil {
		return api.GetHealth200JSONResponse(body), nil
	}
	states, err := a.Healths.History(ctx, r.Number, from, valueOr(r.Params.Limit, defaultHistory))
	if err != nil {
		return nil, err
	}
	history := make([]api.HealthRecord, len(states))
	for i, h := range states {
		history[i] = a.healthRecord(h)
	}
	body.History = &history
	return api.GetHealth200JSONResponse(body), nil
}

// healthRecord renders a state.
func (a *API) healthRecord(h model.Health) api.HealthRecord {
	said, sign := h.Said(), h.Signs.Read()
	return api.HealthRecord{
		LogTime:        a.Zone.Stamp(h.LogTime),
		IsHealthy:      h.Healthy,
		Details:        said.Details,
		DetailsParsed:  status.Parsed(said.Details),
		LastSaidAt:     a.Zone.Stamp(said.LogTime),
		ReceivedAt:     a.stamp(h.ReceivedAt),
		LastReceivedAt: a.stamp(h.Last.ReceivedAt),
		Fallback:       sign.Fallback,
		Silence:        sign.Silence,
		Frozen:         sign.Frozen,
		RestartedAt:    a.stamp(sign.RestartedAt),
		Doubts:         doubts(h.Doubts),
	}
}

// health renders the last state of a source.
func (a *API) health(h model.Health) api.Health {
	r := a.healthRecord(h)
	return api.Health{
		Source: h.Source, LogTime: r.LogTime, IsHealthy: r.IsHealthy, Details: r.Details, DetailsParsed: r.DetailsParsed,
		LastSaidAt: r.LastSaidAt, ReceivedAt: r.ReceivedAt, LastReceivedAt: r.LastReceivedAt,
		Fallback: r.Fallback, Silence: r.Silence, Frozen: r.Frozen, RestartedAt: r.RestartedAt, Doubts: r.Doubts,
	}
}
