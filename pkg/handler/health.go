package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
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
	if err := model.ValidateSource("number", source); err != nil {
		return err
	}
	h := model.Health{Source: source, Healthy: bool(body.IsHealthy), LogTime: a.Now().UTC().Truncate(time.Microsecond)}
	if at := string(valueOr(body.LogTime, "")); at != "" {
		r, err := a.Zone.Parse(at, h.LogTime)
		switch {
		case err != nil:
			return model.Invalid("log_time", at, err.Error())
		case r.Time.Before(earliest):
			return model.Invalid("log_time", at, "must be after 1970; check the engine's clock")
		case r.Time.After(h.LogTime.Add(maxAhead)):
			// It would hide every later status until that time comes.
			a.Log.Warn().Int("source", source).Time("log_time", r.Time).Msg("health from the future, taken for now")
		default:
			h.LogTime = r.Time
		}
	}
	// What arrives last counts, also where the host's clock was set back since.
	last, err := a.Healths.LatestHealth(ctx, source)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return err
	}
	if err == nil && last.LogTime.After(a.Now().Add(maxAhead)) {
		h.LogTime = last.LogTime.Add(time.Microsecond)
	}
	if body.Details != nil {
		var cut bool
		if h.Details, cut = details(*body.Details); cut {
			a.Log.Warn().Int("source", source).Int("limit", model.MaxDetails).Msg("details of health too long, stored cut")
		}
	}
	return a.Healths.StoreHealth(ctx, h)
}

// details is the text that is kept: text as it came, all else as compact JSON.
// It reports whether it had to cut.
func details(raw json.RawMessage) (text string, cut bool) {
	if err := json.Unmarshal(raw, &text); err != nil {
		var compact bytes.Buffer
		_ = json.Compact(&compact, raw) // it was decoded, so it is JSON
		text = compact.String()
	}
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), string(utf8.RuneError))
	if utf8.RuneCountInString(text) <= model.MaxDetails {
		return text, false
	}
	return string([]rune(text)[:model.MaxDetails]), true
}

const defaultHistory = 50

// GetHealth answers a source's latest status, and its history where asked for.
func (a *API) GetHealth(ctx context.Context, r api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	from := earliest
	if s := valueOr(r.Params.FromDate, ""); s != "" {
		var err error
		if from, err = a.Zone.From(s); err != nil {
			return nil, model.Invalid("from_date", s, err.Error())
		}
		from = within(from)
	}
	newest, err := a.Healths.LatestHealth(ctx, r.Number)
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
	statuses, err := a.Healths.HealthHistory(ctx, r.Number, from, valueOr(r.Params.Limit, defaultHistory))
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
	record := api.HealthRecord{LogTime: a.Zone.In(h.LogTime), IsHealthy: h.Healthy, Details: h.Details}
	if text := strings.TrimSpace(h.Details); strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		if parsed := json.RawMessage(text); json.Valid(parsed) {
			record.DetailsParsed = parsed
		}
	}
	return record
}
