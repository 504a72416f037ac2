package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

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
	now := a.Now()
	h := model.Health{Source: source, Healthy: bool(body.IsHealthy)}
	if at := string(valueOr(body.LogTime, "")); at != "" {
		told, err := a.Zone.Parse(at, now)
		if err == nil {
			err = status.CheckLogTime(told.Time)
		}
		if err != nil {
			return model.Invalid("log_time", at, err.Error())
		}
		h.LogTime = told.Time
	}
	if body.Details != nil {
		h.Details = details(*body.Details)
	}
	return a.Healths.Record(ctx, h, now)
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
	record := a.healthRecord(newest)
	body := api.GetHealth200JSONResponse{
		Source:        newest.Source,
		LogTime:       record.LogTime,
		IsHealthy:     record.IsHealthy,
		Details:       record.Details,
		DetailsParsed: record.DetailsParsed,
	}
	if r.Params.Limit == nil && r.Params.FromDate == nil {
		return body, nil
	}
	statuses, err := a.Healths.History(ctx, r.Number, from, valueOr(r.Params.Limit, defaultHistory))
	if err != nil {
		return nil, err
	}
	history := make([]api.HealthRecord, len(statuses))
	for i, h := range statuses {
		history[i] = a.healthRecord(h)
	}
	body.History = &history
	return body, nil
}

func (a *API) healthRecord(h model.Health) api.HealthRecord {
	record := api.HealthRecord{LogTime: a.Zone.Stamp(h.LogTime), IsHealthy: h.Healthy, Details: h.Details}
	if text := strings.TrimSpace(h.Details); strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		if parsed := json.RawMessage(text); json.Valid(parsed) {
			record.DetailsParsed = parsed
		}
	}
	return record
}
