package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
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
	f.tell(a.Log.With().Int("source", source).Logger(), "a health status")
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
